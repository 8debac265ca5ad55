import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { anyConnector } from '../../../runner/connections/connector.ts'
import type { Host } from '../../../runner/contract.ts'
import { RemoteError } from '../../../runner/errors.ts'
import { Secret } from '../../../runner/secret.ts'
import { sh } from '../../../runner/sh.ts'

const host: Host = { name: 'here', vars: { token: new Secret('hunter22') }, connection: { kind: 'local' } }

test('an error of a connection holds no secret of the host, what a command says is left as it is', async () => {
  const on = await anyConnector().connect(host, new AbortController().signal)
  const error = await on.run(sh`echo hunter22; cat >&2; exit 3`, { stdin: new Secret('hunter22') }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(RemoteError)
  expect(inspect(error, { depth: 9 })).not.toContain('hunter22')
  expect((error as RemoteError).output).toMatchObject({ code: 3, stdout: '***\n' })
  expect((await on.probe(sh`echo hunter22`)).stdout).toBe('hunter22\n')
  await on.close()
})

test('a connection error holds none either', async () => {
  const broken = anyConnector().connect({ ...host, connection: { kind: 'local', cwd: '/no/hunter22' } }, new AbortController().signal)
  const error = await broken.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Error)
  expect(inspect(error, { depth: 9 })).not.toContain('hunter22')
})
