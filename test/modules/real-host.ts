import { createHash } from 'node:crypto'
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { localConnector } from '../../runner/connections/local.ts'
import type { Connection, Connector, Plan, Task } from '../../runner/contract.ts'
import { same } from '../../runner/define.ts'

export interface RealCase {
  /** What is there before. */
  readonly given?: (dir: string) => Promise<unknown>
  readonly task: (dir: string) => Task
  /** The error instead of a change; then nothing may have changed. */
  readonly fails?: RegExp
  /** Nothing to do from the start. */
  readonly unchanged?: true
  readonly after?: (dir: string) => Promise<unknown>
}

/**
 * Runs cases on this machine: check (which leaves no trace), apply, check again (which sees exactly what was wanted), apply again
 * (which would do nothing).
 */
export function onRealHost(title: string, cases: Readonly<Record<string, RealCase>>, connector: Connector = localConnector()): void {
  describe(title, () => {
    let on: Connection
    let root: string
    beforeAll(async () => {
      root = await realpath(await mkdtemp(join(tmpdir(), 'skep-m-')))
      on = await connector.connect({ name: 'here', vars: {}, connection: { kind: 'local', cwd: root } }, new AbortController().signal)
    })
    afterAll(async () => {
      await on.close()
      await rm(root, { recursive: true, force: true })
    })
    Object.entries(cases).forEach(([name, { given, task, fails, unchanged, after }], index) => {
      test(name, async () => {
        const dir = join(root, `${index}`)
        await mkdir(dir)
        await given?.(dir)
        const before = await digest(dir)
        const beforeTrying = await digest(dir, false)
        const look = (): Promise<Plan> => task(dir).plan({ probe: on.probe.bind(on), read: on.read.bind(on) })
        if (fails !== undefined) {
          await expect(look().then((plan) => plan.apply(on))).rejects.toThrow(fails)
          expect(await digest(dir, false)).toBe(beforeTrying)
          return
        }
        const first = await look()
        expect(await digest(dir), 'check left a trace').toBe(before)
        expect(first.changes).toBe(unchanged !== true)
        if (first.changes) await first.apply(on)
        const second = await look()
        if (!same(second.now, first.want)) expect(second.now, 'check after apply does not see what was wanted').toEqual(first.want)
        expect(second.changes).toBe(false)
        await after?.(dir)
      })
    })
  })
}

/** Names, kinds, modes, owners, links, times and bytes of a tree. */
async function digest(path: string, times = true): Promise<string> {
  const hash = createHash('sha256')
  const walk = async (at: string): Promise<void> => {
    const found = await lstat(at)
    hash.update(`${at}\0${found.mode}\0${found.uid}\0${found.gid}\0${times ? found.mtimeMs : ''}\0${found.ino}\0`)
    if (found.isSymbolicLink()) hash.update(await readlink(at))
    else if (found.isFile()) hash.update(await readFile(at))
    else if (found.isDirectory()) for (const name of (await readdir(at)).sort()) await walk(join(at, name))
  }
  await walk(path)
  return hash.digest('hex')
}
