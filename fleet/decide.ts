/**
 * The reconciler's mind: from what was observed to the steps that bring the world nearer to what the ledger wants.
 * Level-triggered and pure: no step depends on a message having come, and deciding twice from the same facts gives the same
 * steps. Each step is carried out with conditional writes, so a step decided from stale facts fails and is decided anew.
 */
import type { Instance } from '../cloud/ports.ts'
import type { FailureClass } from '../custody/messages.ts'
import type { Limits } from './limits.ts'
import { type DoomReason, finished, type Job, noticeSort, type RunRecord, type Stored, terminal, type Worker } from './rows.ts'

/** What lies at a worker's relay place; challenge and request by their versions, which change with each put. */
export interface RelaySeen {
  readonly challenge?: string
  readonly request?: string
  readonly beat?: { readonly seq: number; readonly running: boolean }
  readonly end?: { readonly outcome: 'published' } | { readonly outcome: 'failed'; readonly class: FailureClass } | undefined
}

/** Everything a decision is made of. The cloud is listed before the ledger is read, else a fresh launch looks like an orphan. */
export interface Observed {
  readonly now: number
  readonly instances: readonly Instance[]
  readonly runs: readonly RunRecord[]
  /** By worker id. */
  readonly relays: ReadonlyMap<string, RelaySeen>
  /** `run/unit` of every manifest that is published. */
  readonly published: ReadonlySet<string>
  /** Workers whose launch key this agent holds: only those can be configured. */
  readonly keys: ReadonlySet<string>
  /** By worker: the version of the key request that was refused. */
  readonly refused: ReadonlyMap<string, string>
  /** Told to stop: launch nothing, end what has no key yet. `hard`: end all. */
  readonly stopping: 'no' | 'soft' | 'hard'
}

export type Step =
  | { readonly do: 'enqueue'; readonly job: Stored<Job> }
  | { readonly do: 'launch'; readonly job: Stored<Job> }
  | { readonly do: 'start'; readonly worker: Stored<Worker>; readonly job: Stored<Job> }
  | { readonly do: 'configure'; readonly worker: Stored<Worker>; readonly job: Stored<Job>; readonly instance: Instance }
  | { readonly do: 'challenge'; readonly worker: Stored<Worker>; readonly job: Stored<Job> }
  | { readonly do: 'carry'; readonly worker: Stored<Worker>; readonly job: Stored<Job>; readonly request: string }
  | { readonly do: 'beat'; readonly worker: Stored<Worker>; readonly job: Stored<Job>; readonly seq: number; readonly running: boolean }
  | { readonly do: 'accept'; readonly job: Stored<Job>; readonly worker: Stored<Worker> | undefined }
  | { readonly do: 'fail'; readonly job: Stored<Job>; readonly worker: Stored<Worker>; readonly class: FailureClass }
  | { readonly do: 'doom'; readonly worker: Stored<Worker>; readonly why: DoomReason }
  | { readonly do: 'spare'; readonly worker: Stored<Worker> }
  | { readonly do: 'retry'; readonly job: Stored<Job>; readonly worker: Stored<Worker> }
  | { readonly do: 'terminate'; readonly worker: Stored<Worker> }
  | { readonly do: 'prove-gone'; readonly worker: Stored<Worker> }
  | { readonly do: 'orphan'; readonly instance: Instance }
  | { readonly do: 'clear'; readonly job: Stored<Job> }
  | { readonly do: 'consolidate'; readonly record: RunRecord }
  | { readonly do: 'complete'; readonly record: RunRecord }
  | { readonly do: 'notify'; readonly record: RunRecord; readonly which: 'start' | 'done' }
  | { readonly do: 'quiesce'; readonly record: RunRecord }

/** The steps to take now, in an order in which they may be taken. */
export function decide(seen: Observed, limits: Limits): readonly Step[] {
  const instances = new Map(seen.instances.map((instance) => [instance.id, instance]))
  const workers = seen.runs.flatMap((record) => record.workers)
  const steps: Step[] = []
  let free = limits.workers - workers.filter(({ value }) => value.sweep !== 'GONE').length
  for (const record of seen.runs) {
    for (const worker of record.workers) steps.push(...ofWorker(worker, record, seen, instances, limits))
    for (const job of record.jobs) {
      const step = ofJob(job, record, seen, free > 0)
      if (step?.do === 'launch') free -= 1
      if (step !== undefined) steps.push(step)
    }
    steps.push(...ofRun(record, seen))
  }
  return [...steps, ...orphans(seen, workers)]
}

