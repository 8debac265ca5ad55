/** What is counted, told and remembered of one host in a play. */
import type { Host, Result, Task } from '../contract.ts'
import { TaskFailed } from '../errors.ts'
import type { Counts, RunEvent, TaskEvent, Totals } from '../events.ts'
import type { Batch } from './batch.ts'
import type { Handler } from './compile.ts'
import type { Effective } from './effective.ts'
import { hidden, veiled } from './say.ts'
import { InDoubt, type Outcome, resultOf } from './turn.ts'

/** How a host came out of a run. `stopped`: others failed, and the play ended for all. */
export interface HostSummary extends Totals {
  readonly outcome: 'fine' | 'failed' | 'unreachable' | 'interrupted' | 'stopped'
  /** What ended the run on this host: a HostKeyMismatch, another Unreachable, or the failure of a task. */
  readonly error?: Error
  /** The title of the task it ended in. */
  readonly lastTask?: string
}

/** Why a host does not go on; `ended`: it was told so, and all is well. */
export type End = Pick<HostSummary, 'error' | 'lastTask'> & {
  readonly outcome: Exclude<HostSummary['outcome'], 'fine'> | 'ended'
  /** Somebody has to find out what is so: until then nothing more is done, not even what is done after failures. */
  readonly asks?: true
}

/** A task, or a step that is told of like one. */
export interface Told {
  readonly id: string
  readonly what: Pick<Task, 'title' | 'where' | 'module'>
  readonly options: Effective
  /** A block around it makes good for its failure. */
  readonly rescued: boolean
  readonly handler: boolean
  readonly notifies: readonly Handler[]
}

type Counter = { -readonly [K in keyof Counts]: Counts[K] }
type HostEvent<E = RunEvent> = E extends { readonly host: string } ? Omit<E, 'host' | 'at'> : never

/** The books of one host. */
export class Tally {
  readonly counts: Counter = { ok: 0, changed: 0, failed: 0, skipped: 0, unknown: 0, unreachable: 0, ignored: 0, rescued: 0 }
  readonly #results = new Map<Told['what'], Result>()
  readonly #hidden = new Set<Task>()
  readonly pending = new Set<Handler>()
  /** Check mode: an earlier task would have changed the host. */
  foreseen = false
  readonly #host: Host
  readonly #batch: Batch

  constructor(host: Host, batch: Batch) {
    this.#host = host
    this.#batch = batch
  }

  report(event: HostEvent): void {
    const { context } = this.#batch
    context.report({ at: context.now(), host: this.#host.name, ...event } as RunEvent)
  }

  say({ id, what, options, handler }: Told, event: TaskEvent): void {
    const { delegateTo } = options
    this.report({
      task: what.title,
      module: what.module,
      id,
      where: what.where,
      handler,
      ...(delegateTo === undefined ? {} : { delegate: delegateTo }),
      ...(options.noLog === true ? { ...hidden(event), noLog: true } : event),
    })
  }

  /** Counts and tells how a task ended. Says how the host ended with it, or nothing if it goes on. */
  ended(outcome: Outcome, told: Told, ms: number): End | undefined {
    const { counts } = this
    const { options } = told
    this.#results.set(told.what, resultOf(outcome))
    switch (outcome.type) {
      case 'ok':
        counts.ok += 1
        if (outcome.changed) {
          counts.changed += 1
          this.foreseen = true
          this.#wake(told)
        }
        this.say(told, { ...outcome, ms })
        return undefined
      case 'skipped':
      case 'unknown':
        counts[outcome.type] += 1
        if (outcome.type === 'unknown' || outcome.untold === true) this.foreseen = true
        this.say(told, { type: outcome.type, msg: outcome.msg, ms })
        return undefined
      case 'failed': {
        const ignored = options.ignoreErrors === true && !(outcome.error instanceof InDoubt)
        this.say(told, { ...outcome, ignored, ms })
        if (ignored) counts.ok += 1
        if (ignored) counts.ignored += 1
        return ignored ? undefined : this.#lost(outcome.error, told, 'failed')
      }
      case 'unreachable': {
        const ignored = options.ignoreUnreachable === true
        this.say(told, { type: 'unreachable', error: outcome.error, ignored, ms })
        if (ignored) counts.ignored += 1
        return ignored ? undefined : this.#lost(outcome.error, told, 'unreachable')
      }
    }
  }

  /** What an earlier task ended with; one that the host did not come to counts as skipped. */
  resultOf(task: Task): Result {
    const none = { changed: false, failed: false, skipped: true, unknown: false, msg: 'it did not run', returned: {} }
    if (this.#hidden.has(task)) {
      const what = `what '${task.title}' (${task.where}) returned in the run before is not kept, since it is secret`
      throw new TaskFailed(`${what}: what depends on it cannot go on. Run it all again, without --resume.`)
    }
    return this.#results.get(task) ?? none
  }

  /** What a task ended with in the run before. */
  remember(task: Task, result: Result, hidden: boolean): void {
    this.#results.set(task, result)
    if (hidden) this.#hidden.add(task)
  }

  #wake(told: Told): void {
    for (const handler of told.notifies) {
      this.pending.add(handler)
      this.say(told, { type: 'notified', handlerTitle: handler.task.title, handlerId: handler.id })
    }
  }

  #lost(error: Error, { what, options, rescued }: Told, how: 'failed' | 'unreachable'): End {
    const shown = options.noLog === true ? veiled(error) : error
    const interrupted = how === 'unreachable' && this.#batch.context.signal.aborted
    const asks = error instanceof InDoubt
    if (how === 'failed' && rescued && !asks) return { outcome: 'failed', error: shown, lastTask: what.title }
    this.counts[how] += 1
    if (!interrupted) this.#batch.failed(this.#host, what.title, options.anyErrorsFatal === true)
    return { outcome: interrupted ? 'interrupted' : how, error: shown, lastTask: what.title, ...(asks ? { asks } : {}) }
  }
}
