/** A sample, its worker and the key host on the simulated cloud, with an agent between them that writes down all it carries. */
import { randomBytes } from 'node:crypto'
import { digest } from '../../custody/canonical.ts'
import {
  answerSchema,
  type Context,
  challengeSchema,
  type Packets,
  type Refusal,
  type ReleaseAnswer,
  type ReleasedKeys,
  type ReleaseRequest,
  refusalSchema,
  releasedKeysSchema,
  type SignedTicket,
  type Ticket,
} from '../../custody/messages.ts'
import { attemptFile, consolidateJob, manifestKey, sampleJob, sampleKey, TABLE } from '../../custody/names.ts'
import { encryptTo, generateKeyPair } from '../../custody/openpgp.ts'
import { keyHash, packetsHash, publishedPackets, samplePackets } from '../../custody/packets.ts'
import { newSealKey, openSeal, type SealKey } from '../../custody/seal.ts'
import { signTicket, verifyAnswer } from '../../custody/tickets.ts'
import { answer } from '../../key-host/answer.ts'
import { enrolOwner } from '../../key-host/owners.ts'
import { type SimCloud, type SimWorld, simWorld } from '../sim/cloud.ts'

export const run = '11111111-1111-4111-8111-111111111111'
export const homer = await generateKeyPair({ name: 'HomerKey' })
export const owner = await generateKeyPair({ name: 'Owner' })
export const content = Buffer.from('visit,systolic\n1,120\n')

export interface Scene {
  readonly world: SimWorld
  readonly host: SimCloud
  /** All that the agent carried, in both directions. */
  readonly transcript: string[]
}

/** A key host with its key, and an owner enrolled for the run. */
export async function scene(): Promise<Scene> {
  const world = simWorld()
  const host = world.open('keyHost')
  await host.secrets.put('homer-key', Buffer.from(homer.secret))
  await enrolOwner(host.secrets, run, owner.public)
  return { world, host, transcript: [] }
}

/** The agent hands a message to the key host and brings back the answer. */
export async function ask({ host, transcript }: Scene, message: object | string): Promise<unknown> {
  const text = typeof message === 'string' ? message : JSON.stringify(message)
  const said = JSON.stringify(await answer({ cloud: host, random: randomBytes }, text))
  transcript.push(text, said)
  return JSON.parse(said)
}

export const released = (said: unknown): ReleaseAnswer => {
  const parsed = answerSchema.parse(said)
  if ('refused' in parsed) throw new Error(`refused: ${parsed.refused}: ${parsed.message}`)
  return parsed
}
export const refused = (said: unknown): Refusal => refusalSchema.parse(said)

/** An uploaded sample with intake's leave to work on it. */
export async function sample({ world }: Scene, unit: string, bytes?: Uint8Array): Promise<SignedTicket> {
  const key = sampleKey(run, unit)
  const put = await world.objects.put('input', key, bytes ?? (await encryptTo([homer.public], content, 'a.csv')))
  const object = { key, version: put.version, size: put.size }
  const ticket: Ticket = { v: 1, kind: 'sample', job: sampleJob('input', key, put.version), run, unit, object, issuedAt: 1 }
  return signTicket(world.open('intake').signer, ticket)
}

/** Intake's leave to consolidate the run. */
export const consolidation = ({ world }: Scene): Promise<SignedTicket> =>
  signTicket(world.open('intake').signer, { v: 1, kind: 'consolidate', job: consolidateJob(run), run, unit: TABLE, issuedAt: 1 })

/** A published result of a sample. */
export async function publish({ world }: Scene, unit: string, result: string | Uint8Array): Promise<void> {
  const key = attemptFile(run, unit, 1, 1)
  const message = typeof result === 'string' ? await encryptTo([owner.public, homer.public], Buffer.from(result), '1') : result
  await world.objects.put('output', key, message)
  const manifest = {
    v: 1,
    run,
    unit,
    job: 'a'.repeat(40),
    attempt: 1,
    instance: 'i-00000000000000001',
    audit: { seq: 1, hash: 'b'.repeat(64) },
    ownerFingerprint: owner.fingerprint,
    files: [{ key, size: 5, sha256: 'd'.repeat(64) }],
  }
  await world.objects.put('output', manifestKey(run, unit), Buffer.from(JSON.stringify(manifest)))
}

/** A running worker for one attempt at a ticket's job. */
export interface Worker {
  readonly instance: string
  readonly attempt: number
  readonly signed: SignedTicket
  readonly cloud: SimCloud
  readonly key: SealKey
}

export async function worker({ world }: Scene, signed: SignedTicket, attempt = 1, tags: Record<string, string> = {}): Promise<Worker> {
  const { ticket } = signed
  const launched = await world.compute.launch({
    token: `${ticket.job}${attempt}${JSON.stringify(tags).length}`.slice(0, 64),
    image: 'image',
    type: 'small',
    subnet: 'a',
    userData: '{}',
    tags: {
      ...{ job: ticket.job, run: ticket.run, unit: ticket.unit, kind: ticket.kind, attempt: String(attempt), worker: `w${attempt}` },
      ...(ticket.kind === 'sample' ? { object: ticket.object.key } : {}),
      ...tags,
    },
  })
  world.boot(launched.id)
  return { instance: launched.id, attempt, signed, cloud: world.open('worker', { instance: launched.id }), key: newSealKey() }
}

export const challengeFor = ({ signed, attempt, instance }: Worker) => ({ op: 'challenge', signed, attempt, instance })

/** What the worker asks, once it has its nonce. */
export async function requestOf(
  who: Worker,
  nonce: string,
  change: { ctx?: Partial<Context>; pkesks?: Packets[] } = {},
): Promise<ReleaseRequest> {
  const { ticket } = who.signed
  const own =
    ticket.kind === 'sample' ? [await samplePackets(who.cloud.objects, ticket.object)] : await publishedPackets(who.cloud.objects, run)
  const pkesks = change.pkesks ?? own
  const ctx: Context = {
    ...{ v: 1, job: ticket.job, attempt: who.attempt, instance: who.instance, nonce },
    ...{ wpkHash: keyHash(who.key.publicKey), pkeskHash: packetsHash(pkesks) },
    ...change.ctx,
  }
  const proof = await who.cloud.attestor.prove(digest(ctx))
  return { op: 'release', signed: who.signed, ctx, wpk: Buffer.from(who.key.publicKey).toString('base64'), pkesks, proof }
}

/** Challenge and request in one: ready to be asked. */
export async function prepared(at: Scene, who: Worker, change?: Parameters<typeof requestOf>[2]): Promise<ReleaseRequest> {
  const { nonce } = challengeSchema.parse(await ask(at, challengeFor(who)))
  return requestOf(who, nonce, change)
}

/** What the worker finds in the box, after it has seen who sealed it. */
export async function opened(who: Worker, got: ReleaseAnswer, { ctx }: ReleaseRequest): Promise<ReleasedKeys> {
  if (!(await verifyAnswer(who.cloud.signer, got))) throw new Error('the answer is not signed by the key host')
  return releasedKeysSchema.parse(JSON.parse(Buffer.from(openSeal(got.body.box, who.key, ctx)).toString('utf8')))
}

/** The chain's records of one kind, in order. */
export async function records({ world }: Scene, ev: string): Promise<Record<string, unknown>[]> {
  return (await world.trail.lines())
    .map((line) => JSON.parse(line).record as Record<string, unknown>)
    .filter((record) => record['ev'] === ev)
}
