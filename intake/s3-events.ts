/**
 * What S3 tells the intake Lambda, read strictly. Each record is judged by itself: one that is off never hides one that is
 * good. A refusal is a word of our own, so that no name that a stranger chose gets any further.
 */
import * as z from 'zod'
import { type ObjectEvent, objectEventSchema } from '../custody/messages.ts'

/**
 * `shape`: not a record as S3 makes it. `event`: neither a put nor a removal. `bucket`: of another bucket. `key`: no text when
 * decoded, or too long. `version`: the put has none, so its bytes could be others tomorrow.
 */
type Refusal = 'shape' | 'event' | 'bucket' | 'key' | 'version'

export type Told =
  | { readonly kind: 'put'; readonly event: ObjectEvent }
  | { readonly kind: 'removed' }
  /** S3 asks whether anybody is there, once, when the notification is set up. */
  | { readonly kind: 'test' }
  | { readonly kind: 'refused'; readonly why: Refusal }

// S3 adds fields as it likes within version 2 (their minor version says so): what is not named here is not looked at.
const recordSchema = z.object({
  eventVersion: z
    .string()
    .max(16)
    .regex(/^2\.[0-9]+$/),
  eventSource: z.literal('aws:s3'),
  eventName: z
    .string()
    .max(64)
    .regex(/^[A-Za-z]+(:[A-Za-z]+)?$/),
  s3: z.object({
    bucket: z.object({ name: z.string().min(3).max(63) }),
    object: z.object({
      /** Percent-encoded: three characters for each of at most 1,024 bytes. */
      key: z.string().min(1).max(3072),
      size: z.int().min(0).optional(),
      versionId: z.string().min(1).max(1024).optional(),
    }),
  }),
})
const eventSchema = z.object({ Records: z.array(z.unknown()).min(1).max(1000) })
const testSchema = z.object({ Service: z.literal('Amazon S3'), Event: z.literal('s3:TestEvent'), Bucket: z.string() })

/** What an event of the bucket `input` tells, record by record and in their order. */
export function readS3Event(payload: unknown, input: string): readonly Told[] {
  const test = testSchema.safeParse(payload).data
  if (test !== undefined) return [test.Bucket === input ? { kind: 'test' } : refused('bucket')]
  const event = eventSchema.safeParse(payload).data
  return event === undefined ? [refused('shape')] : event.Records.map((record) => readRecord(record, input))
}

function readRecord(value: unknown, input: string): Told {
  const record = recordSchema.safeParse(value).data
  if (record === undefined) return refused('shape')
  const { bucket, object } = record.s3
  if (bucket.name !== input) return refused('bucket')
  if (/^(ObjectRemoved|LifecycleExpiration):/.test(record.eventName)) return { kind: 'removed' }
  if (!record.eventName.startsWith('ObjectCreated:')) return refused('event')
  if (object.size === undefined) return refused('shape')
  // A bucket without versions, or one where they were suspended.
  if (object.versionId === undefined || object.versionId === 'null') return refused('version')
  const event = objectEventSchema.safeParse({ key: decoded(object.key), version: object.versionId, size: object.size }).data
  return event === undefined ? refused('key') : { kind: 'put', event }
}

/** Decoded once, as S3 encoded it: a plus is a space. */
function decoded(key: string): string | undefined {
  try {
    const text = decodeURIComponent(key.replaceAll('+', ' '))
    return text.isWellFormed() ? text : undefined
  } catch {
    return undefined
  }
}

const refused = (why: Refusal): Told => ({ kind: 'refused', why })
