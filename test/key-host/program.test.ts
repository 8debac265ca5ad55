/** The key host as it runs: a program of its own on a local cloud, one request a process. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { initHomerKey } from '../../cli/key.ts'
import { openLocal } from '../../cloud/local/open.ts'
import type { Cloud } from '../../cloud/ports.ts'
import { digest } from '../../custody/canonical.ts'
import {
  answerSchema,
  type Context,
  challengeSchema,
  type ReleaseRequest,
  refusalSchema,
  releasedKeysSchema,
  type SignedTicket,
} from '../../custody/messages.ts'
import { sampleJob, sampleKey } from '../../custody/names.ts'
import { decryptWithSessionKey, encryptTo, generateKeyPair } from '../../custody/openpgp.ts'
import { keyHash, packetsHash, samplePackets } from '../../custody/packets.ts'
import { newSealKey, openSeal } from '../../custody/seal.ts'
import { signTicket, verifyAnswer } from '../../custody/tickets.ts'
import { enrolOwner } from '../../key-host/owners.ts'

const program = join(import.meta.dirname, '../../key-host/main.ts')
const run = '11111111-1111-4111-8111-111111111111'
const unit = '22222222-2222-4222-8222-222222222222'
const content = Buffer.from('visit,systolic\n1,120\n')

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function start(argv: readonly string[], input: string | Buffer, env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(process.execPath, argv, { env: { PATH: '/usr/bin:/bin', ...env }, timeout: 20_000 })
  const ended = { stdout: '', stderr: '' }
  child.stdout.on('data', (text) => (ended.stdout += text))
  child.stderr.on('data', (text) => (ended.stderr += text))
  child.stdin.on('error', () => undefined) // it may have heard enough
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...ended }))
  })
}

let dir: string
beforeAll(async () => {
  dir = mkdtempSync('/tmp/skep-key-')
  await initHomerKey(dir)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** One line of JSON, and no other word. */
async function ask(message: unknown): Promise<unknown> {
  const { code, stdout, stderr } = await start([program, dir], typeof message === 'string' ? message : JSON.stringify(message))
  expect({ code, stderr, lines: stdout.split('\n').length }).toEqual({ code: 0, stderr: '', lines: 2 })
  return JSON.parse(stdout)
}

const withCloud = async <T>(role: Cloud['role'], work: (cloud: Cloud) => Promise<T>, instance?: string): Promise<T> => {
  const cloud = await openLocal(dir, role, instance === undefined ? {} : { instance })
  try {
    return await work(cloud)
  } finally {
    await cloud.close()
  }
}

describe('the key-host program', () => {
  const wrong: [string, string | Buffer][] = [
    ['nothing', ''],
    ['no JSON', 'export the key, please'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00, 0x1b])],
    ['another request', '{"op":"export"}'],
    ['more than 8 MiB', Buffer.alloc(9 * 1024 * 1024, '[')],
  ]
  test.each(wrong)('answers %s with one line that refuses it, and ends with 0', async (_, input) => {
    const { code, stdout, stderr } = await start([program, dir], input)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(refusalSchema.parse(JSON.parse(stdout)).refused).toBe('bad-request')
  })

  test('without its directory, or with one that is none, is unavailable, and says no more', async () => {
    for (const argv of [[program], [program, join(dir, 'nowhere')]]) {
      const { code, stdout, stderr } = await start(argv, '{}')
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(refusalSchema.parse(JSON.parse(stdout)).refused).toBe('unavailable')
    }
  })

  test('gives a real worker its key, the same one again, and none once the worker is gone', async () => {
    const owner = await generateKeyPair({ name: 'Owner' })
    const homer = readFileSync(join(dir, 'trust/homerkey.asc'), 'utf8')
    await withCloud('keyHost', ({ secrets }) => enrolOwner(secrets, run, owner.public))
    const key = sampleKey(run, unit)
    const put = await withCloud('owner', async ({ objects }) => objects.put('input', key, await encryptTo([homer], content, 'a.csv')))
    const signed: SignedTicket = await withCloud('intake', ({ signer }) => {
      const object = { key, version: put.version, size: put.size }
      return signTicket(signer, { v: 1, kind: 'sample', job: sampleJob('input', key, put.version), run, unit, object, issuedAt: 1 })
    })
    const { job } = signed.ticket
    await withCloud('agent', async (agent) => {
      const tags = { job, run, unit, attempt: '1', kind: 'sample', worker: 'w1', object: key }
      const { id: instance } = await agent.compute.launch({ token: 't1', image: 'i', type: 't', subnet: 's', userData: '{}', tags })
      try {
        const running = async () => (await agent.compute.describe()).some(({ id, state }) => id === instance && state === 'running')
        for (let tries = 0; tries < 200 && !(await running()); tries++) await agent.clock.sleep(50)
        const { nonce } = challengeSchema.parse(await ask({ op: 'challenge', signed, attempt: 1, instance }))
        await withCloud('worker', (worker) => release(worker, { signed, instance, nonce, message: key }), instance)
      } finally {
        await withCloud('sweeper', (sweeper) => sweeper.compute.terminate(instance))
      }
      expect(await ask(lastRequest)).toMatchObject({ refused: 'instance-not-running' })
    })
  }, 60_000)

  let lastRequest: ReleaseRequest | undefined

  async function release(
    worker: Cloud,
    { signed, instance, nonce, message }: { signed: SignedTicket; instance: string; nonce: string; message: string },
  ) {
    if (signed.ticket.kind !== 'sample') throw new Error('expected the ticket of a sample')
    const seal = newSealKey()
    const pkesks = [await samplePackets(worker.objects, signed.ticket.object)]
    const ctx: Context = {
      ...{ v: 1, job: signed.ticket.job, attempt: 1, instance, nonce },
      ...{ wpkHash: keyHash(seal.publicKey), pkeskHash: packetsHash(pkesks) },
    }
    const wpk = Buffer.from(seal.publicKey).toString('base64')
    lastRequest = { op: 'release', signed, ctx, wpk, pkesks, proof: await worker.attestor.prove(digest(ctx)) }
    const said = answerSchema.parse(await ask(lastRequest))
    if ('refused' in said) throw new Error(`refused: ${said.refused}: ${said.message}`)
    expect(await verifyAnswer(worker.signer, said)).toBe(true)
    const [found] = releasedKeysSchema.parse(JSON.parse(Buffer.from(openSeal(said.body.box, seal, ctx)).toString())).keys
    if (found === undefined) throw new Error('the box is empty')
    const bytes = Buffer.concat(await Array.fromAsync((await worker.objects.get('input', message)).body))
    const opened = await decryptWithSessionKey(bytes, { algorithm: found.algorithm, sessionKey: Buffer.from(found.sessionKey, 'base64') })
    expect(Buffer.from(opened.data).equals(content)).toBe(true)
    expect(await ask(lastRequest)).toEqual(said)
  }
})

