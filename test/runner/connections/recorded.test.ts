import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { anyConnector } from '../../../runner/connections/connector.ts'
import { type Entry, type Recorder, recordedConnector } from '../../../runner/connections/recorded.ts'
import type { Connection, Host } from '../../../runner/contract.ts'
import { RemoteError } from '../../../runner/errors.ts'
import { Secret } from '../../../runner/secret.ts'
import { sh } from '../../../runner/sh.ts'
import { connectionContract } from '../../contracts/connection.ts'

const host: Host = { name: 'here', vars: { token: new Secret('of the host') }, connection: { kind: 'local' } }
const signal = new AbortController().signal
let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'skep-t-'))
})
afterAll(() => rm(dir, { recursive: true }))

async function recording(work: (on: Connection) => Promise<void>, redact?: Recorder['redact']): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  let time = 1_000
  const now = (): number => {
    time += 5
    return time
  }
  const recorder: Recorder = { record: (entry) => entries.push(entry), now, ...(redact === undefined ? {} : { redact }) }
  const on = await recordedConnector(anyConnector(), recorder).connect(host, signal)
  await work(on)
  await on.close()
  return entries
}

test('each call is recorded with how it ended', async () => {
  const path = join(dir, 'file')
  const entries = await recording(async (on) => {
    await on.run(sh`cat; echo err >&2`, { stdin: 'in', environment: { LEVEL: 'debug' } })
    await expect(on.run(sh`exit 3`)).rejects.toBeInstanceOf(RemoteError)
    await on.write(path, 'text', 0o640)
    await on.read(path)
    await on.read(`${path} that is not there`)
    await on.probe(sh`exit 4`)
  })
  const text = { size: 4, sha256: '982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1' }
  expect(entries).toMatchObject([
    { at: 1005, ms: 5, host: 'here', call: 'connect' },
    { call: 'run', what: 'cat; echo err >&2', environment: ['LEVEL'], bytes: { size: 2 }, code: 0, stdout: 'in', stderr: 'err\n' },
    { call: 'run', what: 'exit 3', error: expect.stringContaining('exit code 3') },
    { call: 'write', what: path, mode: '0640', bytes: text },
    { call: 'read', what: path, bytes: text },
    { call: 'read', what: `${path} that is not there` },
    { call: 'probe', code: 4, stdout: '', stderr: '' },
    { call: 'close' },
  ])
  expect(JSON.parse(JSON.stringify(entries))).toEqual(entries)
})

test('no secret is in it, whatever way it went in or came out', async () => {
  const secrets = ['of the host', 'given as stdin', 'in a variable', 'written into a file', 'known elsewhere', 'a password']
  const entries = await recording(
    async (on) => {
      await on.run(sh`echo of the host known elsewhere; cat >&2`, { stdin: new Secret('given as stdin') })
      await on.run(sh`echo "$HIDDEN" | base64`, { environment: { HIDDEN: new Secret('in a variable') } })
      await on.write(join(dir, 'secret'), new Secret('written into a file'), 0o600)
      await on.run(sh`cat ${join(dir, 'secret')}; exit 3`).catch(() => undefined)
      await on.as?.({ user: 'nobody-of-this-name', method: 'sudo', password: new Secret('a password') }).catch(() => undefined)
      await on.run(sh`echo a password >&2`)
    },
    (text) => text.replaceAll('known elsewhere', '***'),
  )
  const all = JSON.stringify(entries)
  for (const secret of secrets) {
    expect(all).not.toContain(secret)
    expect(all).not.toContain(Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(0, -1))
  }
  // Neither does a digest of one let anybody try guesses.
  expect(entries.find(({ call }) => call === 'write')?.bytes).toEqual({})
  expect(all.match(/\*\*\*/g)?.length).toBeGreaterThanOrEqual(6)
})

test('long outputs are cut, and say how much is not there', async () => {
  const entries = await recording(async (on) => {
    await on.run(sh`head -c 70000 /dev/zero | tr '\0' x`)
  })
  expect(entries[1]?.stdout).toMatch(/^x{65536}… \(4464 more characters\)$/)
})

connectionContract(
  'recorded, local',
  async () => ({
    connect: (limits) => recordedConnector(anyConnector(limits), { record: () => undefined, now: Date.now }).connect(host, signal),
    stop: async () => undefined,
  }),
  0,
)
