import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type PrivateKey, readPrivateKey } from 'openpgp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { layout } from '../../cloud/local/layout.ts'
import { unwrapSessionKey } from '../../custody/openpgp.ts'
import { splitMessage } from '../../custody/pgp-packets.ts'
import { type DemoSummary, told } from './events.ts'
import { formsOf, foundIn, foundUnder, isPrivate, type Secrets } from './needles.ts'
import { hasProc, look, type Seen, watch } from './proc.ts'
import { type Ended, newStage, type Stage, until } from './stage.ts'
import { tree } from './tree.ts'

/** A patient like no other: the study that the demo finds has only this one. */
const PATIENT = 'Canary-7Q2ZK9XW4MTB'
const WEIGHT = '187.4459310027'
const visits = [
  'date,ID,systol,diastol,resp.rate,heart rate,OSat,temp,weight',
  `1938-10-30,${PATIENT},120,80,14,60,97.1,98.6,${WEIGHT}`,
  `1938-10-31,${PATIENT},121,81,15,61,97.2,98.7,${WEIGHT}`,
]

let stage: Stage
let ended: Ended
let summary: DemoSummary
/** Ciphertext of uploads as they came by; what every command line and environment said while the demo ran. */
const uploads = new Map<string, Buffer>()
const saidByProcesses = new Set<string>()
let secrets: Secrets

function note(now: readonly Seen[]): void {
  for (const { argv, env } of now) for (const text of [...argv, ...env]) saidByProcesses.add(text)
}

/** A key's message is deleted with its job, so it is caught while it lies there. */
function catchUploads(): void {
  const input = join(layout(stage.dir).buckets, 'input')
  if (!existsSync(input)) return
  for (const { path, absolute } of tree(input)) {
    if (!path.endsWith('.pgp') || uploads.has(path)) continue
    try {
      uploads.set(path, readFileSync(absolute))
    } catch {
      // it was deleted meanwhile
    }
  }
}

beforeAll(async () => {
  stage = newStage()
  await stage.skep(['key', 'init', '--dir', stage.dir])
  const samples = join(layout(stage.dir).owner, 'study-1', 'samples')
  mkdirSync(samples, { recursive: true, mode: 0o700 })
  writeFileSync(join(samples, 'sample-001.csv'), `${visits.join('\n')}\n`, { mode: 0o600 })
  const stop = hasProc ? watch(note) : () => undefined
  const catching = setInterval(catchUploads, 50)
  try {
    ended = await stage.skep(['demo', '--samples', '1', '--dir', stage.dir, '--json'])
  } finally {
    clearInterval(catching)
    stop()
  }
  if (ended.code !== 0) throw new Error(`the demo ended with ${ended.code}: ${ended.stderr}`)
  summary = told(ended.stdout).summary
  secrets = { ...(await keys()), ...(await sessionKeys()), patient: Buffer.from(PATIENT), weight: Buffer.from(WEIGHT) }
}, 150_000)
afterAll(() => stage.dispose(), 30_000)

const homer = (): string => readFileSync(join(layout(stage.dir).keyHost, 'homer-key'), 'utf8')

/** HomerKey's secret numbers, its whole armored body and the bytes of it; and the owner's, which is as secret. */
async function keys(): Promise<Secrets> {
  const owner = readFileSync(join(layout(stage.dir).owner, 'owner-key.secret.asc'), 'utf8')
  const of = async (name: string, armoredKey: string): Promise<Secrets> => {
    // The body stands between an empty line and the checksum.
    const body = /\r?\n\r?\n([A-Za-z0-9+/=\s]+?)\r?\n=/.exec(armoredKey)?.[1]?.replace(/\s/g, '') ?? ''
    return {
      ...numbers(name, await readPrivateKey({ armoredKey })),
      [`${name}, armored`]: Buffer.from(body),
      [`${name}, decoded`]: Buffer.from(body, 'base64'),
    }
  }
  return { ...(await of('HomerKey', homer())), ...(await of('owner’s key', owner)) }
}

function numbers(name: string, key: PrivateKey): Secrets {
  const packets = [key.keyPacket, ...key.subkeys.map((subkey) => subkey.keyPacket)]
  const found = packets.flatMap((packet) => {
    const params: unknown = 'privateParams' in packet ? packet.privateParams : undefined
    return typeof params === 'object' && params !== null ? Object.values(params).filter((value) => value instanceof Uint8Array) : []
  })
  return Object.fromEntries(found.map((number, index) => [`${name}, number ${index + 1}`, number]))
}

