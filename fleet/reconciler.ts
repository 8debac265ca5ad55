/** One reconciler: look, decide, carry out. Every step may be lost, doubled or late; the ledger's conditions keep it right. */

import { LeaseLost } from './commit.ts'
import { decide, type Observed, type Step } from './decide.ts'
import { Observer } from './observe.ts'
import { accept, beat, configure, enqueue, fail, retry } from './steps/job.ts'
import { launch, start } from './steps/launch.ts'
import { carry, challenge } from './steps/relay.ts'
import { complete, consolidate, notify, quiesce } from './steps/run.ts'
import { clear, doom, orphan, proveGone, spare, terminate } from './steps/sweep.ts'
import type { Tools } from './tools.ts'

/** After an error a step of the same subject waits this long, so that a fault that stays does not fill the log. */
const errorPauseMs = 500

/** Looks, decides and begins steps; at most one step at a time for each worker, job and run. */
export class Reconciler {
  readonly #tools: Tools
  readonly #observer: Observer
  /** What is being done, by subject: one step at a time for a worker, a job or a run. */
  readonly #busy = new Map<string, Promise<void>>()
  readonly #wake: () => void
  /** Aborted by a stop, so that waiting for a host does not hold up the sweep of its worker. */
  readonly #stop = { soft: new AbortController(), hard: new AbortController() }
  #lost: LeaseLost | undefined

  /** `wake` is called whenever a step ended: there may be something new to decide. */
  constructor(tools: Tools, wake: () => void) {
    this.#tools = tools
    this.#observer = new Observer(tools.cloud)
    this.#wake = wake
  }

  /** One look and the steps it calls for; quick ones are done when it resolves, slow ones go on. Throws LeaseLost. */
  async tick(stopping: Observed['stopping']): Promise<Observed> {
    if (this.#lost !== undefined) throw this.#lost
    if (stopping !== 'no') this.#stop[stopping].abort(new Error('told to stop'))
    // What was being done while we looked may have been seen half done: it is left to the next tick.
    const moving = new Set(this.#busy.keys())
    const seen = await this.#observer.look({ keys: this.#tools.keys.held(), refused: this.#tools.refused, stopping })
    const steps = decide(seen, this.#tools.limits).filter((step) => !moving.has(subjectOf(step)) && !this.#busy.has(subjectOf(step)))
    const begun = new Map<string, Step>()
    for (const step of steps) if (!begun.has(subjectOf(step))) begun.set(subjectOf(step), step)
    const running = [...begun.values()].map((step) => ({ step, done: this.#begin(step) }))
    await Promise.all(running.filter(({ step }) => !slow.has(step.do)).map(({ done }) => done))
    return seen
  }

  /** Whether anything is still being done. */
  get busy(): boolean {
    return this.#busy.size > 0
  }

  /** Resolves when all steps under way have ended; they end by the tools' signal at the latest. */
  async settle(): Promise<void> {
    await Promise.all(this.#busy.values())
  }

  #begin(step: Step): Promise<void> {
    const subject = subjectOf(step)
    const done = carryOut(this.#toolsFor(step), step)
      .catch((error: unknown) => this.#failed(step, error))
      .finally(() => {
        this.#busy.delete(subject)
        this.#wake()
      })
    this.#busy.set(subject, done)
    return done
  }

  /** A key that is on its way is not broken off before it must be: it counts as released. */
  #toolsFor(step: Step): Tools {
    const stop = step.do === 'carry' ? this.#stop.hard : step.do === 'configure' || step.do === 'challenge' ? this.#stop.soft : undefined
    return stop === undefined ? this.#tools : { ...this.#tools, signal: AbortSignal.any([this.#tools.signal, stop.signal]) }
  }

  async #failed(step: Step, error: unknown): Promise<void> {
    if (error instanceof LeaseLost) {
      this.#lost = error
      return
    }
    if (this.#toolsFor(step).signal.aborted) return
    this.#tools.log({
      event: 'step failed',
      step: step.do,
      subject: subjectOf(step),
      message: error instanceof Error ? error.message : String(error),
    })
    await this.#tools.cloud.clock.sleep(errorPauseMs, this.#tools.signal).catch(() => undefined)
  }
}

/** Steps that wait for hosts or for more than the ledger; the others are a few ledger writes. */
const slow: ReadonlySet<Step['do']> = new Set([
  'start',
  'configure',
  'challenge',
  'carry',
  'terminate',
  'prove-gone',
  'orphan',
  'clear',
  'accept',
  'consolidate',
  'complete',
  'notify',
  'quiesce',
])

function subjectOf(step: Step): string {
  if (step.do === 'orphan') return step.instance.id
  if ('record' in step) return step.record.run.value.id
  const worker = 'worker' in step ? step.worker : undefined
  if (worker !== undefined) return worker.value.id
  return 'job' in step ? `${step.job.value.run}/${step.job.value.unit}` : ''
}

function carryOut(tools: Tools, step: Step): Promise<void> {
  switch (step.do) {
    case 'enqueue':
      return enqueue(tools, step.job)
    case 'launch':
      return launch(tools, step.job)
    case 'start':
      return start(tools, step.worker, step.job)
    case 'configure':
      return configure(tools, step.worker, step.job, step.instance)
    case 'challenge':
      return challenge(tools, step.worker, step.job).then(() => undefined)
    case 'carry':
      return carry(tools, step.worker, step.job, step.request)
    case 'beat':
      return beat(tools, step.worker, step.job, step.seq, step.running)
    case 'accept':
      return accept(tools, step.job, step.worker)
    case 'fail':
      return fail(tools, step.job, step.class)
    case 'doom':
      return doom(tools, step.worker, step.why)
    case 'spare':
      return spare(tools, step.worker)
    case 'retry':
      return retry(tools, step.job, step.worker)
    case 'terminate':
      return terminate(tools, step.worker)
    case 'prove-gone':
      return proveGone(tools, step.worker)
    case 'orphan':
      return orphan(tools, step.instance)
    case 'clear':
      return clear(tools, step.job)
    case 'consolidate':
      return consolidate(tools, step.record)
    case 'complete':
      return complete(tools, step.record)
    case 'notify':
      return notify(tools, step.record, step.which)
    case 'quiesce':
      return quiesce(tools, step.record)
  }
}
