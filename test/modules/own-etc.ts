import { spawnSync } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { localConnector } from '../../runner/connections/local.ts'
import { onRealHost, type RealCase } from './real-host.ts'

/** What a machine keeps its accounts and their mail in. */
const kept = ['/etc', '/var/mail', '/var/log', '/var/spool']

/**
 * Runs cases on this machine in a mount namespace that has copies of what accounts are kept in: nothing of the machine changes. Each file
 * of tests has copies of its own, which its cases share.
 */
export function onOwnEtc(title: string, cases: Readonly<Record<string, RealCase>>, tools: readonly string[]): void {
  const why = missing(['unshare', ...tools])
  const root = join(tmpdir(), `skep-etc-${process.pid}-${title.replaceAll(/\W+/g, '-')}`)
  describe.skipIf(why !== undefined)(why === undefined ? 'in a namespace' : `in a namespace (not run: ${why})`, () => {
    beforeAll(async () => {
      await mkdir(root)
      for (const path of kept) spawnSync('cp', ['-a', `${path}/.`, await made(root, path)])
    })
    afterAll(() => rm(root, { recursive: true, force: true }))
    const mounts = kept.map((path) => `mount --bind ${root}${path} ${path}`).join('&&')
    onRealHost(title, cases, localConnector({ shell: `unshare -m sh -c '${mounts}&&exec sh'` }))
  })
}

async function made(root: string, path: string): Promise<string> {
  await mkdir(join(root, path), { recursive: true })
  return join(root, path)
}

function missing(tools: readonly string[]): string | undefined {
  if (process.env['CI'] === 'true') return undefined
  if (process.getuid?.() !== 0) return 'not root, who alone may make a mount namespace'
  const tool = tools.find((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0)
  if (tool !== undefined) return `${tool} is not installed`
  return spawnSync('unshare', ['-m', 'true']).status === 0 ? undefined : 'unshare is not permitted'
}
