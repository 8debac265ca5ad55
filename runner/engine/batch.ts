/** What the hosts of a batch share: their order, the slots, who runs once for all, and whether the play goes on. */
import type { Host } from '../contract.ts'
import type { Playbook } from '../playbook.ts'
import type { Context } from './context.ts'
import type { Course } from './course.ts'
import { Gate } from './gate.ts'
import { machineKey } from './machines.ts'
import { Order } from './order.ts'
import { Slots } from './slots.ts'
import type { HostSummary } from './tally.ts'
import type { Outcome } from './turn.ts'

/** A task that one host runs for all. */
interface Once {
  readonly outcome: Promise<Outcome>
  readonly settle: (outcome: Outcome) => void
}

/** Some hosts of a play that go through it together. */
export class Batch {
  readonly playbook: Playbook
  readonly context: Context
  readonly order = new Order()
  /** Hosts that do something at once. A host that waits for others, or for the clock, has none. */
  readonly slots: Slots
  /** Why the play ends, once that is so: every host stops at its next task. */
  stopped: string | undefined
  /** Somebody said so: every host is done. */
  ended = false
  readonly #forks: number
  readonly #throttles = new Map<string, Slots>()
  readonly #once = new Map<string, Once>()
  readonly #gates = new Map<Course, Gate<Course>>()
  readonly #failed = new Set<Host>()
  #size = 0

  constructor(playbook: Playbook, context: Context) {
    this.playbook = playbook
    this.context = context
    this.#forks = Math.min(context.forks, playbook.forks ?? context.forks)
    this.slots = new Slots(playbook.strategy === 'host_pinned' ? Number.POSITIVE_INFINITY : this.#forks)
  }

  /** Runs all of them; never rejects as long as no course does. */
  async run(courses: readonly Course[]): Promise<ReadonlyMap<Host, HostSummary>> {
    const summaries = new Map<Host, HostSummary>()
    const run = async (course: Course): Promise<void> => void summaries.set(course.host, await course.run())
    this.#size = courses.length
    const groups = [...Map.groupBy(courses, (course) => (this.#linear ? '' : machineKey(course.host))).values()]
    if (this.playbook.strategy === 'host_pinned') {
      const forks = new Slots(this.#forks)
      await Promise.all(groups.map((group) => forks.within(() => oneByOne(group, run))))
      return summaries
    }
    for (const group of groups) {
      const gate = new Gate(this.order, group)
      for (const course of group) this.#gates.set(course, gate)
    }
    await Promise.all(courses.map(run))
    return summaries
  }

  /** Waits until this host may do its next task. */
  arrive<T>(course: Course, id: string, enter: () => T | Promise<T>): Promise<T> {
    const gate = this.#gates.get(course)
    return gate === undefined ? Promise.resolve(enter()) : gate.arrive(course, id, enter)
  }

  leave(course: Course): void {
    this.#gates.get(course)?.leave(course)
  }

  throttled<T>(id: string, most: number | undefined, work: () => Promise<T>): Promise<T> {
    if (most === undefined) return work()
    const slots = this.#throttles.get(id) ?? new Slots(most)
    this.#throttles.set(id, slots)
    return slots.within(work)
  }

  /** The first to claim a task runs it for all; the others get what it ended with. */
  claim(id: string): { readonly mine: boolean } & Once {
    const known = this.#once.get(id)
    if (known !== undefined) return { mine: false, ...known }
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    const once = { outcome: promise, settle: resolve }
    this.#once.set(id, once)
    return { mine: true, ...once }
  }

  /** A host failed or cannot be reached, and nobody rescues it. */
  failed(host: Host, task: string, fatal: boolean): void {
    this.#failed.add(host)
    const { maxFailPercentage } = this.playbook
    const share = (this.#failed.size / this.#size) * 100
    if (fatal) this.stopped ??= `'${task}' failed on ${host.name}, and any error is fatal there`
    else if (maxFailPercentage !== undefined && share > maxFailPercentage)
      this.stopped ??= `${this.#failed.size} of ${this.#size} hosts failed, and at most ${maxFailPercentage}% may`
  }

  /** Why no further batch and play is to begin. */
  get verdict(): string | undefined {
    return this.stopped ?? (this.#failed.size > 0 && this.#failed.size === this.#size ? 'all hosts of a batch failed' : undefined)
  }

  get #linear(): boolean {
    return (this.playbook.strategy ?? 'linear') === 'linear'
  }
}

async function oneByOne<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  for (const one of all) await work(one)
}
