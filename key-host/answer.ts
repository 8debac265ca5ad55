/** One request in, one answer out. Whatever goes wrong is a refusal, and every refusal is audited. */
import * as z from 'zod'
import { CloudError } from '../cloud/ports.ts'
import { appendAudit } from '../custody/audit.ts'
import type { AuditFields } from '../custody/audit-record.ts'
import { digest, sha256 } from '../custody/canonical.ts'
import {
  type Challenge,
  type ChallengeRequest,
  challengeRequestSchema,
  type Refusal,
  type ReleaseAnswer,
  releaseRequestSchema,
} from '../custody/messages.ts'
import { PgpError } from '../custody/pgp-packets.ts'
import { ticketHolds } from './checks.ts'
import { type KeyHost, Refused } from './host.ts'
import { issueNonce } from './nonces.ts'
import { release } from './release.ts'
import { readReleases } from './releases.ts'

const requestSchema = z.discriminatedUnion('op', [challengeRequestSchema, releaseRequestSchema])
type Request = z.infer<typeof requestSchema>

export type Answer = Challenge | ReleaseAnswer | Refusal

/** `text`: what came in. Never throws. */
export async function answer(host: KeyHost, text: string): Promise<Answer> {
  const request = parse(text)
  if (request === undefined)
    return refuse(host, sha256(text), {}, new Refused('bad-request', 'expected one challenge or release request as JSON'))
  try {
    return request.op === 'challenge' ? await challenge(host, request) : await release(host, request)
  } catch (error) {
    return refuse(host, digest(request), aboutOf(request), error)
  }
}

async function challenge(host: KeyHost, { signed, attempt, instance }: ChallengeRequest): Promise<Challenge> {
  await ticketHolds(host, signed)
  const { job } = signed.ticket
  const released = (await readReleases(host.cloud.ledger, job)).all.find((one) => one.attempt === attempt)
  if (released !== undefined && released.instance !== instance)
    throw new Refused('released-to-another', `attempt ${attempt} of this job was released to ${released.instance}`)
  return issueNonce(host, { job, attempt, instance })
}

/** Of an unforeseen error only its kind is told: its words could hold anything. */
async function refuse(host: KeyHost, request: string, about: AuditFields, error: unknown): Promise<Refusal> {
  const { code, message } =
    error instanceof Refused
      ? error
      : new Refused('unavailable', `the key host could not finish (${kindOf(error)}); send the same request again`)
  const event = { ev: 'key.refused', op: `refused/${request}/${code}`, ...about, request, code }
  // A refusal stands, audited or not.
  await appendAudit(host.cloud, 'keyHost', event).catch(() => undefined)
  return { refused: code, message }
}

const kindOf = (error: unknown): string => (error instanceof CloudError ? error.code : error instanceof PgpError ? error.code : 'defect')

/** What the request says it is about. Nothing of it is proved, but by its schema it can only be ids. */
function aboutOf(request: Request): AuditFields {
  const { run, unit, job, kind } = request.signed.ticket
  const { attempt, instance } = request.op === 'release' ? request.ctx : request
  return { run, unit, job, kind, attempt, instance }
}

function parse(text: string): Request | undefined {
  try {
    return requestSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
