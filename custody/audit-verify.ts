/** Reads the audit chain as a stranger would, with the public keys alone, and compares it with what others remember of it. */
import type { Ledger, Row, Signer, Trail } from '../cloud/ports.ts'
import { CloudError } from '../cloud/ports.ts'
import { type AuditHead, NOTHING_BEFORE, parseAuditLine, recordHash } from './audit.ts'
import { type AuditLine, auditBytes, auditKeyId } from './audit-record.ts'
import { verifySignature } from './tickets.ts'

/** A record that somebody outside of the chain knows to have been there. */
export interface KnownHead extends AuditHead {
  /** Who knows it: a ledger row. Shown in problems. */
  readonly where: string
}

export interface AuditVerdict {
  readonly records: number
  readonly ok: boolean
  /** One sentence each. Never what a line holds: that may be anything. */
  readonly problems: readonly string[]
}

/** Finds edits, deletions, insertions, changes of order, foreign signatures and, by the heads, a cut tail or a chain made anew. */
export async function verifyAudit(
  { trail, signer }: { readonly trail: Trail; readonly signer: Pick<Signer, 'publicKey'> },
  heads: readonly KnownHead[],
): Promise<AuditVerdict> {
  const lines = await trail.lines()
  const parsed = lines.map(parseAuditLine)
  const keys = await publicKeys(signer, parsed)
  const problems = [
    ...parsed.flatMap((line, index) => lineProblems(line, index, parsed, keys)),
    ...repeats(parsed),
    ...headProblems(parsed, heads),
  ]
  return { records: lines.length, ok: problems.length === 0, problems }
}

function lineProblems(
  line: AuditLine | undefined,
  index: number,
  all: readonly (AuditLine | undefined)[],
  keys: Map<string, string>,
): string[] {
  const place = `record ${index + 1}`
  if (line === undefined) return [`${place} is not an audit record in canonical form: it was edited`]
  const { record, hash } = line
  const problems: string[] = []
  if (record.seq !== index + 1) problems.push(`${place} says it is number ${record.seq}: records were deleted, inserted or moved before it`)
  if (recordHash(record) !== hash) problems.push(`${place} does not have the hash it names: it was edited`)
  const before = index === 0 ? NOTHING_BEFORE : all[index - 1]?.hash
  if (before !== undefined && record.prev !== before)
    problems.push(`${place} does not follow from the one before it: one of them was edited, deleted, inserted or moved`)
  if (line.keyId !== auditKeyId(record.by) || !signed(line, keys)) problems.push(`${place} is not signed by ${record.by}`)
  return problems
}

function signed({ hash, keyId, signature }: AuditLine, keys: Map<string, string>): boolean {
  const pem = keys.get(keyId)
  return pem !== undefined && verifySignature(pem, auditBytes(hash), Buffer.from(signature, 'base64'))
}

/** A writer never makes two records of one intent, so a second one was copied. */
function repeats(parsed: readonly (AuditLine | undefined)[]): string[] {
  const seen = new Set<string>()
  return parsed.flatMap((line, index) => {
    if (line === undefined) return []
    const intent = `${line.record.by} ${line.record.op}`
    if (seen.has(intent)) return [`record ${index + 1} tells again what an earlier record tells`]
    seen.add(intent)
    return []
  })
}

function headProblems(parsed: readonly (AuditLine | undefined)[], heads: readonly KnownHead[]): string[] {
  return heads.flatMap(({ seq, hash, where }) => {
    if (seq > parsed.length) return [`${where} knows record ${seq}, but the chain ends at ${parsed.length}: its tail was cut`]
    return parsed[seq - 1]?.hash === hash ? [] : [`${where} knows another record ${seq} than the chain holds: it was replaced`]
  })
}

async function publicKeys(signer: Pick<Signer, 'publicKey'>, parsed: readonly (AuditLine | undefined)[]): Promise<Map<string, string>> {
  const keys = new Map<string, string>()
  for (const id of new Set(parsed.flatMap((line) => (line === undefined ? [] : [auditKeyId(line.record.by)])))) {
    const pem = await signer.publicKey(id).catch((error: unknown) => {
      if (error instanceof CloudError && error.code === 'NotFound') return undefined
      throw error
    })
    if (pem !== undefined) keys.set(id, pem)
  }
  return keys
}

/** What the ledger remembers of the chain: rows of runs with an `auditHead`, or with a receipt that names its record. */
export async function ledgerHeads(ledger: Ledger): Promise<KnownHead[]> {
  const runs = await ledger.query('runs')
  const rows = (await Promise.all(runs.map((run) => ledger.query(`run#${run.sk}`)))).flat()
  return [...runs, ...rows].flatMap(headsOf)
}

function headsOf(row: Row): KnownHead[] {
  const receipt = row.body['receipt']
  const where = `ledger row ${row.pk} ${row.sk}`
  return [row.body['auditHead'], isRecord(receipt) ? receipt['audit'] : undefined].flatMap((head) => {
    if (!isRecord(head)) return []
    const { seq, hash } = head
    return typeof seq === 'number' && typeof hash === 'string'
      ? [{ seq, hash, where }]
      : [{ seq: Number.MAX_SAFE_INTEGER, hash: '', where }]
  })
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
