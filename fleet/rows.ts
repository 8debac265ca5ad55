/**
 * What the ledger says of runs, jobs, workers and notices, and where each row lies. A job is one sample's work, or a run's
 * consolidation. Every row keeps its history: who reads the ledger sees each transition with its time.
 */
import type { Json, Launch, Ledger, LedgerWrite, Row } from '../cloud/ports.ts'
import type { AuditHead } from '../custody/audit.ts'
import type { FailureClass, SignedTicket } from '../custody/messages.ts'
import { TABLE } from '../custody/names.ts'

export type JobState =
  | 'RECEIVED'
  | 'QUEUED'
  | 'LAUNCHING'
  | 'LAUNCHED'
  | 'READY'
  | 'LOCKED'
  | 'KEYED'
  | 'RUNNING'
  | 'UPLOADED'
  | 'DONE'
  | 'FAILED'
  | 'CANCELLED'

/** What a worker is doing for its job. */
export type Stage = 'LAUNCHING' | 'LAUNCHED' | 'READY' | 'LOCKED' | 'KEYED' | 'RUNNING' | 'UPLOADED'
/** How far its end has come; independent of the stage. */
export type Sweep = 'NONE' | 'DOOMED' | 'TERMINATING' | 'GONE'
export type RunState = 'OPEN' | 'SEALED' | 'CONSOLIDATING' | 'COMPLETE' | 'COMPLETE_WITH_FAILURES'

/** Why a worker's end was decided. The first two are no fault of anybody; the rest count against the job's attempts, but for `interrupted`. */
export type DoomReason =
  | 'job-done'
  | 'job-failed'
  | 'interrupted' // the agent that held its launch key is gone, or was told to stop
  | 'died' // the cloud says it is gone
  | 'silent' // no heartbeat
  | 'too-slow' // a stage took longer than its limit
  | 'lifetime' // older than any worker may get
  | 'host-key-changed'
  | 'not-configured'
  | 'launch-refused'

interface Happened<S extends string> {
  readonly state: S
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly attempt?: number
  readonly worker?: string
  readonly class?: FailureClass
  readonly why?: string
}

export interface Run {
  readonly id: string
  readonly state: RunState
  /** Rows made so far; `expected` is said by the seal. */
  readonly received: number
  readonly expected: number | null
  /** Leave to consolidate, signed by intake when the seal came. */
  readonly consolidate: SignedTicket | null
  /** Nothing is left to do and nothing is left over. */
  readonly quiescent: boolean
  readonly auditHead: AuditHead | null
  readonly history: readonly Happened<RunState | 'QUIESCENT'>[]
}

export interface Job {
  readonly kind: 'sample' | 'consolidate'
  readonly run: string
  /** The sample's id, or TABLE. */
  readonly unit: string
  readonly job: string
  readonly state: JobState
  /** The number of the attempt under way, or of the last one; 0 before the first. Each worker is an attempt of its own. */
  readonly attempt: number
  /** Attempts that ended by a fault; three make the job FAILED. */
  readonly faults: number
  readonly worker: string | null
  readonly class: FailureClass | null
  readonly signed: SignedTicket
  /** Which attempt's files are the result. */
  readonly result: { readonly attempt: number; readonly files: number } | null
  /** Input, relay objects and dead attempts are deleted. */
  readonly cleared: boolean
  readonly history: readonly Happened<JobState>[]
}

export interface Receipt {
  readonly at: number
  /** What was looked at and found empty. */
  readonly looked: readonly string[]
  readonly audit: AuditHead
}

export type WorkerState = Lowercase<Stage> | 'doomed' | 'terminating' | 'gone'

export interface Worker {
  readonly id: string
  readonly kind: Job['kind']
  readonly run: string
  readonly unit: string
  readonly job: string
  readonly attempt: number
  /** Position in the list of (type, subnet) to try. */
  readonly walk: number
  /** Sent verbatim however often the launch is repeated. */
  readonly launch: Launch
  readonly instance: string | null
  readonly stage: Stage
  /** Since when it is at this stage, ms since the epoch. */
  readonly stageAt: number
  readonly sweep: Sweep
  readonly sweepAt: number
  readonly why: DoomReason | null
  /** The last heartbeat's number, and when the agent first saw it by its own clock. */
  readonly beat: { readonly seq: number; readonly seenAt: number } | null
  readonly receipt: Receipt | null
  readonly history: readonly Happened<WorkerState>[]
}

/** A row together with the revision that a write to it must name. */
export interface Stored<T> {
  readonly pk: string
  readonly sk: string
  readonly rev: number
  readonly value: T
}

export const RUNS = 'runs'
export const runPartition = (run: string): string => `run#${run}`
export const jobSort = (unit: string): string => `job#${unit}`
export const workerSort = (worker: string): string => `worker#${worker}`
export const noticeSort = (which: 'start' | 'done'): string => `notice#${which}`

