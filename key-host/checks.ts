/** What has to hold before a key is given. Each check is one question; the first that fails refuses. */
import { CloudError, type Instance, isCloudError } from '../cloud/ports.ts'
import { digest } from '../custody/canonical.ts'
import type { Packets, ReleaseRequest, SignedTicket } from '../custody/messages.ts'
import { parseIncoming } from '../custody/names.ts'
import { keyHash, packetsHash, publishedPackets, samplePackets } from '../custody/packets.ts'
import { PgpError } from '../custody/pgp-packets.ts'
import { verifyTicket } from '../custody/tickets.ts'
import { type KeyHost, Refused } from './host.ts'
import { burnNonce } from './nonces.ts'
import type { Releases } from './releases.ts'

/** A request as the checks see it. */
export interface Asked {
  readonly host: KeyHost
  readonly request: ReleaseRequest
  /** Digest of the request. */
  readonly hash: string
  /** What was released for this job before. */
  readonly releases: Releases
}

const MOST_RELEASES = 3

/** In this order. The nonce goes first, so that no request can be tried twice in two forms. */
export const checks: readonly ((asked: Asked) => Promise<void> | void)[] = [
  nonceIsBurntForThisRequest,
  ticketIsSignedByIntake,
  contextFitsTheRequest,
  packetsAreThoseOfTheObjects,
  identityHolds,
  instanceRunsForThisAttempt,
  attemptIsNotReleasedToAnother,
  releasesAreLeft,
  earlierInstancesAreGone,
]

function nonceIsBurntForThisRequest({ host, request, hash }: Asked): Promise<void> {
  return burnNonce(host, request.ctx, hash)
}

async function ticketIsSignedByIntake({ host, request }: Asked): Promise<void> {
  await ticketHolds(host, request.signed)
}

/** Used before a nonce is given, too. */
export async function ticketHolds({ cloud }: KeyHost, signed: SignedTicket): Promise<void> {
  if (!(await verifyTicket(cloud.signer, signed)))
    throw new Refused('ticket-invalid', 'the ticket was not signed by intake, or was changed')
  const { ticket } = signed
  if (ticket.kind === 'consolidate') return
  const named = parseIncoming(ticket.object.key)
  if (named?.kind !== 'sample' || named.run !== ticket.run || named.sample !== ticket.unit)
    throw new Refused('ticket-invalid', 'the ticket names an object of another sample')
}

function contextFitsTheRequest({ request: { ctx, wpk, pkesks, proof, signed } }: Asked): void {
  const key = Buffer.from(wpk, 'base64')
  if (ctx.job !== signed.ticket.job) throw mismatch('the job is not that of the ticket')
  if (ctx.instance !== proof.instance) throw mismatch('the proof is of another instance')
  if (key.length !== 32 || ctx.wpkHash !== keyHash(key)) throw mismatch('the public key is another one')
  if (ctx.pkeskHash !== packetsHash(pkesks)) throw mismatch('the session-key packets are others')
}

const mismatch = (what: string): Refused => new Refused('context-mismatch', `the request does not fit its context: ${what}`)

/** The key host reads them itself: what the request brings is only compared. */
async function packetsAreThoseOfTheObjects({ host, request }: Asked): Promise<void> {
  const own = await ownPackets(host, request.signed.ticket).catch((error: unknown) => {
    if (error instanceof PgpError) throw new Refused('not-pgp', 'the object is not a message encrypted to a public key', { cause: error })
    if (isCloudError(error, 'NotFound')) throw new Refused('input-missing', 'the object of the ticket is not there', { cause: error })
    throw error
  })
  if (own.length === 0) throw new Refused('packets-mismatch', 'the run has published no result that could be consolidated')
  if (packetsHash(own) !== request.ctx.pkeskHash)
    throw new Refused('packets-mismatch', 'the session-key packets are not those that the objects of this job begin with')
}

async function ownPackets({ cloud }: KeyHost, ticket: SignedTicket['ticket']): Promise<readonly Packets[]> {
  return ticket.kind === 'sample' ? [await samplePackets(cloud.objects, ticket.object)] : publishedPackets(cloud.objects, ticket.run)
}

async function identityHolds({ host, request: { ctx, proof } }: Asked): Promise<void> {
  const shown = await host.cloud.attestor.verify(proof, digest(ctx)).catch((error: unknown) => {
    if (error instanceof CloudError && error.code === 'Unavailable') throw error
    throw new Refused('identity-invalid', 'the proof of identity does not hold for this request', { cause: error })
  })
  if (shown.instance !== ctx.instance) throw new Refused('identity-invalid', 'the proof of identity is of another instance')
}

async function instanceRunsForThisAttempt({ host, request: { ctx, signed } }: Asked): Promise<void> {
  const { tags } = await runningInstance(host, ctx.instance)
  if (tags['job'] !== ctx.job || tags['attempt'] !== String(ctx.attempt) || tags['kind'] !== signed.ticket.kind)
    throw new Refused('instance-not-of-this-job', `${ctx.instance} was launched for something else`)
}

/** The instance as the key host itself sees it. */
export async function runningInstance({ cloud }: KeyHost, id: string): Promise<Instance> {
  const instance = (await cloud.compute.describe()).find((one) => one.id === id)
  if (instance?.state === 'running') return instance
  throw new Refused('instance-not-running', `${id} is ${instance === undefined ? 'not there' : instance.state}, not running`)
}

function attemptIsNotReleasedToAnother({ request: { ctx }, hash, releases }: Asked): void {
  const released = releases.all.find(({ attempt }) => attempt === ctx.attempt)
  if (released === undefined || released.request === hash) return
  throw new Refused(
    'released-to-another',
    `attempt ${ctx.attempt} of this job was released before, to ${released.instance}, by another request`,
  )
}

function releasesAreLeft({ request: { ctx }, releases }: Asked): void {
  const others = releases.all.filter(({ attempt }) => attempt !== ctx.attempt).length
  if (others >= MOST_RELEASES) throw new Refused('too-many-attempts', `the key of this job was released ${others} times, which is the most`)
}

async function earlierInstancesAreGone({ host, request: { ctx }, releases }: Asked): Promise<void> {
  const others = releases.all.filter(({ attempt }) => attempt !== ctx.attempt)
  if (others.length === 0) return
  const instances = await host.cloud.compute.describe()
  const alive = others.find(({ instance }) => instances.some(({ id, state }) => id === instance && state !== 'terminated'))
  if (alive === undefined) return
  throw new Refused('previous-attempt-alive', `${alive.instance} of attempt ${alive.attempt} has the key of this job and is not gone yet`)
}
