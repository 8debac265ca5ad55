/** Asks the key host, through the agent's relay, for the session keys of this job's objects. */
import { canonical, digest } from '../custody/canonical.ts'
import { afterRefusal } from '../custody/failures.ts'
import {
  answerSchema,
  type Challenge,
  type Context,
  challengeSchema,
  type Packets,
  type ReleaseAnswer,
  type ReleaseRequest,
  releasedKeysSchema,
} from '../custody/messages.ts'
import { readPublicKey, type SessionKey } from '../custody/openpgp.ts'
import { keyHash, packetsHash } from '../custody/packets.ts'
import { newSealKey, openSeal, type SealKey } from '../custody/seal.ts'
import { verifyAnswer } from '../custody/tickets.ts'
import type { WorkerConfig } from './config.ts'
import { SampleFailure, WorkerError } from './failure.ts'
import { waitFor } from './patience.ts'
import type { WorkerCloud } from './ports.ts'
import type { Relay } from './relay.ts'

export interface Released {
  readonly keys: readonly { readonly key: string; readonly version: string; readonly session: SessionKey }[]
  readonly audit: ReleaseAnswer['body']['audit']
  readonly owner: ReleaseAnswer['body']['owner']
  readonly homer: ReleaseAnswer['body']['homer']
  /** Overwrites the keys. */
  forget(): void
}

/** Resolves with the keys, from an answer that was signed by the key host for this very request. */
export async function askForKeys(config: WorkerConfig, cloud: WorkerCloud, relay: Relay, pkesks: readonly Packets[]): Promise<Released> {
  const wait = { limitMs: config.keyTimeoutMs, pollMs: config.pollMs }
  const until = cloud.clock.now() + config.keyTimeoutMs
  let nonce = ''
  let lastAnswer = ''
  for (let asked = 0; ; asked++) {
    const challenge = await waitFor(cloud.clock, { what: 'a challenge from the key host', ...wait }, () => nextChallenge(relay, nonce))
    nonce = challenge.nonce
    const mine = newSealKey()
    const request = await makeRequest(config, cloud, pkesks, mine, nonce)
    await relay.write('request', request, { ifAbsent: asked === 0 })
    await relay.ring()
    const answer = await waitFor(cloud.clock, { what: 'an answer of the key host', ...wait }, async () => {
      const found = await relay.read('answer')
      if (found === undefined || found.version === lastAnswer) return undefined
      lastAnswer = found.version
      return decide(found.value)
    })
    if (answer !== 'ask-again') return openAnswer(answer, cloud, request.ctx, mine, pkesks)
    if (cloud.clock.now() >= until) throw new WorkerError('the key host answered with nothing but refusals')
  }
}

/** A challenge that was not answered yet. */
async function nextChallenge(relay: Relay, used: string): Promise<Challenge | undefined> {
  const found = await relay.read('challenge')
  if (found === undefined) return undefined
  const challenge = challengeSchema.safeParse(found.value)
  if (!challenge.success) throw new WorkerError('challenge.json is not a challenge')
  return challenge.data.nonce === used ? undefined : challenge.data
}

async function makeRequest(
  { instance, attempt, signed }: WorkerConfig,
  { attestor }: WorkerCloud,
  pkesks: readonly Packets[],
  mine: SealKey,
  nonce: string,
): Promise<ReleaseRequest> {
  const ctx: Context = {
    v: 1,
    job: signed.ticket.job,
    attempt,
    instance,
    nonce,
    wpkHash: keyHash(mine.publicKey),
    pkeskHash: packetsHash(pkesks),
  }
  const proof = await attestor.prove(digest(ctx))
  return { op: 'release', signed, ctx, wpk: Buffer.from(mine.publicKey).toString('base64'), pkesks: [...pkesks], proof }
}

/** Undefined: a refusal that passes, so the next answer is waited for. */
function decide(value: unknown): ReleaseAnswer | 'ask-again' | undefined {
  const answer = answerSchema.safeParse(value)
  if (!answer.success) throw new WorkerError('answer.json is neither an answer nor a refusal')
  if ('body' in answer.data) return answer.data
  const code = answer.data.refused
  const next = afterRefusal(code)
  if (next === 'retry-same') return undefined
  if (next === 'retry-new-challenge') return 'ask-again'
  if (next === 'fatal') throw new WorkerError(`the key host refused: ${code}`)
  throw new SampleFailure(next, `the key host refused: ${code}`)
}

async function openAnswer(
  answer: ReleaseAnswer,
  { signer }: WorkerCloud,
  ctx: Context,
  mine: SealKey,
  pkesks: readonly Packets[],
): Promise<Released> {
  const { body } = answer
  if (!(await verifyAnswer(signer, answer))) throw new WorkerError('the answer is not signed by the key host')
  if (canonical(body.ctx) !== canonical(ctx)) throw new WorkerError('the answer is for another request')
  for (const { armored, fingerprint } of [body.owner, body.homer]) {
    if ((await readPublicKey(armored)).fingerprint !== fingerprint)
      throw new WorkerError('a public key in the answer is not the one it is said to be')
  }
  const plain = openSeal(body.box, mine, ctx)
  const keys = parseKeys(plain)
  plain.fill(0)
  const forget = () => {
    for (const { session } of keys) session.sessionKey.fill(0)
  }
  const covered = pkesks.every(({ key, version }) => keys.some((released) => released.key === key && released.version === version))
  if (!covered || keys.length !== pkesks.length) {
    forget()
    throw new WorkerError('the answer holds other keys than were asked for')
  }
  return { keys, audit: body.audit, owner: body.owner, homer: body.homer, forget }
}

function parseKeys(plain: Uint8Array): Released['keys'] {
  try {
    const { keys } = releasedKeysSchema.parse(JSON.parse(Buffer.from(plain).toString('utf8')))
    return keys.map(({ key, version, algorithm, sessionKey }) => ({
      key,
      version,
      session: { algorithm, sessionKey: new Uint8Array(Buffer.from(sessionKey, 'base64')) },
    }))
  } catch {
    // No cause: a parser's message may quote what it parsed.
    throw new WorkerError('the sealed box does not hold session keys')
  }
}
