import type { Ledger, LedgerAnswer, LedgerWrite, Row } from '../../cloud/ports.ts'
import { CloudError } from '../../cloud/ports.ts'
import { byBytes, equalJson, invalid } from './checks.ts'

/** The ledger in memory: one step a write, so that every interleaving of callers is an order of writes. */
export class SimLedger implements Ledger {
  readonly #rows = new Map<string, Row>()
  readonly #applied = new Map<string, string>()

  async get(pk: string, sk: string): Promise<Row | undefined> {
    return structuredClone(this.#rows.get(nameOf(pk, sk)))
  }

  async query(pk: string, skPrefix = ''): Promise<readonly Row[]> {
    const rows = [...this.#rows.values()].filter((row) => row.pk === pk && row.sk.startsWith(skPrefix))
    return structuredClone(rows.toSorted((a, b) => byBytes(a.sk, b.sk)))
  }

  async write(write: LedgerWrite): Promise<LedgerAnswer> {
    validate(write)
    const content = JSON.stringify([write.puts, write.checks ?? []])
    const before = this.#applied.get(write.op)
    if (before !== undefined && before !== content) throw invalid(`ledger.write: op ${write.op} named another write before`)
    if (before !== undefined) return { applied: true }

    const failed = [
      ...write.puts.filter(({ pk, sk, ifRev }) => (this.#rows.get(nameOf(pk, sk))?.rev ?? 0) !== ifRev),
      ...(write.checks ?? []).filter(({ pk, sk, equals }) => {
        const body = this.#rows.get(nameOf(pk, sk))?.body
        return (
          body === undefined ||
          !Object.entries(equals).every(([field, value]) => Object.hasOwn(body, field) && equalJson(body[field], value))
        )
      }),
    ]
    if (failed.length > 0) {
      return { applied: false, conflicts: failed.map(({ pk, sk }) => ({ pk, sk, old: structuredClone(this.#rows.get(nameOf(pk, sk))) })) }
    }
    for (const { pk, sk, ifRev, body } of write.puts) {
      if (body === null) this.#rows.delete(nameOf(pk, sk))
      else this.#rows.set(nameOf(pk, sk), { pk, sk, rev: ifRev + 1, op: write.op, body: JSON.parse(JSON.stringify(body)) as Row['body'] })
    }
    this.#applied.set(write.op, content)
    return { applied: true }
  }

  /** All rows, for a test's own eyes. */
  rows(): readonly Row[] {
    return structuredClone([...this.#rows.values()])
  }
}

const nameOf = (pk: string, sk: string): string => JSON.stringify([pk, sk])

function validate({ op, puts, checks = [] }: LedgerWrite): void {
  if (op === '') throw invalid('ledger.write: expected an op')
  if (puts.length < 1 || puts.length > 100) throw invalid(`ledger.write ${op}: expected 1 to 100 rows, got ${puts.length}`)
  const names = [...puts, ...checks].map(({ pk, sk }) => nameOf(pk, sk))
  if (new Set(names).size < names.length) throw invalid(`ledger.write ${op}: a row is named twice`)
  for (const { pk, sk, ifRev, body } of puts) {
    if (!Number.isSafeInteger(ifRev) || ifRev < 0)
      throw new CloudError('InvalidArgument', `ledger.write ${op}: ifRev ${ifRev} of ${pk} ${sk}`)
    const size = Buffer.byteLength(JSON.stringify(body))
    if (size > 400_000) throw invalid(`ledger.write ${op}: body of ${pk} ${sk} has ${size} bytes, more than 400 KB`)
  }
}