function ofJob(job: Stored<Job>, record: RunRecord, seen: Observed, mayLaunch: boolean): Step | undefined {
  const { value } = job
  const mine = record.workers.filter(({ value: worker }) => worker.unit === value.unit)
  if (terminal(value.state)) {
    const swept = mine.every(({ value: worker }) => worker.sweep === 'GONE')
    return swept && !value.cleared ? { do: 'clear', job } : undefined
  }
  if (value.state === 'UPLOADED' || seen.published.has(`${value.run}/${value.unit}`)) {
    return { do: 'accept', job, worker: mine.find(({ value: worker }) => worker.id === value.worker) }
  }
  if (seen.stopping !== 'no') return undefined
  if (value.state === 'RECEIVED') return { do: 'enqueue', job }
  if (value.state === 'QUEUED' && mayLaunch && record.notices.has(noticeSort('start'))) return { do: 'launch', job }
  return undefined
}

function ofWorker(
  worker: Stored<Worker>,
  record: RunRecord,
  seen: Observed,
  instances: ReadonlyMap<string, Instance>,
  limits: Limits,
): readonly Step[] {
  const { value } = worker
  const job = record.jobs.find((candidate) => candidate.value.unit === value.unit)
  if (job === undefined || value.sweep === 'GONE') return []
  const current = job.value.worker === value.id && !terminal(job.value.state) && job.value.state !== 'UPLOADED'
  const instance = value.instance === null ? undefined : instances.get(value.instance)
  if (value.sweep === 'TERMINATING') return [{ do: 'prove-gone', worker }]
  if (value.sweep === 'DOOMED') return dying(worker, job, current, seen, limits)
  const relay = seen.relays.get(value.id)
  // A manifest decides, also an earlier attempt's that came late, whatever the one under way says.
  if (current && seen.published.has(`${value.run}/${value.unit}`)) return []
  if (current && relay?.end?.outcome === 'failed') return [{ do: 'fail', job, worker, class: relay.end.class }]
  const why = current ? doomed(value, instance, seen, limits) : reasonWithoutJob(job.value)
  if (why !== undefined) return [{ do: 'doom', worker, why }]
  return working(worker, job, record, instance, relay, instances, seen)
}

/** A worker whose job went on without it is not needed; its end is nobody's fault. */
const reasonWithoutJob = (job: Job): DoomReason =>
  job.state === 'FAILED' ? 'job-failed' : job.state === 'DONE' || job.state === 'UPLOADED' ? 'job-done' : 'interrupted'

/** Two phases: what was only silent is looked at once more; what is known to be over goes at once. */
function dying(worker: Stored<Worker>, job: Stored<Job>, current: boolean, seen: Observed, limits: Limits): readonly Step[] {
  const { value } = worker
  // It published before its end: the result is accepted first, then nothing is left to retry.
  if (current && seen.published.has(`${value.run}/${value.unit}`)) return []
  if (value.why === 'silent' && current) {
    const spoke = seen.relays.get(value.id)?.beat?.seq
    if (spoke !== undefined && spoke > (value.beat?.seq ?? 0)) return [{ do: 'spare', worker }]
    if (seen.now - value.sweepAt < limits.graceMs) return []
  }
  // The job is taken back before the instance is ended: a crash in between leaves a doomed worker, never a job without one.
  if (current) return [{ do: 'retry', job, worker }]
  return [{ do: 'terminate', worker }]
}

const stageLimit = (stage: Worker['stage'], limits: Limits): number =>
  stage === 'LAUNCHING'
    ? limits.launchMs
    : stage === 'LAUNCHED' || stage === 'READY'
      ? limits.configureMs
      : stage === 'LOCKED'
        ? limits.keyMs
        : limits.jobMs

