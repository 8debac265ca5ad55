/** Gives a worker the session keys of its own objects, and of nothing else. The audit record comes first: no record, no key. */
import { type AuditHead, appendAudit } from '../custody/audit.ts'
import { digest, sha256 } from '../custody/canonical.ts'
import type { Packets, ReleaseAnswer, ReleasedKeys, ReleaseRequest } from '../custody/messages.ts'
import { type PublicKey, publicHalf, type SessionKey, unwrapSessionKeys } from '../custody/openpgp.ts'
import { PgpError } from '../custody/pgp-packets.ts'
import { seal } from '../custody/seal.ts'
import { signAnswer } from '../custody/tickets.ts'
import { checks, runningInstance } from './checks.ts'
import { homerKey } from './homer-key.ts'
import { type KeyHost, Refused } from './host.ts'
import { enrolledOwner } from './owners.ts'
import { claim, keepAnswer, keptAnswer, type Releases, readReleases } from './releases.ts'

/** Throws Refused. The same request again gets the same answer, as long as its instance runs. */
export async function release(host: KeyHost, request: ReleaseRequest): Promise<ReleaseAnswer> {
  const { ledger, clock } = host.cloud
  const hash = digest(request)
  const releases = await readReleases(ledger, request.ctx.job)
  const given = await answerGivenBefore(host, request, hash, releases)
  if (given !== undefined) return given
  for (const check of checks) await check({ host, request, hash, releases })
  const owner = await ownerOf(host, request.signed.ticket.run)
  const homer = await homerOf(host)
  await claim(ledger, releases, request.ctx, hash, clock.now())
  const audit = await record(host, request, { hash, owner, homer: homer.public })
  const keys = await unwrap(homer.secret, request.pkesks)
  const answer = await sealed(host, request, keys, { audit, owner, homer: homer.public })
  return keepAnswer(ledger, request.ctx, hash, answer)
}

async function answerGivenBefore(
  host: KeyHost,
  { ctx }: ReleaseRequest,
  hash: string,
  { all }: Releases,
): Promise<ReleaseAnswer | undefined> {
  const same = all.find((one) => one.attempt === ctx.attempt && one.request === hash && one.answer !== undefined)
  if (same === undefined) return undefined
  await runningInstance(host, same.instance)
  return keptAnswer(host.cloud.ledger, ctx.job, same)
}

async function ownerOf({ cloud }: KeyHost, run: string): Promise<PublicKey> {
  const owner = await enrolledOwner(cloud.secrets, run).catch((error: unknown) => {
    if (error instanceof PgpError) throw new Refused('owner-unknown', "the owner's key of this run can no longer be used", { cause: error })
    throw error
  })
  if (owner === undefined) throw new Refused('owner-unknown', "no owner's key was enrolled for this run")
  return owner
}

async function homerOf({ cloud }: KeyHost): Promise<{ readonly secret: string; readonly public: PublicKey }> {
  const secret = await homerKey(cloud.secrets)
  if (secret === undefined) throw new Refused('unavailable', 'the key host holds no HomerKey; make it with: skep key init')
  return { secret, public: await publicHalf(secret) }
}

async function record(
  { cloud }: KeyHost,
  { ctx, signed: { ticket }, pkesks }: ReleaseRequest,
  { hash, owner, homer }: { readonly hash: string; readonly owner: PublicKey; readonly homer: PublicKey },
): Promise<AuditHead> {
  try {
    return await appendAudit(cloud, 'keyHost', {
      ev: 'key.release',
      op: `release/${ctx.job}/${ctx.attempt}/${hash}`,
      run: ticket.run,
      unit: ticket.unit,
      job: ctx.job,
      kind: ticket.kind,
      attempt: ctx.attempt,
      instance: ctx.instance,
      request: hash,
      nonce: sha256(ctx.nonce),
      wpkHash: ctx.wpkHash,
      pkeskHash: ctx.pkeskHash,
      packets: pkesks.length,
      owner: owner.fingerprint,
      homer: homer.fingerprint,
    })
  } catch (cause) {
    throw new Refused('audit-unavailable', 'the audit record could not be written, so no key is given; send the same request again', {
      cause,
    })
  }
}

async function unwrap(secret: string, pkesks: readonly Packets[]): Promise<SessionKey[]> {
  const packets = pkesks.map((one) => Buffer.from(one.packets, 'base64'))
  return unwrapSessionKeys(secret, packets).catch((cause: unknown) => {
    if (cause instanceof PgpError && cause.code === 'not-pgp')
      throw new Refused('not-pgp', 'the session-key packets cannot be read', { cause })
    if (cause instanceof PgpError && cause.code === 'wrong-key')
      throw new Refused('wrong-key', 'the object was encrypted to another key', { cause })
    throw cause
  })
}

async function sealed(
  { cloud }: KeyHost,
  { ctx, wpk, pkesks }: ReleaseRequest,
  keys: readonly SessionKey[],
  known: { readonly audit: AuditHead; readonly owner: PublicKey; readonly homer: PublicKey },
): Promise<ReleaseAnswer> {
  const plain = Buffer.from(JSON.stringify(releasedKeys(pkesks, keys)))
  try {
    const box = seal(Buffer.from(wpk, 'base64'), plain, ctx)
    return await signAnswer(cloud.signer, { v: 1, ctx, box, ...known })
  } finally {
    plain.fill(0)
    for (const { sessionKey } of keys) sessionKey.fill(0)
  }
}

function releasedKeys(pkesks: readonly Packets[], keys: readonly SessionKey[]): ReleasedKeys {
  return {
    keys: keys.map(({ algorithm, sessionKey }, index) => {
      const { key = '', version = '' } = pkesks[index] ?? {}
      return { key, version, algorithm, sessionKey: Buffer.from(sessionKey).toString('base64') }
    }),
  }
}
