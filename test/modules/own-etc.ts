import { spawnSync } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { localConnector } from '../../runner/connections/local.ts'
import type { Connector } from '../../runner/contract.ts'
import { onRealHost, type RealCase } from './real-host.ts'

/** What a machine keeps its accounts and their mail in. */
export const accounts = ['/etc', '/var/mail', '/var/log', '/var/spool']

/** Copies files and directories of this machine, and makes others that are empty, to be seen in their place by `inNamespace`. */
export async function copyTo(root: string, paths: readonly string[], empty: readonly string[] = []): Promise<void> {
  for (const path of empty) await mkdir(join(root, path), { recursive: true })
  for (const path of paths) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    spawnSync('cp', ['-a', path, join(root, path)])
  }
}

/** This machine in a mount namespace in which some of its paths are those under `root`: the machine itself does not change. */
export function inNamespace(root: string, paths: readonly string[]): Connector {
  const mounts = paths.map((path) => `mount --bind ${root}${path} ${path}`).join('&&')
  return localConnector({ shell: `unshare -m sh -c '${mounts}&&exec sh "$@"' sh` })
}

/** Why there can be no namespace, or not with these tools. In CI there has to be one. */
export function noNamespace(tools: readonly string[]): string | undefined {
  if (process.env['CI'] === 'true') return undefined
  if (process.getuid?.() !== 0) return 'not root, who alone may make a mount namespace'
  const tool = ['unshare', ...tools].find((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0)
  if (tool !== undefined) return `${tool} is not installed`
  return spawnSync('unshare', ['-m', 'true']).status === 0 ? undefined : 'unshare is not permitted'
}

/** Runs cases on this machine with accounts of their own, which the cases share. */
export function onOwnEtc(title: string, cases: Readonly<Record<string, RealCase>>, tools: readonly string[]): void {
  const why = noNamespace(tools)
  const root = join(tmpdir(), `skep-etc-${process.pid}-${title.replaceAll(/\W+/g, '-')}`)
  describe.skipIf(why !== undefined)(why === undefined ? 'in a namespace' : `in a namespace (not run: ${why})`, () => {
    beforeAll(() => copyTo(root, accounts))
    afterAll(() => rm(root, { recursive: true, force: true }))
    onRealHost(title, cases, inNamespace(root, accounts))
  })
}
