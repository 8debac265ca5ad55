/** A worker's whole surroundings in memory, with the real key host behind a stand-in for the agent that only carries. */
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { systemClock } from '../../cloud/local/clock.ts'
import { isCloudError } from '../../cloud/ports.ts'
import {
  answerSchema,
  beatSchema,
  type End,
  endSchema,
  type Manifest,
  manifestSchema,
  type Refusal,
  type ReleaseAnswer,
  type SignedTicket,
  type Ticket,
} from '../../custody/messages.ts'
import { consolidateJob, manifestKey, relayKey, sampleJob, sampleKey, TABLE } from '../../custody/names.ts'
import { decryptWithKey, encryptTo, generateKeyPair } from '../../custody/openpgp.ts'
import { signTicket } from '../../custody/tickets.ts'
import { answer } from '../../key-host/answer.ts'
import { makeHomerKey } from '../../key-host/homer-key.ts'
import { enrolOwner } from '../../key-host/owners.ts'
import type { WorkerConfig } from '../../worker/config.ts'
import type { WorkerCloud } from '../../worker/ports.ts'
import { work } from '../../worker/work.ts'
import { simWorld } from '../sim/cloud.ts'

export const VITALS = resolve(import.meta.dirname, '../../worker/pipelines/vitals')

export interface Job {
  readonly signed: SignedTicket
  readonly attempt: number
  readonly instance: string
}

export type Bench = Awaited<ReturnType<typeof makeBench>>

type Answer = ReleaseAnswer | Refusal

export interface Meddling {
  /** What the agent carries instead of the key host's word; undefined: nothing this time. */
  readonly answer?: (real: () => Promise<Answer>, nth: number) => object | undefined | Promise<object | undefined>
  /** False: the challenge is never brought. */
  readonly challenge?: boolean
  /** Bring a new challenge after each refusal. */
  readonly newChallenge?: boolean
}

