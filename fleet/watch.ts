/** Follows runs by their rows: each transition in the ledger once, in order of time, however late the watcher looks. */
import type { Ledger } from '../cloud/ports.ts'
import type { FailureClass } from '../custody/messages.ts'
import { type Job, type JobState, type RunRecord, readRuns, type WorkerState } from './rows.ts'

/** A sample's or a worker's transition, as `skep demo --json` prints it. `at` is ISO 8601. */
export type Transition =
  | {
      readonly type: 'sample'
      readonly id: string
      readonly state: JobState
      readonly attempt: number
      readonly worker: string | null
      readonly class: FailureClass | null
      readonly at: string
    }
  | { readonly type: 'worker'; readonly id: string; readonly state: WorkerState; readonly at: string }

/** One watcher's memory of what it has told. */
export class Watch {
  readonly #ledger: Ledger
  readonly #wanted: (run: string) => boolean
  readonly #seen = new Map<string, number>()
  readonly #over = new Set<string>()

  constructor(ledger: Ledger, wanted: (run: string) => boolean = () => true) {
    this.#ledger = ledger
    this.#wanted = wanted
  }

  /** What happened since the last look, and how every wanted run stands that was not quiescent at the last look. */
  async look(): Promise<{ readonly news: readonly Transition[]; readonly runs: readonly RunRecord[] }> {
    const runs = await readRuns(this.#ledger, (run) => this.#wanted(run.id) && !this.#over.has(run.id))
    const news = runs.flatMap((record) => [
      ...record.jobs
        .filter(({ value }) => value.kind === 'sample')
        .flatMap(({ value }) => this.#fresh(`${value.run}/${value.unit}`, sampleTransitions(value))),
      ...record.workers.flatMap(({ value }) =>
        this.#fresh(
          `${value.run}/${value.id}`,
          value.history.map(({ state, at }): Timed => ({ at, event: { type: 'worker', id: value.id, state, at: iso(at) } })),
        ),
      ),
    ])
    for (const { run } of runs) if (run.value.quiescent) this.#over.add(run.value.id)
    return { news: news.sort((a, b) => a.at - b.at).map(({ event }) => event), runs }
  }

  #fresh(subject: string, all: readonly Timed[]): readonly Timed[] {
    const before = this.#seen.get(subject) ?? 0
    this.#seen.set(subject, all.length)
    return all.slice(before)
  }
}

interface Timed {
  readonly at: number
  readonly event: Transition
}

const iso = (at: number): string => new Date(at).toISOString()

const sampleTransitions = (job: Job): readonly Timed[] =>
  job.history.map(({ state, at, attempt, worker, class: failure }) => ({
    at,
    event: { type: 'sample', id: job.unit, state, attempt: attempt ?? 0, worker: worker ?? null, class: failure ?? null, at: iso(at) },
  }))