/** Why a worker of a living job must end, if it must. */
function doomed(worker: Worker, instance: Instance | undefined, seen: Observed, limits: Limits): DoomReason | undefined {
  if (worker.stage !== 'LAUNCHING' && (instance === undefined || instance.state === 'terminated' || instance.state === 'shutting-down'))
    return 'died'
  if (instance !== undefined && seen.now - instance.launchedAt > limits.lifetimeMs) return 'lifetime'
  const configuring = worker.stage === 'LAUNCHED' || worker.stage === 'READY'
  if (configuring && !seen.keys.has(worker.id)) return 'interrupted'
  if (seen.stopping === 'hard' && worker.stage !== 'LAUNCHING') return 'interrupted'
  if (seen.stopping === 'soft' && (configuring || worker.stage === 'LOCKED')) return 'interrupted'
  if (seen.now - worker.stageAt > stageLimit(worker.stage, limits)) return 'too-slow'
  const heard = Math.max(worker.beat?.seenAt ?? 0, worker.stageAt)
  if ((worker.stage === 'KEYED' || worker.stage === 'RUNNING') && seen.now - heard > limits.silentMs) return 'silent'
  return undefined
}

/** What a healthy worker needs next. */
function working(
  worker: Stored<Worker>,
  job: Stored<Job>,
  record: RunRecord,
  instance: Instance | undefined,
  relay: RelaySeen | undefined,
  instances: ReadonlyMap<string, Instance>,
  seen: Observed,
): readonly Step[] {
  const { stage, beat } = worker.value
  switch (stage) {
    case 'LAUNCHING':
      return [{ do: 'start', worker, job }]
    case 'LAUNCHED':
    case 'READY':
      return instance?.address === undefined ? [] : [{ do: 'configure', worker, job, instance }]
    case 'LOCKED': {
      if (relay?.request !== undefined) {
        const refused = seen.refused.get(worker.value.id) === relay.request
        return refused ? [] : [{ do: 'carry', worker, job, request: relay.request }]
      }
      // The key host gives an attempt its key only when the one before is gone, so there is no use in asking sooner.
      const before = record.workers.filter(({ value }) => value.unit === worker.value.unit && value.attempt < worker.value.attempt)
      const alone = before.every(
        ({ value }) => value.instance === null || (instances.get(value.instance)?.state ?? 'terminated') === 'terminated',
      )
      return relay?.challenge === undefined && alone && seen.stopping === 'no' ? [{ do: 'challenge', worker, job }] : []
    }
    case 'KEYED':
    case 'RUNNING': {
      if (relay?.beat === undefined) return []
      const news = relay.beat.seq > (beat?.seq ?? 0) || (stage === 'KEYED' && relay.beat.running)
      return news ? [{ do: 'beat', worker, job, seq: relay.beat.seq, running: relay.beat.running }] : []
    }
    case 'UPLOADED':
      return []
  }
}

function ofRun(record: RunRecord, seen: Observed): readonly Step[] {
  const { run, jobs, workers, notices } = record
  const samples = jobs.filter(({ value }) => value.kind === 'sample')
  const steps: Step[] = []
  if (!notices.has(noticeSort('start')) && seen.stopping === 'no' && samples.some(({ value }) => !terminal(value.state))) {
    steps.push({ do: 'notify', record, which: 'start' })
  }
  // What a failed sample's workers may have published is deleted with them; until then the consolidation would take it for a result.
  const settled = samples.every(({ value }) => value.state === 'DONE' || (terminal(value.state) && value.cleared))
  const all = run.value.expected !== null && samples.length >= run.value.expected && settled
  if (run.value.state === 'SEALED' && all) steps.push({ do: 'consolidate', record })
  const table = jobs.find(({ value }) => value.kind === 'consolidate')
  if (run.value.state === 'CONSOLIDATING' && table !== undefined && terminal(table.value.state)) steps.push({ do: 'complete', record })
  if (!finished(run.value)) return steps
  if (!workers.every(({ value }) => value.sweep === 'GONE') || !jobs.every(({ value }) => value.cleared)) return steps
  if (!notices.has(noticeSort('done'))) return [...steps, { do: 'notify', record, which: 'done' }]
  return run.value.quiescent ? steps : [...steps, { do: 'quiesce', record }]
}

/** Instances that no living worker row speaks for. A launch that is just under way has its row since before it began. */
function orphans(seen: Observed, workers: readonly Stored<Worker>[]): readonly Step[] {
  const known = new Set(workers.filter(({ value }) => value.sweep !== 'GONE').map(({ value }) => value.launch.token))
  return seen.instances
    .filter((instance) => instance.state !== 'terminated' && instance.state !== 'shutting-down' && !known.has(instance.token))
    .map((instance) => ({ do: 'orphan', instance }))
}
