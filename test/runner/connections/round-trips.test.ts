import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { copy } from '../../../modules/copy.ts'
import { file } from '../../../modules/file.ts'
import { sshConnector } from '../../../runner/connections/ssh.ts'
import type { Host } from '../../../runner/contract.ts'
import { runPlaybook } from '../../../runner/engine/run.ts'
import type { HostSummary } from '../../../runner/engine/tally.ts'
import { Unreachable } from '../../../runner/errors.ts'
import { playbook } from '../../../runner/playbook.ts'
import { sh } from '../../../runner/sh.ts'
import { type Relay, startOpenSsh, startRelay, type TestHost, withoutOpenSsh } from './servers.ts'

const signal = new AbortController().signal
const missing = withoutOpenSsh()

describe.skipIf(missing !== undefined)(`round trips to OpenSSH${missing === undefined ? '' : ` (not run: ${missing})`}`, () => {
  let server: TestHost
  let dir: string
  beforeAll(async () => {
    server = await startOpenSsh('sh')
    dir = await mkdtemp(join(tmpdir(), 'skep-rt-'))
  })
  afterAll(async () => {
    await server?.stop()
    await rm(dir, { recursive: true, force: true })
  })
  const through = ({ port }: Relay): Host => ({ ...server.host, connection: { ...server.host.connection, port } })

  const turns = async (lean: boolean): Promise<number> => {
    const relay = await startRelay(server.host.connection.port, { delayMs: 60 })
    const on = await sshConnector({ lean }).connect(through(relay), signal)
    await Promise.all([on.run(sh`echo 1`), on.run(sh`echo 2`)])
    const count = relay.turns()
    await on.close()
    await relay.stop()
    return count
  }

  test('a first look costs five and the exchange of versions, and three more where each answer is waited for', async () => {
    // Versions, which cross; algorithms; keys; service with signature; channel with program; greeting with commands.
    const lean = await turns(true)
    expect(await turns(false)).toBeGreaterThanOrEqual(lean + 3)
    expect(lean).toBeLessThanOrEqual(6)
  })

  test('a play of 20 tasks with nothing to do costs two after the login, and three where each answer is waited for', async () => {
    const at = (name: string): string => join(dir, name)
    const tasks = () =>
      Array.from({ length: 10 }, (_, index) => [
        file('keep a directory', { path: at(`d${index}`), state: 'directory', mode: '0755' }),
        copy('keep a file', { content: `${index}`, dest: at(`d${index}/file`), mode: '0644' }),
      ])
    const twenty = playbook('twenty', { hosts: 'all', vars: z.object({}), tasks })
    const play = async (lean: boolean): Promise<HostSummary | undefined> => {
      const run = { playbook: twenty, hosts: [server.host], report: () => undefined, signal, mode: 'apply', forks: 1 } as const
      return (await runPlaybook({ ...run, connector: sshConnector({ lean }) })).hosts['web1']
    }
    expect(await play(true)).toMatchObject({ changed: 20, failed: 0 })
    expect(await play(true)).toMatchObject({ ok: 20, changed: 0, roundTrips: 2 })
    expect(await play(false)).toMatchObject({ ok: 20, changed: 0, roundTrips: 3 })
  })

  test('a login that breaks before it was one is tried again, three times in all', async () => {
    const relay = await startRelay(server.host.connection.port, { dropped: 2 })
    const on = await sshConnector().connect(through(relay), signal)
    await on.close()
    await relay.stop()
    const hopeless = await startRelay(server.host.connection.port, { dropped: 99 })
    const error = await sshConnector()
      .connect(through(hopeless), signal)
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Unreachable)
    expect((error as Error).message).toMatch(/web1: cannot reach .*: .*/)
    await hopeless.stop()
  })
})