/** Of the sample, and of each result: HomerKey opens them all. */
async function sessionKeys(): Promise<Secrets> {
  const output = join(layout(stage.dir).buckets, 'output')
  const results = tree(output).filter(({ path }) => path.endsWith('.pgp'))
  const messages = [...uploads, ...results.map(({ path, absolute }) => [path, readFileSync(absolute)] as const)]
  const found = messages.map(async ([path, bytes]) => {
    const packets = splitMessage(bytes)?.packets
    if (packets === undefined) throw new Error(`${path} is no message`)
    const { sessionKey } = await unwrapSessionKey(homer(), packets)
    return [`session key of ${path.replace(/[0-9a-f-]{36}/g, '…')}`, sessionKey] as const
  })
  return Object.fromEntries(await Promise.all(found))
}

test('there are canaries of every kind, and the demo worked with them', () => {
  expect(uploads.size).toBe(1)
  const names = Object.keys(secrets)
  expect(names.filter((name) => name.startsWith('session key'))).toHaveLength(4)
  expect(names.filter((name) => /number [12]$/.test(name))).toHaveLength(4)
  for (const [name, secret] of Object.entries(secrets)) expect(secret.length, name).toBeGreaterThanOrEqual(14)
  const table = readFileSync(summary.table, 'utf8')
  expect(table).toContain(PATIENT)
  expect(table).toContain(`,${WEIGHT},${WEIGHT}`)
})

describe('no canary is found', () => {
  test('in the cloud’s directory outside of key-host/, owner/ and signer/', () => {
    expect(foundUnder(stage.dir, secrets, isPrivate)).toEqual([])
    // The same search finds them where they belong.
    const inside = foundUnder(stage.dir, secrets, (path) => !isPrivate(path))
    expect(inside.join('\n')).toContain('key-host/homer-key: HomerKey, number 1 as base64')
    expect(inside.join('\n')).toContain('table.csv: patient as raw')
  })

  test('in what the demo said', () => expect(foundIn(Buffer.from(ended.stdout + ended.stderr), secrets)).toEqual([]))

  test.skipIf(!hasProc)('in the command line or environment of any process while it ran (Linux only)', () => {
    expect([...saidByProcesses].some((text) => text.endsWith('key-host.mjs'))).toBe(true)
    expect([...saidByProcesses].some((text) => text.startsWith('SKEP_INSTANCE='))).toBe(true)
    expect(foundIn(Buffer.from([...saidByProcesses].join('\0')), secrets)).toEqual([])
  })

  test('elsewhere in our places', () => {
    for (const place of [stage.home, stage.tmp, stage.cwd]) expect(foundUnder(place, secrets)).toEqual([])
  })
})

describe('a planted leak is found', () => {
  test('in a file, whatever its form and wherever it begins', () => {
    const leaks = join(stage.dir, 'logs')
    for (const [name, secret] of Object.entries(secrets)) {
      for (const [form, needle] of Object.entries(formsOf(secret))) {
        writeFileSync(join(leaks, 'leak.log'), Buffer.concat([Buffer.from('at 12:00 the key was "'), needle, Buffer.from('", so far\n')]))
        expect(foundUnder(leaks, { [name]: secret })).toContain(`leak.log: ${name} as ${form}`)
      }
      for (const before of ['', 'x', 'xy']) {
        const around = Buffer.concat([Buffer.from(before), secret, Buffer.from('the rest')]).toString('base64')
        const json = JSON.stringify({ before, key: Buffer.from(secret).toString('base64') })
        expect(foundIn(Buffer.from(Buffer.from(json).toString('base64')), { [name]: secret }).length, name).toBeGreaterThan(0)
        writeFileSync(join(leaks, 'leak.log'), `${around.slice(0, 7)}\\n${around.slice(7, 20)}\r\n${around.slice(20)}`)
        expect(foundUnder(leaks, { [name]: secret }).length, `${name} after "${before}"`).toBeGreaterThan(0)
      }
    }
    writeFileSync(join(leaks, 'leak.log'), secrets['patient'] ?? '')
    expect(foundUnder(stage.dir, secrets, isPrivate)).toEqual(['logs/leak.log: patient as raw'])
    rmSync(join(leaks, 'leak.log'))
  })

  test.skipIf(!hasProc)('in a command line and in an environment (Linux only)', async () => {
    const [name = '', secret = new Uint8Array()] = Object.entries(secrets).find(([one]) => one.startsWith('session key')) ?? []
    const forms = formsOf(secret)
    const argv = ['-e', 'setTimeout(() => {}, 60_000)', '--', `--key=${forms['hex']}`]
    const child = spawn(process.execPath, argv, { env: { KEY: `x${forms['base64 from 0']}` }, stdio: 'ignore', detached: true })
    try {
      const texts = await until('it runs', () => {
        const seen = look().find(({ pid }) => pid === child.pid)
        return seen?.env.some((entry) => entry.startsWith('KEY=')) === true && [...seen.argv, ...seen.env]
      })
      const found = foundIn(Buffer.from(texts.join('\0')), { [name]: secret })
      expect(found).toEqual(expect.arrayContaining([`${name} as hex`, `${name} as base64 from 0`]))
    } finally {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  })
})
