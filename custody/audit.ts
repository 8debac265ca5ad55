/** The audit chain: one signed line an event, each holding the hash of the one before. */
import { type Cloud, CloudError, type Json } from '../cloud/ports.ts'
import { type AuditFields, type AuditLine, type AuditRecord, auditBytes, auditFields, auditLine, auditRecord } from './audit-record.ts'
import { canonical, digest } from './canonical.ts'

/** Where a record stands in the chain. Kept in ledger rows and results, so that a cut tail is found. */
export interface AuditHead {
  readonly seq: number
  readonly hash: string
}

export type AuditEvent = { readonly ev: string; readonly op: string } & AuditFields

const writers = { intake: 'intake', agent: 'agent', keyHost: 'key-host' } as const
const TRIES = 50

/** What the first record says of the one before it. */
export const NOTHING_BEFORE = '0'.repeat(64)

/**
 * Appends a record and resolves once it is durable. The record with the same `op` by the same writer is found again instead of
 * written twice. Throws RangeError for a field that may not be in the chain, CloudError `Unavailable` when no place could be had.
 */
export async function appendAudit(
  { trail, signer, clock }: Pick<Cloud, 'trail' | 'signer' | 'clock'>,
  role: keyof typeof writers,
  event: AuditEvent,
): Promise<AuditHead> {
  const by = writers[role]
  checkFields(event)
  for (let tries = 1; tries <= TRIES; tries++) {
    const lines = await trail.lines()
    const there = findOp(lines, by, event.op)
    if (there !== undefined) return there
    const record = checked({ v: 1, ...event, seq: lines.length + 1, prev: hashOfLast(lines), at: clock.now(), by })
    const hash = digest(record)
    const { keyId, signature } = await signer.sign('audit', auditBytes(hash))
    const line = canonical({ record, hash, keyId, signature: Buffer.from(signature).toString('base64') })
    if (await trail.append(lines.length + 1, line)) return { seq: lines.length + 1, hash }
    await clock.sleep(stepAside(tries, hash))
  }
  throw new CloudError('Unavailable', `appending ${event.ev} to the audit chain: its end was taken by others ${TRIES} times; try again`)
}

/** A line's content; undefined when it is not in canonical form, or holds anything that a record may not. */
export function parseAuditLine(line: string): AuditLine | undefined {
  try {
    const parsed = auditLine.safeParse(JSON.parse(line))
    return parsed.success && canonical(plain(parsed.data)) === line ? parsed.data : undefined
  } catch {
    return undefined
  }
}

/** A record as it is hashed. */
export const recordHash = (record: AuditRecord): string => digest(plain(record))

/** Writers that met at the end step aside for different lengths of time (ms). */
const stepAside = (tries: number, hash: string): number => 1 + (Number.parseInt(hash.slice(0, 4), 16) % Math.min(5 * tries, 60))

/** The value is not shown: it is refused for what it may be. */
function checkFields({ ev: _ev, op: _op, ...fields }: AuditEvent): void {
  const { error } = auditFields.safeParse(fields)
  if (error === undefined) return
  const names = error.issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : issue.path.map(String)))
  throw new RangeError(`appending to the audit chain: expected ids, hashes, numbers and known words; refused: ${JSON.stringify(names)}`)
}

function checked(fields: AuditRecord): Json {
  const { data, error } = auditRecord.safeParse(fields)
  if (data !== undefined) return plain(data)
  const names = error.issues.map((issue) => issue.path.join('.'))
  throw new RangeError(`appending to the audit chain: not of the form that a record has: ${JSON.stringify(names)}`)
}

/** Looks from the end, since what is asked for again is mostly recent; and searches the text first, since parsing is dear. */
function findOp(lines: readonly string[], by: AuditRecord['by'], op: string): AuditHead | undefined {
  const text = `"op":${JSON.stringify(op)}`
  const index = lines.findLastIndex((line) => {
    const found = line.includes(text) ? parseAuditLine(line) : undefined
    return found?.record.op === op && found.record.by === by
  })
  const found = parseAuditLine(lines[index] ?? '')
  return found && { seq: found.record.seq, hash: found.hash }
}

function hashOfLast(lines: readonly string[]): string {
  const last = lines.at(-1)
  if (last === undefined) return NOTHING_BEFORE
  const parsed = parseAuditLine(last)
  if (parsed !== undefined) return parsed.hash
  throw new CloudError('InvalidArgument', `appending to the audit chain: its line ${lines.length} is no record; see \`skep audit verify\``)
}

/** Drops what is there but undefined, which canonical JSON does not know. */
const plain = (value: object): Json => JSON.parse(JSON.stringify(value))