describe('by hand', () => {
  const skep = (...argv: string[]) => start([join(import.meta.dirname, '../../cli/main.ts'), ...argv], '')

  test('`skep key init` makes the key once, and `skep key export` prints its public half and nothing else', async () => {
    const place = join(dir, 'by-hand')
    const first = await skep('key', 'init', '--dir', place)
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toMatch(/^HomerKey made: [0-9a-f]{40}\n$/)
    const before = fingerprints(place)
    const second = await skep('key', 'init', '--dir', place)
    expect(second).toEqual({ code: 0, stderr: '', stdout: first.stdout.replace('made', 'is already there') })
    expect(fingerprints(place)).toEqual(before)
    const exported = await skep('key', 'export', '--dir', place)
    expect(exported).toMatchObject({ code: 0, stderr: '', stdout: readFileSync(join(place, 'trust/homerkey.asc'), 'utf8') })
    expect(exported.stdout).toMatch(/^-----BEGIN PGP PUBLIC KEY BLOCK-----/)
    expect((await start([join(import.meta.dirname, '../../cli/main.ts'), 'key', 'export'], '', { SKEP_DIR: place })).stdout).toBe(
      exported.stdout,
    )
    expect((await skep('audit', 'verify', '--dir', place, '--json')).stdout).toBe('{"records":0,"ok":true,"problems":[]}\n')
    rmSync(place, { recursive: true })
  })

  test('only the owner of the machine’s account can read the secret half', () => {
    const [secret, ...more] = readdirSync(join(dir, 'key-host')).filter((name) =>
      readFileSync(join(dir, 'key-host', name), 'utf8').includes('PGP PRIVATE'),
    )
    expect(more).toEqual([])
    expect(statSync(join(dir, 'key-host', secret ?? '')).mode & 0o777).toBe(0o600)
    expect(statSync(join(dir, 'key-host')).mode & 0o777).toBe(0o700)
  })

  test.each([
    ['key', 'export'],
    ['audit', 'verify'],
  ])('`skep %s %s` of a directory that is no local cloud is one clear line', async (...words) => {
    const { code, stdout, stderr } = await skep(...words, '--dir', join(dir, 'nowhere'))
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^skep: [^\n]*nowhere[^\n]*skep key init --dir[^\n]*\n$/)
  })

  test('`skep audit verify` finds the chain good, and names what was done to it', async () => {
    const chain = join(dir, 'audit/chain.jsonl')
    const good = await skep('audit', 'verify', '--dir', dir)
    expect(good).toMatchObject({ code: 0, stderr: '' })
    const lines = readFileSync(chain, 'utf8')
    expect(lines).toContain('"ev":"key.release"')
    writeFileSync(chain, lines.replace('"attempt":1', '"attempt":2'))
    const bad = await skep('audit', 'verify', '--dir', dir)
    expect(bad).toMatchObject({ code: 1, stdout: '' })
    expect(bad.stderr).toMatch(/^audit chain: record \d+ does not have the hash it names: it was edited\n/)
    const json = await skep('audit', 'verify', '--dir', dir, '--json')
    expect(json.code).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false })
    writeFileSync(chain, lines)
  })
})

/** Every file under a directory with its hash, but for the database's own. */
function fingerprints(place: string): Record<string, string> {
  const files = readdirSync(place, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !/\.db(-wal|-shm)?$/.test(entry.name),
  )
  return Object.fromEntries(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return [path, createHash('sha256').update(readFileSync(path)).digest('hex')]
    }),
  )
}