export const terminal = (state: JobState): boolean => state === 'DONE' || state === 'FAILED' || state === 'CANCELLED'
export const finished = (run: Run): boolean => run.state === 'COMPLETE' || run.state === 'COMPLETE_WITH_FAILURES'

/** The body of a row; rows are made of JSON only, so nothing is lost on the way. */
export const toBody = (value: Run | Job | Worker | { sentAt: number }): Row['body'] => value as unknown as { [key: string]: Json }

/** A write of a row that was read, good only while nobody else wrote it. */
export const put = <T extends Run | Job | Worker>(row: Stored<T>, value: T): LedgerWrite['puts'][number] => ({
  pk: row.pk,
  sk: row.sk,
  ifRev: row.rev,
  body: toBody(value),
})

export const stored = <T>(row: Row): Stored<T> => ({ pk: row.pk, sk: row.sk, rev: row.rev, value: row.body as unknown as T })

/** Everything the ledger holds of one run. */
export interface RunRecord {
  readonly run: Stored<Run>
  readonly jobs: readonly Stored<Job>[]
  readonly workers: readonly Stored<Worker>[]
  readonly notices: ReadonlySet<string>
}

/** A run's own row; undefined when the ledger does not know it. */
export async function findRun(ledger: Ledger, id: string): Promise<Stored<Run> | undefined> {
  const row = await ledger.get(RUNS, id)
  return row === undefined ? undefined : stored<Run>(row)
}

/** Reads one run with all that belongs to it; undefined when the ledger does not know it. */
export async function readRun(ledger: Ledger, id: string): Promise<RunRecord | undefined> {
  const run = await findRun(ledger, id)
  return run === undefined ? undefined : readPartition(ledger, run)
}

/** Reads every run, or those that pass. */
export async function readRuns(ledger: Ledger, wanted: (run: Run) => boolean = () => true): Promise<readonly RunRecord[]> {
  const runs = (await ledger.query(RUNS)).map((row) => stored<Run>(row)).filter(({ value }) => wanted(value))
  return Promise.all(runs.map((run) => readPartition(ledger, run)))
}

async function readPartition(ledger: Ledger, run: Stored<Run>): Promise<RunRecord> {
  const rows = await ledger.query(runPartition(run.value.id))
  const of = (prefix: string) => rows.filter((row) => row.sk.startsWith(prefix))
  return {
    run,
    jobs: of('job#').map((row) => stored<Job>(row)),
    workers: of('worker#').map((row) => stored<Worker>(row)),
    notices: new Set(of('notice#').map((row) => row.sk)),
  }
}

/** A new job, as intake makes it of a sample and the reconciler of a sealed run. */
export function newJob(signed: SignedTicket, state: 'RECEIVED' | 'FAILED', at: number, failure: FailureClass | null = null): Job {
  const { ticket } = signed
  return {
    kind: ticket.kind,
    run: ticket.run,
    unit: ticket.kind === 'sample' ? ticket.unit : TABLE,
    job: ticket.job,
    state,
    attempt: 0,
    faults: 0,
    worker: null,
    class: failure,
    signed,
    result: null,
    cleared: false,
    history: [{ state: 'RECEIVED', at }, ...(state === 'FAILED' && failure !== null ? [{ state, at, class: failure }] : [])],
  }
}

/** The job in its next state, its history one longer. */
export function moveJob(job: Job, state: JobState, at: number, change: Partial<Job> = {}, why?: string): Job {
  const next = { ...job, ...change, state }
  const entry: Happened<JobState> = {
    state,
    at,
    ...(next.attempt > 0 ? { attempt: next.attempt } : {}),
    ...(next.worker === null ? {} : { worker: next.worker }),
    ...(next.class === null ? {} : { class: next.class }),
    ...(why === undefined ? {} : { why }),
  }
  return { ...next, history: [...job.history, entry] }
}

/** The worker at its next stage. */
export const moveWorker = (worker: Worker, stage: Stage, at: number, change: Partial<Worker> = {}): Worker => ({
  ...worker,
  ...change,
  stage,
  stageAt: at,
  history: [...worker.history, { state: stage.toLowerCase() as Lowercase<Stage>, at }],
})

/** The worker one step nearer its end. */
export const sweepWorker = (worker: Worker, sweep: Exclude<Sweep, 'NONE'>, at: number, change: Partial<Worker> = {}): Worker => {
  const why = change.why ?? worker.why
  return {
    ...worker,
    ...change,
    sweep,
    sweepAt: at,
    history: [...worker.history, { state: sweep.toLowerCase() as Lowercase<typeof sweep>, at, ...(why === null ? {} : { why }) }],
  }
}

export const moveRun = (run: Run, state: RunState, at: number, change: Partial<Run> = {}): Run => ({
  ...run,
  ...change,
  state,
  history: [...run.history, { state, at }],
})
