/** What one host of a batch works with: its connection, its machine, and what was seen of it. */
import type { As, Connection, Host, Plain } from '../contract.ts'
import type { TaskEvent } from '../events.ts'
import type { Look } from '../steps.ts'
import { Ahead } from './ahead.ts'
import type { Batch } from './batch.ts'
import type { DecideOp, Leaf, TaskOp } from './compile.ts'
import type { Context } from './context.ts'
import { Detached } from './detached.ts'
import { asWhom, type Effective } from './effective.ts'
import type { Machine } from './machines.ts'
import { eyesOf, handsOf, type Link } from './pool.ts'
import { type Outcome, turn } from './turn.ts'

/** Where a task takes place: on the host itself, or where it is delegated to. */
interface Place {
  readonly host: Host
  readonly machine: Machine
  readonly link: Link
}

export interface Performance {
  readonly op: TaskOp
  /** Of the task, or of this run of a handler. */
  readonly id: string
  /** Check mode: an earlier task would have changed the host. */
  readonly foreseen: boolean
  /** The run before began it, and did not see it end. */
  readonly begun: boolean
  readonly say: (event: TaskEvent) => void
  readonly ms: () => number
}

/** The means of one host. */
export class Station {
  readonly host: Host
  readonly ahead: Ahead
  readonly #batch: Batch
  readonly #context: Context
  readonly #own: Place

  constructor(host: Host, batch: Batch, ahead: (op: Leaf) => 'look' | 'pass' | 'stop') {
    const { machines, pool, window } = batch.context
    this.host = host
    this.#batch = batch
    this.#context = batch.context
    const machine = machines.of(host)
    const link = pool.link(host)
    this.#own = { host, machine, link }
    const sights = {
      version: () => machines.version(machine),
      as: (op: Leaf) => this.as(op.options),
      eyes: (op: Leaf) => {
        const open = link.ready(this.as(op.options))
        return open === undefined ? undefined : eyesOf(open, op.options.environment)
      },
      ahead,
    }
    this.ahead = new Ahead(sights, window)
  }

  as(options: Effective, host = this.host): As | undefined {
    return asWhom(options.become, host.becomePassword ?? this.#context.becomePassword, host.becomeAs)
  }

  place({ delegateTo }: Effective): Place {
    if (delegateTo === undefined || delegateTo === this.host.name) return this.#own
    const host = this.#context.hostNamed(delegateTo)
    return { host, machine: this.#context.machines.of(host), link: this.#context.pool.link(host) }
  }

  /** Logs in, within a slot; says how long that took, or nothing where the connection was there. */
  async connect(options: Effective): Promise<number | undefined> {
    const { link } = this.#own
    const as = this.as(options)
    if (link.ready(as) !== undefined) return undefined
    return this.#batch.slots.within(async () => {
      this.#context.signal.throwIfAborted()
      const begun = this.#context.now()
      await link.shell(as)
      return this.#context.now() - begun
    })
  }

  /** All facts that are in no cache, in one round trip. */
  async gather(looks: Readonly<Record<string, Look>>, options: Effective): Promise<Readonly<Record<string, Plain>>> {
    const { facts: cache } = this.#context
    const eyes = eyesOf(await this.#own.link.shell(this.as(options)), options.environment)
    const fact = async (look: Look): Promise<Plain> => {
      const known = cache?.get(this.host, look.key)
      if (known !== undefined) return known
      const seen = await look.look(eyes)
      cache?.set(this.host, look.key, seen)
      return seen
    }
    return this.#batch.slots.within(async () =>
      Object.fromEntries(await Promise.all(Object.entries(looks).map(async ([name, look]) => [name, await fact(look)] as const))),
    )
  }

  /** One task, in its turn, with a slot. Undefined: the run was interrupted before it began, or while it waited. */
  perform(performance: Performance): Promise<Outcome | undefined> {
    const { op, id } = performance
    const { slots } = this.#batch
    const work = (): Promise<Outcome | undefined> =>
      slots.within(async () => {
        await this.#context.breathe()
        return this.#context.signal.aborted ? undefined : this.#turn(performance)
      })
    return this.#batch.throttled(id, op.options.throttle, work)
  }

  /** What a decision is made of. */
  see(op: DecideOp): Promise<Readonly<Record<string, Plain>>> {
    const place = this.place(op.options)
    return this.#batch.slots.within(async () => {
      const eyes = eyesOf(await place.link.shell(this.as(op.options, place.host)), op.options.environment)
      return this.ahead.see(op, eyes)
    })
  }

  /** The host did not answer: whoever needs it next connects anew. */
  async drop(options: Effective): Promise<void> {
    await this.place(options).link.close()
  }

  async #turn({ op, foreseen, begun, say, ms }: Performance): Promise<Outcome | undefined> {
    const { mode, signal, guard } = this.#context
    const { options, task } = op
    const place = this.place(options)
    const shell = (): Promise<Connection> => place.link.shell(this.as(options, place.host))
    say({ type: 'taskStarted' })
    const outcome = await turn({
      op,
      mode,
      foreseen,
      begun,
      say,
      ms,
      machine: place.machine,
      see: async (again) => {
        const eyes = eyesOf(await shell(), options.environment)
        return again || place !== this.#own ? task.plan(eyes) : this.ahead.see(op, eyes)
      },
      hands: async () => {
        const hands = handsOf(await shell(), options.environment)
        const { async: seconds, poll = 15 } = options
        const detached = {
          host: place.host.name,
          poll,
          pause: (wait: number) => this.#pause(wait),
          interrupted: () => signal.aborted,
          now: () => this.#context.now(),
        }
        return seconds === undefined ? hands : new Detached(hands, { seconds, ...detached })
      },
      guard: (plan) => guard?.(this.host, { id: op.id, task }, plan),
      pause: (wait) => this.#pause(wait),
      interrupted: () => signal.aborted,
    })
    if (outcome?.type === 'unreachable') await place.link.close()
    if (outcome?.type === 'ok' && !signal.aborted) this.ahead.begin(op.next)
    return outcome
  }

  async #pause(ms: number): Promise<void> {
    const { slots } = this.#batch
    slots.leave()
    try {
      await this.#context.sleep(ms)
    } finally {
      await slots.enter()
    }
  }
}
