/** What was released: rows `attempt#N` of partition `release#<job>`, counted by one more row, with the answers in pieces beside them. */
import type { Ledger, LedgerWrite } from '../cloud/ports.ts'
import { canonical, digest, sha256 } from '../custody/canonical.ts'
import { type Context, type ReleaseAnswer, releaseAnswerSchema } from '../custody/messages.ts'
import { Refused } from './host.ts'

/** One release: to which instance, by which request. */
export interface Release {
  readonly attempt: number
  readonly instance: string
  /** Digest of the request. */
  readonly request: string
  /** SHA-256 of the answer; undefined while it was not given yet. */
  readonly answer: string | undefined
  readonly rev: number
}

/** A job's releases at one moment. A claim holds only if nothing was released since. */
export interface Releases {
  readonly all: readonly Release[]
  readonly countRev: number
}

/** A row holds up to 400 KB; a run of many samples gets a longer answer. */
const PIECE = 300_000

const partition = (job: string): string => `release#${job}`
const attemptSk = (attempt: number): string => `attempt#${attempt}`
const answerSk = (attempt: number, answer: string): string => `answer#${attempt}#${answer}#`

/** The count is read first: what is released after that makes a claim fail. */
export async function readReleases(ledger: Ledger, job: string): Promise<Releases> {
  const count = await ledger.get(partition(job), 'count')
  const rows = await ledger.query(partition(job), 'attempt#')
  const all = rows.map(({ body, rev }) => {
    const answer = body['answer']
    return {
      attempt: Number(body['attempt']),
      instance: String(body['instance']),
      request: String(body['request']),
      answer: typeof answer === 'string' ? answer : undefined,
      rev,
    }
  })
  return { all, countRev: count?.rev ?? 0 }
}

/** Makes this attempt the worker's, by this request. Refused when anything was released for the job since `releases` were read. */
export async function claim(
  ledger: Ledger,
  { all, countRev }: Releases,
  { job, attempt, instance }: Context,
  request: string,
  now: number,
): Promise<void> {
  if (all.some((release) => release.attempt === attempt && release.request === request)) return
  const pk = partition(job)
  const answer = await ledger.write(
    write([
      { pk, sk: 'count', ifRev: countRev, body: { count: all.length + 1 } },
      { pk, sk: attemptSk(attempt), ifRev: 0, body: { attempt, instance, request, at: now, answer: null } },
    ]),
  )
  if (!answer.applied) throw new Refused('unavailable', 'another request for this job is being decided; send this one again')
}

/** Keeps the answer so that the same request gets the same one. Where somebody kept one meanwhile, that one is returned. */
export async function keepAnswer(
  ledger: Ledger,
  { job, attempt }: Context,
  request: string,
  answer: ReleaseAnswer,
): Promise<ReleaseAnswer> {
  const pk = partition(job)
  const text = canonical(answer)
  const hash = sha256(text)
  for (let from = 0; from < text.length; from += PIECE) {
    const sk = `${answerSk(attempt, hash)}${String(from / PIECE).padStart(3, '0')}`
    await ledger.write(write([{ pk, sk, ifRev: 0, body: { text: text.slice(from, from + PIECE) } }]))
  }
  const row = await ledger.get(pk, attemptSk(attempt))
  if (row?.body['request'] !== request)
    throw new Refused('unavailable', 'the release of this attempt is not to be found; send the request again')
  if (row.body['answer'] === null) {
    const kept = await ledger.write(write([{ pk, sk: row.sk, ifRev: row.rev, body: { ...row.body, answer: hash } }]))
    if (kept.applied) return answer
  }
  return givenAnswer(ledger, job, attempt, request)
}

/** The answer that was kept for this very request. */
async function givenAnswer(ledger: Ledger, job: string, attempt: number, request: string): Promise<ReleaseAnswer> {
  const release = (await readReleases(ledger, job)).all.find((one) => one.attempt === attempt && one.request === request)
  const answer = release && (await keptAnswer(ledger, job, release))
  if (answer === undefined) throw new Refused('unavailable', 'the answer of this release is not to be found; send the request again')
  return answer
}

/** What was answered to a release; undefined while it was not. */
export async function keptAnswer(ledger: Ledger, job: string, { attempt, answer }: Release): Promise<ReleaseAnswer | undefined> {
  if (answer === undefined) return undefined
  const pieces = await ledger.query(partition(job), answerSk(attempt, answer))
  const text = pieces.map(({ body }) => String(body['text'])).join('')
  if (sha256(text) !== answer) throw new Refused('unavailable', 'the kept answer of this release is damaged')
  return releaseAnswerSchema.parse(JSON.parse(text))
}

const write = (puts: LedgerWrite['puts']): LedgerWrite => ({ op: `release/${digest(puts)}`, puts })
