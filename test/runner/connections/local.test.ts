import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { localConnector } from '../../../runner/connections/local.ts'
import type { Host } from '../../../runner/contract.ts'
import { sh } from '../../../runner/sh.ts'
import { connectionContract } from '../../contracts/connection.ts'
import { shells } from './shells.ts'

const host: Host = { name: 'here', vars: {}, connection: { kind: 'local' } }
const signal = new AbortController().signal

for (const { shell, missing } of shells) {
  connectionContract(
    `local, ${shell}`,
    async () => ({ connect: (limits) => localConnector({ shell, ...limits }).connect(host, signal), stop: async () => undefined }),
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
  await expect(localConnector({ shell: 'no-such-shell' }).connect(host, signal)).rejects.toThrow(
    /here let us in, but `no-such-shell` did not start there: .*exit code 127.*not found/,
  )
})