export async function makeBench() {
  const world = simWorld({ seed: 7 })
  const scratch = await mkdtemp(join(tmpdir(), 'skep-worker-'))
  const keyHost = { cloud: world.open('keyHost'), random: randomBytes }
  const agent = world.open('agent')
  const homer = await makeHomerKey(keyHost.cloud.secrets)
  const owner = await generateKeyPair({ name: 'owner' })
  const run: string = randomUUID()
  await enrolOwner(keyHost.cloud.secrets, run, owner.public)

  /** Uploads bytes as a sample and readies an instance for it. */
  async function sample(bytes: Uint8Array): Promise<Job> {
    const unit = randomUUID()
    await world.open('owner').objects.put('input', sampleKey(run, unit), bytes)
    return uploaded(run, unit)
  }

  /** Readies an instance for a sample that was uploaded. */
  async function uploaded(ofRun: string, unit: string): Promise<Job> {
    const key = sampleKey(ofRun, unit)
    const head = await world.objects.head('input', key)
    if (head === undefined) throw new Error(`there is no ${key}`)
    const object = { key, version: head.version, size: head.size }
    return launch({ v: 1, kind: 'sample', job: sampleJob('input', key, head.version), run: ofRun, unit, object, issuedAt: 1 }, 1)
  }

  const table = (ofRun = run) => launch({ v: 1, kind: 'consolidate', job: consolidateJob(ofRun), run: ofRun, unit: TABLE, issuedAt: 1 }, 1)

  /** The same job once more, on another instance. */
  const again = ({ signed, attempt }: Job) => launch(signed.ticket, attempt + 1)

  async function launch(ticket: Ticket, attempt: number): Promise<Job> {
    const { job, unit, kind } = ticket
    const object: Record<string, string> = ticket.kind === 'sample' ? { object: ticket.object.key } : {}
    const tags = { job, run: ticket.run, attempt: String(attempt), worker: `${unit}-${attempt}`, kind, unit, ...object }
    const { id } = await agent.compute.launch({
      token: `${job.slice(0, 20)}-${attempt}`,
      image: 'i',
      type: 't',
      subnet: 's',
      userData: '',
      tags,
    })
    world.boot(id)
    return { signed: await signTicket(world.open('intake').signer, ticket), attempt, instance: id }
  }

  const encrypt = (text: string, name = 'visits.csv') => encryptTo([homer.armored], Buffer.from(text), name)

  const config = (job: Job, more: Partial<WorkerConfig>): WorkerConfig => ({
    cloud: { kind: 'local', dir: '/nowhere' },
    ...job,
    door: { host: '127.0.0.1', port: 1 },
    pipeline: join(VITALS, job.signed.ticket.kind === 'sample' ? 'sample.ts' : 'consolidate.ts'),
    reference: join(VITALS, 'reference'),
    beatMs: 20,
    pollMs: 5,
    lockTimeoutMs: 3000,
    keyTimeoutMs: 3000,
    pipelineTimeoutMs: 10_000,
    maxInputBytes: 1024 * 1024,
    maxOutputBytes: 1024 * 1024,
    ...more,
  })

  /** Runs the worker program of a job while the agent carries messages; what it told at its end. */
  async function start(
    job: Job,
    more: Partial<WorkerConfig> = {},
    meddling: Meddling = {},
    change: (cloud: WorkerCloud) => WorkerCloud = (cloud) => cloud,
  ): Promise<End> {
    const stop = new AbortController()
    const carrying = carry(job, meddling, stop.signal)
    try {
      const place = { scratch: join(scratch, job.instance), marks: { SKEP_INSTANCE: job.instance } }
      return await work(config(job, more), change({ ...world.open('worker', { instance: job.instance }), clock: systemClock }), place)
    } finally {
      stop.abort()
      await carrying
      world.die(job.instance)
    }
  }

  async function carry(
    { signed, attempt, instance }: Job,
    { answer: meddle, challenge = true, newChallenge = false }: Meddling,
    signal: AbortSignal,
  ) {
    const key = (name: 'challenge' | 'request' | 'answer') => relayKey(signed.ticket.job, attempt, name)
    const bring = async () => {
      const text = JSON.stringify({ op: 'challenge', signed, attempt, instance })
      await agent.objects.put('ancillary', key('challenge'), Buffer.from(JSON.stringify(await answer(keyHost, text))))
    }
    if (challenge) await bring()
    let carried = ''
    for (let nth = 0; !signal.aborted; await systemClock.sleep(5)) {
      const request = await read(key('request'))
      if (request === undefined || request.version === carried) continue
      carried = request.version
      const real = async () => answerSchema.parse(await answer(keyHost, request.text))
      const brought = await (meddle === undefined ? real() : meddle(real, nth++))
      if (brought === undefined) continue
      await agent.objects.put('ancillary', key('answer'), Buffer.from(JSON.stringify(brought)))
      if (newChallenge && 'refused' in brought) await bring()
    }
  }

  async function read(key: string): Promise<{ version: string; text: string } | undefined> {
    try {
      const { head, body } = await world.objects.get('ancillary', key)
      return { version: head.version, text: Buffer.concat(await Array.fromAsync(body)).toString('utf8') }
    } catch (error) {
      if (isCloudError(error, 'NotFound')) return undefined
      throw error
    }
  }

  const said = async (job: Job, name: 'beat' | 'end') => (await read(relayKey(job.signed.ticket.job, job.attempt, name)))?.text
  return {
    world,
    scratch,
    run,
    owner,
    homer,
    agent,
    keyHost,
    sample,
    uploaded,
    table,
    again,
    encrypt,
    config,
    start,
    end: async (job: Job) => endSchema.safeParse(JSON.parse((await said(job, 'end')) ?? 'null')).data,
    beat: async (job: Job) => beatSchema.parse(JSON.parse((await said(job, 'beat')) ?? 'null')),
    relay: async (job: Job, name: 'request' | 'answer') => (await read(relayKey(job.signed.ticket.job, job.attempt, name)))?.text,
    async manifest(unit: string): Promise<Manifest | undefined> {
      const head = await world.objects.head('output', manifestKey(run, unit))
      if (head === undefined) return undefined
      const { body } = await world.objects.get('output', manifestKey(run, unit))
      return manifestSchema.parse(JSON.parse(Buffer.concat(await Array.fromAsync(body)).toString('utf8')))
    },
    async opened(key: string, secret = owner.secret): Promise<{ name: string; text: string }> {
      const { body } = await world.objects.get('output', key)
      const { data, filename } = await decryptWithKey(Buffer.concat(await Array.fromAsync(body)), secret)
      return { name: filename, text: Buffer.from(data).toString('utf8') }
    },
    /** A pipeline of a few lines of sh: $1 input, $2 output, $3 reference. */
    async script(lines: string): Promise<string> {
      const path = join(scratch, `pipeline-${randomUUID()}`)
      await writeFile(path, `#!/bin/sh\n${lines}\n`, { mode: 0o755 })
      return path
    },
    close: () => rm(scratch, { recursive: true, force: true }),
  }
}

/** A door that takes connections until it is shut. */
export async function openDoor(): Promise<{ host: string; port: number; shut(): Promise<void> }> {
  const server: Server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('expected a port')
  return { host: '127.0.0.1', port: address.port, shut: () => new Promise((resolve) => server.close(() => resolve())) }
}

export const HEADER = 'date,ID,systol,diastol,resp.rate,heart rate,OSat,temp,weight'
export const VISITS = `${HEADER}\n1938-10-30,P001,120,80,15,70,97.5,98.6,150\n1938-11-01,P001,130,84,17,80,98.5,98.4,151\n`
