import { type Clock, isCloudError, type Ledger, type LedgerWrite } from '../cloud/ports.ts'
import type { Lease } from './lease.ts'

/** Another agent holds the lease: nothing that this one decided may be written any more. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
}

/** Writes rows as the holder of the lease. False when a row had changed meanwhile: the step was decided from stale facts and is dropped. */
export type Commit = (puts: LedgerWrite['puts']) => Promise<boolean>

const tries = 6

/**
 * A lost answer is asked for again with the same op, which the ledger recognises: that is why repeating is safe.
 * Throws LeaseLost when the lease's epoch is no longer ours, and the ledger's own error when it stays unavailable.
 */
export function committer(ledger: Ledger, clock: Clock, lease: Pick<Lease, 'check'>, newOp: () => string): Commit {
  return async function commit(puts) {
    const write: LedgerWrite = { op: newOp(), puts, checks: [lease.check] }
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await ledger.write(write)
        if (answer.applied) return true
        if (answer.conflicts.some(({ pk, sk }) => pk === lease.check.pk && sk === lease.check.sk))
          throw new LeaseLost('another agent holds the lease')
        return false
      } catch (error) {
        if (!isCloudError(error, 'Unavailable') || attempt === tries) throw error
        await clock.sleep(50 * 2 ** attempt)
      }
    }
  }
}
