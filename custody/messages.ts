/**
 * What travels between worker, agent, intake and key host. Everything is parsed with these schemas where it arrives:
 * unknown fields, wrong types and over-long values are refused. Binary values are base64.
 */
import * as z from 'zod'
import { TABLE } from './names.ts'

const uuid = z.uuid()
const job = z.string().regex(/^[0-9a-f]{40}$/)
const hash = z.string().regex(/^[0-9a-f]{64}$/)
const base64 = (max: number) => z.base64().max(max)
const attempt = z.int().min(1).max(1_000_000)
const instance = z.string().regex(/^i-[0-9a-f]{17}$/)
const time = z.int().min(0)
const objectKey = z.string().min(1).max(1024)
const version = z.string().min(1).max(1024)

const signatureSchema = z.strictObject({ keyId: z.string().max(64), signature: base64(1024) })
export type Signature = z.infer<typeof signatureSchema>

/** Signed by intake: the only leave to work on a sample, or to consolidate a sealed run. The agent cannot make one. */
const ticketSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    v: z.literal(1),
    kind: z.literal('sample'),
    job,
    run: uuid,
    unit: uuid,
    object: z.strictObject({ key: objectKey, version, size: z.int().min(0) }),
    issuedAt: time,
  }),
  z.strictObject({ v: z.literal(1), kind: z.literal('consolidate'), job, run: uuid, unit: z.literal(TABLE), issuedAt: time }),
])
export type Ticket = z.infer<typeof ticketSchema>

export const signedTicketSchema = z.strictObject({ ticket: ticketSchema, by: signatureSchema })
export type SignedTicket = z.infer<typeof signedTicketSchema>

/** Agent to key host, for a worker whose door is shut. */
export const challengeRequestSchema = z.strictObject({ op: z.literal('challenge'), signed: signedTicketSchema, attempt, instance })
export type ChallengeRequest = z.infer<typeof challengeRequestSchema>

/** `nonce`: 32 bytes, good once, until `expires`. Carried to the worker at `challenge.json`. */
export const challengeSchema = z.strictObject({ nonce: base64(64), expires: time })
export type Challenge = z.infer<typeof challengeSchema>

/** What the request is bound to; its digest is what the attestor proves and what the box is sealed under. */
const contextSchema = z.strictObject({
  v: z.literal(1),
  job,
  attempt,
  instance,
  nonce: base64(64),
  /** SHA-256 of the worker's raw X25519 public key. */
  wpkHash: hash,
  /** Digest of `pkesks`. */
  pkeskHash: hash,
})
export type Context = z.infer<typeof contextSchema>

/** The session-key packets of one object, as they stand at its beginning. */
const packetsSchema = z.strictObject({ key: objectKey, version, packets: base64(16_384) })
export type Packets = z.infer<typeof packetsSchema>

/** Worker to key host, carried by the agent from `request.json`. */
export const releaseRequestSchema = z.strictObject({
  op: z.literal('release'),
  signed: signedTicketSchema,
  ctx: contextSchema,
  /** Raw X25519 public key, made for this request alone. */
  wpk: base64(64),
  pkesks: z.array(packetsSchema).min(1).max(10_000),
  proof: z.strictObject({ kind: z.string().max(32), instance, evidence: z.string().max(16_384) }),
})
export type ReleaseRequest = z.infer<typeof releaseRequestSchema>

/** Sealed to the worker: X25519, HKDF-SHA256 (salt epk‖wpk, info and additional data canonical ctx), AES-256-GCM. */
const boxSchema = z.strictObject({ epk: base64(64), iv: base64(32), ciphertext: base64(4_000_000) })
export type Box = z.infer<typeof boxSchema>

const publicKey = z.strictObject({ fingerprint: z.string().regex(/^[0-9a-f]{40,64}$/), armored: z.string().max(65_536) })

/** Key host to worker, carried by the agent to `answer.json`. Signed, so nobody on the way can swap a key in it. */
export const releaseAnswerSchema = z.strictObject({
  body: z.strictObject({
    v: z.literal(1),
    ctx: contextSchema,
    box: boxSchema,
    audit: z.strictObject({ seq: z.int().min(1), hash }),
    /** Results are encrypted to both. */
    owner: publicKey,
    homer: publicKey,
  }),
  by: signatureSchema,
})
export type ReleaseAnswer = z.infer<typeof releaseAnswerSchema>

/** What is in the box. */
export const releasedKeysSchema = z.strictObject({
  keys: z.array(z.strictObject({ key: objectKey, version, algorithm: z.string().max(16), sessionKey: base64(128) })).min(1),
})
export type ReleasedKeys = z.infer<typeof releasedKeysSchema>

/** Why no key is given. `final`: asking again for this sample can never help. */
export const refusalCodes = [
  'bad-request',
  'ticket-invalid',
  'nonce-unknown',
  'nonce-used',
  'nonce-expired',
  'context-mismatch',
  'packets-mismatch',
  'identity-invalid',
  'instance-not-running',
  'instance-not-of-this-job',
  'released-to-another',
  'previous-attempt-alive',
  'too-many-attempts',
  'owner-unknown',
  'not-pgp',
  'wrong-key',
  'input-missing',
  'audit-unavailable',
  'unavailable',
] as const
export const refusalSchema = z.strictObject({ refused: z.enum(refusalCodes), message: z.string().max(500) })
export type Refusal = z.infer<typeof refusalSchema>
export type RefusalCode = Refusal['refused']

/** Either of the two comes back from the key host, and is what lies at `answer.json`. */
export const answerSchema = z.union([releaseAnswerSchema, refusalSchema])

/** Worker to agent at `beat.json`. */
export const beatSchema = z.strictObject({ seq: z.int().min(1), stage: z.enum(['waiting', 'running']), at: time })
export type Beat = z.infer<typeof beatSchema>

/** Why a sample has no result. The words a data owner reads stand in `custody/failures.ts`. */
export const failureClasses = [
  'empty',
  'too-large',
  'not-pgp',
  'wrong-key',
  'tampered',
  'owner-unknown',
  'input-missing',
  'pipeline-crash',
  'pipeline-timeout',
  'no-output',
  'refused',
  'attempts',
] as const
export type FailureClass = (typeof failureClasses)[number]

/** Worker to agent at `end.json`: the last it says. */
export const endSchema = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('published') }),
  z.strictObject({ outcome: z.literal('failed'), class: z.enum(failureClasses) }),
])
export type End = z.infer<typeof endSchema>

/** The tiny object that decides which attempt is the result: ids, sizes and hashes only. */
export const manifestSchema = z.strictObject({
  v: z.literal(1),
  run: uuid,
  unit: z.union([uuid, z.literal(TABLE)]),
  job,
  attempt,
  instance,
  /** The audit record of this attempt's key release. */
  audit: z.strictObject({ seq: z.int().min(1), hash }),
  ownerFingerprint: z.string().max(64),
  files: z
    .array(z.strictObject({ key: objectKey, size: z.int().min(1), sha256: hash }))
    .min(1)
    .max(1000),
})
export type Manifest = z.infer<typeof manifestSchema>

/** An object notification on the queue `events`, or a line of intake's own listing. */
export const objectEventSchema = z.strictObject({ key: z.string().min(1).max(1024), version, size: z.int().min(0) })
export type ObjectEvent = z.infer<typeof objectEventSchema>
