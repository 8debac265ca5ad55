import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { localConnector } from '../../../runner/connections/local.ts'
import type { Host } from '../../../runner/contract.ts'
import { Unreachable } from '../../../runner/errors.ts'
import { sh } from '../../../runner/sh.ts'
import { connectionContract } from '../../contracts/connection.ts'
import { shells } from './shells.ts'

const host: Host = { name: 'here', vars: {}, connection: { kind: 'local' } }
const signal = new AbortController().signal

for (const { shell, missing } of shells) {
  connectionContract(
    `local, ${shell}`,
    async () => ({ connect: (limits) => localConnector({ shell, ...limits }).connect(host, signal), stop: async () => undefined }),
    0,
    missing,
  )
}

test('a local connection starts in the directory it is given', async () => {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'skep-l-')))
  const on = await localConnector().connect({ ...host, connection: { kind: 'local', cwd: dir } }, signal)
  expect((await on.run(sh`pwd`)).stdout).toBe(`${dir}\n`)
  await on.close()
  await rm(dir, { recursive: true })
})

test('a shell that does not start is one clear error', async () => {
  const on = await localConnector({ shell: 'no-such-shell' }).connect(host, signal)
  const error = await on.probe(sh`true`).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Unreachable)
  expect((error as Error).message).toMatch(/here let us in, but `no-such-shell` did not start there: .*exit code 127.*not found/)
})
