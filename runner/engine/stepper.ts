/** How a host takes its steps: in its turn, once for all, as the run before left it, or not at all. */
import type { Result } from '../contract.ts'
import { TaskFailed } from '../errors.ts'
import type { TaskEvent } from '../events.ts'
import type { Resumed } from '../hooks.ts'
import type { Batch } from './batch.ts'
import type { TaskOp } from './compile.ts'
import type { Course } from './course.ts'
import type { Effective } from './effective.ts'
import type { Station } from './station.ts'
import type { End, Tally, Told } from './tally.ts'
import { type Outcome, outcomeOf } from './turn.ts'

/** What is waited for before a step; what it gives is called after it. */
type Enter = () => Promise<() => void> | undefined

/** The feet of a host. */
export class Stepper {
  readonly #course: Course
  readonly #batch: Batch
  readonly #station: Station
  readonly #tally: Tally
  readonly #resumed: Resumed | undefined
  /** In how many `always` it is: they are finished, even if the play ends for all. */
  #finishing = 0

  constructor(course: Course, batch: Batch, station: Station, tally: Tally, resumed: Resumed | undefined) {
    this.#course = course
    this.#batch = batch
    this.#station = station
    this.#tally = tally
    this.#resumed = resumed
  }

  /** One task, also of a handler. Says how the host ended with it, or nothing if it goes on. */
  async task(op: TaskOp, told: Told): Promise<End | undefined> {
    const { options, task } = op
    const done = this.#resumed?.ended.get(op.id)
    if (done !== undefined) return this.#again(op, done)
    const begun = this.#batch.context.now()
    const ms = (): number => this.#batch.context.now() - begun
    let once: ReturnType<Batch['claim']> | undefined
    const enter = (): Promise<() => void> | undefined => {
      if (options.runOnce === true) once = this.#batch.claim(op.id)
      return options.when && once?.mine !== false ? this.machineTurn(options) : undefined
    }
    return this.inTurn(task.title, op.id, enter, async () => {
      const say = (event: TaskEvent): void => this.#tally.say(told, event)
      const outcome = once?.mine === false ? await this.#copied(once.outcome, say) : await this.#perform(op, say, ms)
      once?.settle(outcome ?? { type: 'skipped', msg: 'interrupted' })
      return outcome === undefined ? { outcome: 'interrupted', lastTask: task.title } : this.#tally.ended(outcome, told, ms())
    })
  }

  /** It ended in the run before. */
  #again({ id, task, options }: TaskOp, done: Result): End | undefined {
    this.#tally.remember(task, done, this.#resumed?.hidden?.has(id) === true)
    if (options.runOnce === true) this.#batch.claim(id).settle(outcomeOf(done))
    return done.failed && options.ignoreErrors !== true ? { outcome: 'failed', lastTask: task.title } : undefined
  }

  async #copied(once: Promise<Outcome>, say: (event: TaskEvent) => void): Promise<Outcome | undefined> {
    const outcome = await once
    if (this.#batch.context.signal.aborted) return undefined
    say({ type: 'taskStarted' })
    return outcome.type === 'unreachable' ? { ...outcome, type: 'failed', returned: {} } : outcome
  }

  async #perform(op: TaskOp, say: (event: TaskEvent) => void, ms: () => number): Promise<Outcome | undefined> {
    const { id, options } = op
    if (options.when)
      return this.#station.perform({ op, id, foreseen: this.#tally.foreseen, begun: this.#resumed?.begun.has(id) === true, say, ms })
    if (this.#batch.context.signal.aborted) return undefined
    say({ type: 'taskStarted' })
    return { type: 'skipped', msg: 'its condition is false' }
  }

  /** Waits for the turn of a step, and does it unless the host is to stop there. */
  async inTurn(title: string, id: string, enter: Enter | undefined, work: () => Promise<End | undefined>): Promise<End | undefined> {
    let end: End | undefined
    const leave = await this.#batch.arrive(this.#course, id, () => {
      end = this.#stops(title)
      return end === undefined ? enter?.() : undefined
    })
    try {
      await this.#batch.context.breathe()
      return end ?? (await work())
    } finally {
      leave?.()
    }
  }

  /** The turn at the machine where a step takes place. */
  async machineTurn(options: Effective): Promise<() => void> {
    const { turns } = this.#station.place(options).machine
    await turns.enter()
    return () => turns.leave()
  }

  #stops(lastTask: string): End | undefined {
    if (this.#batch.context.signal.aborted) return { outcome: 'interrupted', lastTask }
    if (this.#batch.ended) return { outcome: 'ended' }
    if (this.#batch.stopped === undefined || this.#finishing > 0) return undefined
    return { outcome: 'stopped', error: new TaskFailed(this.#batch.stopped), lastTask }
  }

  /** Does something to its end, even if the play ends for all meanwhile. */
  async finish(work: () => Promise<End | undefined>): Promise<End | undefined> {
    this.#finishing += 1
    const end = await work()
    this.#finishing -= 1
    return end
  }
}
