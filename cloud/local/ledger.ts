import { isDeepStrictEqual } from 'node:util'
import { printable } from '../../custody/names.ts'
import { CloudError, type Json, type Ledger, type LedgerAnswer, type LedgerWrite, type Row } from '../ports.ts'
import type { Gate } from './rights.ts'
import { type Database, integer, type SqlRow, text, transaction, unavailable } from './sqlite.ts'

const MAX_ROWS = 100
const MAX_BODY = 400 * 1024

type Place = { readonly pk: string; readonly sk: string }

/** The ledger as rows; what an operation did, and that it was done, become true in one transaction. */
export class LocalLedger implements Ledger {
  readonly #database: Database
  readonly #gate: Gate

  constructor(database: Database, gate: Gate) {
    this.#database = database
    this.#gate = gate
  }

  async get(pk: string, sk: string): Promise<Row | undefined> {
    this.#gate.ledger('get', pk)
    return this.#read(`reading ledger row ${printable(`${pk} ${sk}`)}`, () => this.#row({ pk, sk }))
  }

  async query(pk: string, skPrefix = ''): Promise<readonly Row[]> {
    this.#gate.ledger('query', pk)
    return this.#read(`reading ledger rows of ${printable(pk)}`, () => {
      const rows: Row[] = []
      // What begins with a prefix stands together, from the prefix on.
      for (const row of this.#database.prepare('SELECT * FROM ledger WHERE pk = ? AND sk >= ? ORDER BY sk').iterate(pk, skPrefix)) {
        const found = toRow(row)
        if (!found.sk.startsWith(skPrefix)) break
        rows.push(found)
      }
      return rows
    })
  }

  async write(write: LedgerWrite): Promise<LedgerAnswer> {
    const checks = write.checks ?? []
    for (const { pk } of [...write.puts, ...checks]) this.#gate.ledger('write', pk)
    validate(write)
    return transaction(this.#database, `writing ledger op ${printable(write.op)}`, () => {
      if (this.#database.prepare('SELECT op FROM operations WHERE op = ?').get(write.op) !== undefined) return { applied: true }
      const stale = write.puts.map((put) => ({ put, old: this.#row(put) })).filter(({ put, old }) => (old?.rev ?? 0) !== put.ifRev)
      const broken = checks.map((check) => ({ put: check, old: this.#row(check) })).filter(({ put, old }) => !holds(put.equals, old))
      const conflicts = [...stale, ...broken].map(({ put: { pk, sk }, old }) => ({ pk, sk, old }))
      if (conflicts.length > 0) return { applied: false, conflicts }
      for (const put of write.puts) this.#put(write.op, put)
      this.#database.prepare('INSERT INTO operations (op) VALUES (?)').run(write.op)
      return { applied: true }
    })
  }

  #put(op: string, { pk, sk, ifRev, body }: LedgerWrite['puts'][number]): void {
    if (body === null) this.#database.prepare('DELETE FROM ledger WHERE pk = ? AND sk = ?').run(pk, sk)
    else
      this.#database
        .prepare('REPLACE INTO ledger (pk, sk, rev, op, body) VALUES (?, ?, ?, ?, ?)')
        .run(pk, sk, ifRev + 1, op, JSON.stringify(body))
  }

  #row({ pk, sk }: Place): Row | undefined {
    const found = this.#database.prepare('SELECT * FROM ledger WHERE pk = ? AND sk = ?').get(pk, sk)
    return found && toRow(found)
  }

  #read<T>(doing: string, look: () => T): T {
    try {
      return look()
    } catch (error) {
      throw unavailable(doing, error)
    }
  }
}

const toRow = (row: SqlRow): Row => ({
  pk: text(row, 'pk'),
  sk: text(row, 'sk'),
  rev: integer(row, 'rev'),
  op: text(row, 'op'),
  body: JSON.parse(text(row, 'body')),
})

/** An absent row holds nothing, and an absent field equals nothing, also not null. */
function holds(equals: { readonly [field: string]: Json }, row: Row | undefined): boolean {
  return (
    row !== undefined &&
    Object.entries(equals).every(([field, value]) => Object.hasOwn(row.body, field) && isDeepStrictEqual(row.body[field], value))
  )
}

function validate({ op, puts, checks = [] }: LedgerWrite): void {
  const refuse = (expected: string, came: string): never => {
    throw new CloudError('InvalidArgument', `writing ledger op ${printable(op)}: expected ${expected}, got ${came}`)
  }
  if (op === '') refuse('an op', 'an empty one')
  if (puts.length < 1 || puts.length + checks.length > MAX_ROWS)
    refuse(`1 to ${MAX_ROWS} rows`, `${puts.length} and ${checks.length} checks`)
  const seen = new Set<string>()
  for (const { pk, sk } of [...puts, ...checks]) {
    if (pk === '' || sk === '') refuse('a pk and an sk', 'an empty one')
    const place = JSON.stringify([pk, sk])
    if (seen.has(place)) refuse('each row once', `${printable(place)} twice`)
    seen.add(place)
  }
  for (const { pk, sk, ifRev, body } of puts) {
    if (!Number.isSafeInteger(ifRev) || ifRev < 0) refuse('ifRev to be a whole number from 0', String(ifRev))
    if (body !== null && (!isJson(body) || Array.isArray(body)))
      refuse(`the body of ${printable(`${pk} ${sk}`)} to be an object of JSON values`, 'something else')
    const bytes = Buffer.byteLength(JSON.stringify(body))
    if (bytes >= MAX_BODY) refuse(`the body of ${printable(`${pk} ${sk}`)} to stay under ${MAX_BODY} bytes`, String(bytes))
  }
}

function isJson(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (Array.isArray(value)) return value.every(isJson)
  return typeof value === 'object' && Object.values(value).every(isJson)
}
