/**
 * One agent at a time. The lease is a row of the ledger; its epoch is the fencing token: every write of the holder carries
 * `check`, so that a holder which only believes it still holds can change nothing. Clocks decide how soon a dead holder is
 * replaced, never whether two may write.
 */
import { randomUUID } from 'node:crypto'
import * as z from 'zod'
import { type Clock, isCloudError, type Ledger, type LedgerAnswer, type LedgerWrite, type Row } from '../cloud/ports.ts'

export interface LeaseRequest {
  readonly name: string
  /** Of one process alone. Whoever comes with the holder's own name takes over at once, and fences its earlier self off. */
  readonly owner: string
  /** How long the lease is good without a renewal, in milliseconds. */
  readonly ttlMs: number
  /** Unique per call. */
  readonly newOp?: () => string
}

export interface Lease {
  /** Grows with each new holder. */
  readonly epoch: number
  /** For `LedgerWrite.checks`: refuses the write when this is no longer the holder. */
  readonly check: { readonly pk: string; readonly sk: string; readonly equals: { readonly epoch: number } }
  /** Milliseconds since the epoch, by this holder's clock. Others may take the lease from then on. */
  readonly expiresAt: number
  /** False: another one holds it, for good. Throws the ledger's error when that stays unknown: ask again. */
  renew(): Promise<boolean>
  /** Lets the next one in at once. Writes that are still under way with this epoch are refused from then on. */
  release(): Promise<void>
}

const pk = 'leases'
const bodySchema = z.strictObject({ owner: z.string(), epoch: z.int().min(1), until: z.int().min(0) })
const tries = 6

/** Takes the lease if it is free, expired or this owner's own; undefined while another one holds it. */
export async function acquireLease(ledger: Ledger, clock: Clock, request: LeaseRequest): Promise<Lease | undefined> {
  const { name, owner, ttlMs, newOp = randomUUID } = request
  if (!(Number.isSafeInteger(ttlMs) && ttlMs > 0)) throw new TypeError(`lease ${name}: expected ttlMs in whole milliseconds, got ${ttlMs}`)

  const write = (rev: number, body: z.infer<typeof bodySchema>): Promise<LedgerAnswer> =>
    persist(ledger, clock, { op: newOp(), puts: [{ pk, sk: name, ifRev: rev, body }] })

  const row = await patiently(clock, () => ledger.get(pk, name))
  const before = row && bodyOf(row)
  const now = clock.now()
  if (before !== undefined && before.owner !== owner && isHeld(before.until, now, ttlMs)) return undefined
  const epoch = (before?.epoch ?? 0) + 1
  const answer = await write(row?.rev ?? 0, { owner, epoch, until: now + ttlMs })
  if (!answer.applied) return undefined

  const state = { rev: (row?.rev ?? 0) + 1, expiresAt: now + ttlMs, lost: false, last: Promise.resolve() }

  /** Writes the row as its holder; false when it is another's. One at a time, else a holder would meet itself. */
  const hold = (wanted: () => z.infer<typeof bodySchema>): Promise<boolean> => {
    const turn = state.last.then(async () => {
      while (!state.lost) {
        const body = wanted()
        const held = await write(state.rev, body)
        if (held.applied) {
          Object.assign(state, { rev: state.rev + 1, expiresAt: body.until, lost: body.epoch !== epoch })
          return true
        }
        const old = held.conflicts[0]?.old
        // An earlier renewal whose answer stayed unknown may have been applied: same epoch, other revision.
        if (old !== undefined && bodyOf(old).epoch === epoch && old.rev !== state.rev) state.rev = old.rev
        else state.lost = true
      }
      return false
    })
    state.last = turn.then(ignore, ignore)
    return turn
  }

  return {
    epoch,
    check: { pk, sk: name, equals: { epoch } },
    get expiresAt() {
      return state.expiresAt
    },
    renew: () => hold(() => ({ owner, epoch, until: clock.now() + ttlMs })),
    release: async () => void (await hold(() => ({ owner: '', epoch: epoch + 1, until: 0 }))),
  }
}

/** A lease that claims to last much longer than any may was written under a wrong clock, and binds nobody. */
const isHeld = (until: number, now: number, ttlMs: number): boolean => until > now && until <= now + 2 * ttlMs

function bodyOf(row: Row): z.infer<typeof bodySchema> {
  const parsed = bodySchema.safeParse(row.body)
  if (parsed.success) return parsed.data
  throw new Error(
    `lease ${row.sk}: expected { owner, epoch, until } in its ledger row, got something else: ${parsed.error.issues[0]?.message}`,
  )
}

/** The same write until its answer is known: the ledger recognises its op. */
const persist = (ledger: Ledger, clock: Clock, write: LedgerWrite): Promise<LedgerAnswer> => patiently(clock, () => ledger.write(write))

async function patiently<T>(clock: Clock, ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask()
    } catch (error) {
      if (!isCloudError(error, 'Unavailable') || attempt === tries) throw error
      await clock.sleep(50 * 2 ** attempt)
    }
  }
}

function ignore(): void {}
