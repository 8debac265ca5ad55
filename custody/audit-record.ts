/**
 * One line of the audit chain. A field can hold an id, a hash, a number or one of our own words, and nothing else: no data of a
 * patient and no name that a stranger chose can get in, whatever the caller does.
 */
import { createHmac } from 'node:crypto'
import * as z from 'zod'
import { failureClasses, refusalCodes } from './messages.ts'

const uuid = z.uuid()
const hash = z.string().regex(/^[0-9a-f]{64}$/)
const job = z.string().regex(/^[0-9a-f]{40}$/)
const fingerprint = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/)
const count = z.int().min(0)
const states = [
  ...['RECEIVED', 'QUEUED', 'LAUNCHING', 'LAUNCHED', 'READY', 'LOCKED', 'KEYED', 'RUNNING', 'UPLOADED', 'DONE', 'FAILED', 'CANCELLED'],
  ...['NONE', 'DOOMED', 'TERMINATING', 'GONE'],
  ...['OPEN', 'SEALED', 'CONSOLIDATING', 'COMPLETE', 'COMPLETE_WITH_FAILURES', 'QUIESCENT'],
] as const
const reasons = [
  // why a worker ended
  ...[
    'job-done',
    'job-failed',
    'interrupted',
    'died',
    'silent',
    'too-slow',
    'lifetime',
    'host-key-changed',
    'not-configured',
    'launch-refused',
  ],
  // why an upload was refused
  ...['name', 'overwritten', 'run-full', 'seal', 'sealed-otherwise'],
] as const

/** Every field a record may have beyond its frame. A new one is an id, a hash, a number or an enumeration of our own words. */
export const auditFields = z.strictObject({
  run: uuid.optional(),
  unit: z.union([uuid, z.literal('table')]).optional(),
  job: job.optional(),
  kind: z.enum(['sample', 'consolidate', 'seal']).optional(),
  attempt: z.int().min(1).max(1_000_000).optional(),
  instance: z
    .string()
    .regex(/^i-[0-9a-f]{17}$/)
    .optional(),
  state: z.enum(states).optional(),
  class: z.enum(failureClasses).optional(),
  code: z.enum(refusalCodes).optional(),
  reason: z.enum(reasons).optional(),
  /** Bytes. */
  size: count.optional(),
  count: count.optional(),
  /** How many of these there were. */
  samples: count.optional(),
  done: count.optional(),
  failed: count.optional(),
  refused: count.optional(),
  objects: count.optional(),
  workers: count.optional(),
  packets: count.optional(),
  /** Launch: place in the walk over types and subnets, lease epoch, exit code. */
  walk: count.optional(),
  epoch: count.optional(),
  exit: z.int().min(-1).max(255).optional(),
  /** SHA-256 of something that is kept elsewhere, or nowhere. */
  version: hash.optional(),
  token: hash.optional(),
  image: hash.optional(),
  request: hash.optional(),
  nonce: hash.optional(),
  wpkHash: hash.optional(),
  pkeskHash: hash.optional(),
  hostKey: hash.optional(),
  receipt: hash.optional(),
  manifest: hash.optional(),
  playbook: hash.optional(),
  output: hash.optional(),
  /** HMAC-SHA256 of a name that is not fit to be kept (`nameHmac`). */
  nameHmac: hash.optional(),
  /** Fingerprints of OpenPGP keys. */
  owner: fingerprint.optional(),
  homer: fingerprint.optional(),
})
export type AuditFields = z.infer<typeof auditFields>

const frame = {
  v: z.literal(1),
  seq: z.int().min(1),
  /** `hash` of the record before; 64 zeros for the first. */
  prev: hash,
  /** Milliseconds since the epoch, by the writer's clock. */
  at: z.int().min(0),
  by: z.enum(['intake', 'agent', 'key-host']),
  /** What happened: noun.verb. */
  ev: z
    .string()
    .max(64)
    .regex(/^[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)+$/),
  /** Names the intent, so that a record is written once however often its writer was interrupted. Made of ids. */
  op: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[A-Za-z0-9#/:._-]+$/),
}

/** What is hashed and signed. */
export const auditRecord = z.strictObject({ ...frame, ...auditFields.shape })
export type AuditRecord = z.infer<typeof auditRecord>

/** A line as it lies in the trail. */
export const auditLine = z.strictObject({
  record: auditRecord,
  /** Of the record's canonical form. */
  hash,
  keyId: z.string().max(64),
  /** Over `auditBytes` of the hash. */
  signature: z.base64().max(1024),
})
export type AuditLine = z.infer<typeof auditLine>

/** What is signed for a record: its hash, with the purpose in front. */
export const auditBytes = (hash: string): Uint8Array => Buffer.from(`skep audit v1 ${hash}`)

/** Which key signs the records of a writer. */
export const auditKeyId = (by: AuditRecord['by']): string => `audit-${by}`

/** The only form in which a name that was refused is kept: who has the name and the key can find it again, nobody else. */
export const nameHmac = (key: Uint8Array, name: string): string => createHmac('sha256', key).update(name).digest('hex')
