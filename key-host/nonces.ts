/** Nonces that are good once: durable rows, burnt by a conditional write before anything else is looked at. */
import type { Ledger, LedgerWrite, Row } from '../cloud/ports.ts'
import { digest } from '../custody/canonical.ts'
import type { Challenge, Context } from '../custody/messages.ts'
import { type KeyHost, Refused } from './host.ts'

const PARTITION = 'release#nonces'
/** Milliseconds that a worker has to answer. */
const LIFETIME = 120_000
/** An expired nonce is known as such for so long (ms), then forgotten. */
const REMEMBERED = 600_000

/** Whom a nonce is for. */
type Holder = Pick<Context, 'job' | 'attempt' | 'instance'>

/** A new nonce for one worker. */
export async function issueNonce({ cloud, random }: KeyHost, { job, attempt, instance }: Holder): Promise<Challenge> {
  const bytes = Buffer.from(random(32))
  const now = cloud.clock.now()
  await forgetOld(cloud.ledger, bytes.toString('hex').slice(0, 2), now)
  const expires = now + LIFETIME
  const body = { job, attempt, instance, expires, usedBy: null }
  const made = await cloud.ledger.write(write([{ pk: PARTITION, sk: bytes.toString('hex'), ifRev: 0, body }]))
  if (!made.applied) throw new Refused('unavailable', 'making a nonce: the same one was made before; ask again')
  return { nonce: bytes.toString('base64'), expires }
}

/**
 * Burns the nonce of a request. The request that burnt it may come again (its answer was lost, or the audit record could not be
 * written); any other request is refused.
 */
export async function burnNonce({ cloud }: KeyHost, context: Context, request: string): Promise<void> {
  const sk = Buffer.from(context.nonce, 'base64').toString('hex')
  const row = await cloud.ledger.get(PARTITION, sk)
  if (row === undefined || !isFor(row, context))
    throw new Refused('nonce-unknown', 'the nonce was not given to this worker for this attempt')
  const used = row.body['usedBy']
  if (used === request) return
  if (used !== null) throw new Refused('nonce-used', 'the nonce was used by another request')
  if (Number(row.body['expires']) <= cloud.clock.now()) throw new Refused('nonce-expired', 'the nonce is too old')
  const burnt = await cloud.ledger.write(write([{ pk: PARTITION, sk, ifRev: row.rev, body: { ...row.body, usedBy: request } }]))
  if (burnt.applied || burnt.conflicts[0]?.old?.body['usedBy'] === request) return
  throw new Refused('nonce-used', 'the nonce was used by another request')
}

const isFor = ({ body }: Row, { job, attempt, instance }: Holder): boolean =>
  body['job'] === job && body['attempt'] === attempt && body['instance'] === instance

/** Each new nonce sweeps one 256th of the old ones, so that the partition stays small and no call is long. */
async function forgetOld(ledger: Ledger, prefix: string, now: number): Promise<void> {
  const old = (await ledger.query(PARTITION, prefix)).filter(({ body }) => Number(body['expires']) + REMEMBERED < now).slice(0, 100)
  if (old.length > 0) await ledger.write(write(old.map(({ pk, sk, rev }) => ({ pk, sk, ifRev: rev, body: null }))))
}

/** Named by what it does, so that the same write sent again is recognised and another one never is. */
const write = (puts: LedgerWrite['puts']): LedgerWrite => ({ op: `nonce/${digest(puts)}`, puts })
