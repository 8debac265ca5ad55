/** The way of one host through its program: sections, blocks, decisions, handlers. */
import type { Host, Plain } from '../contract.ts'
import { BecomeRefused } from '../errors.ts'
import type { Resumed } from '../hooks.ts'
import type { Batch } from './batch.ts'
import {
  type BlockOp,
  type DecideOp,
  decided,
  type Handler,
  handlerRun,
  type Leaf,
  leaves,
  type MetaOp,
  type Op,
  type Program,
  type TaskOp,
} from './compile.ts'
import type { Context } from './context.ts'
import type { Effective } from './effective.ts'
import { Station } from './station.ts'
import { Stepper } from './stepper.ts'
import { type End, type HostSummary, Tally, type Told } from './tally.ts'
import { broken } from './turn.ts'

type Facts = Readonly<Record<string, Plain>>

export interface CourseOptions {
  readonly host: Host
  readonly batch: Batch
  /** What the play gives to its steps. */
  readonly options: Effective
  /** The program, or how it is made of facts. */
  readonly program: Program | ((facts: Facts) => Program)
}

/** One host on its way. */
export class Course {
  readonly host: Host
  readonly #batch: Batch
  readonly #context: Context
  readonly #options: Effective
  readonly #given: CourseOptions['program']
  readonly #station: Station
  readonly #tally: Tally
  readonly #stepper: Stepper
  readonly #resumed: Resumed | undefined
  #takenUp = false

  constructor({ host, batch, options, program }: CourseOptions) {
    this.host = host
    this.#batch = batch
    this.#context = batch.context
    this.#options = options
    this.#given = program
    this.#resumed = batch.context.resumed(host.name)
    this.#tally = new Tally(host, batch)
    this.#station = new Station(host, batch, (op) => this.#ahead(op))
    this.#stepper = new Stepper(this, batch, this.#station, this.#tally, this.#resumed)
  }

  /** Brings the host to the state its tasks describe, and runs the handlers that they woke. Never rejects. */
  async run(): Promise<HostSummary> {
    const { counts } = this.#tally
    if (this.#context.signal.aborted) {
      this.#batch.leave(this)
      return { ...counts, roundTrips: 0, outcome: 'interrupted' }
    }
    const link = this.#context.pool.link(this.host)
    const before = link.roundTrips()
    const end = await this.#wholeWay()
    this.#batch.leave(this)
    // In its turn: a task that is delegated to this host may be using the connection.
    if (!this.#context.neededLater(this.host.name)) await this.#context.machines.of(this.host).turns.within(() => link.close())
    const roundTrips = link.roundTrips() - before
    this.#tally.report({ type: 'hostEnded', counts: { ...counts }, roundTrips })
    return { ...counts, roundTrips, ...end, outcome: end === undefined || end.outcome === 'ended' ? 'fine' : end.outcome }
  }

  async #wholeWay(): Promise<End | undefined> {
    this.#tally.report({ type: 'hostStarted', tasks: typeof this.#given === 'function' ? 0 : this.#given.tasks })
    const program = await this.#begin()
    if ('outcome' in program) return program
    // All wait here for each other, so that the order is the inventory's, whoever connects first.
    await this.#batch.arrive(this, '', () => this.#batch.order.add(program.ids(program.ops)))
    const end = await this.#section(program, program.ops)
    const force = this.#batch.playbook.forceHandlers ?? this.#context.forceHandlers
    if (force && end?.asks !== true && (end?.outcome === 'failed' || end?.outcome === 'stopped'))
      await this.#stepper.finish(() => this.#flush(program, program.lastFlush))
    return end
  }

  /** Connects where something needs it, gathers facts, and sends the first looks. */
  async #begin(): Promise<Program | End> {
    try {
      return typeof this.#given === 'function' ? await this.#fromFacts(this.#given) : await this.#connected(this.#given)
    } catch (thrown) {
      const outcome = broken(thrown, false)
      if (this.#context.signal.aborted) return { outcome: 'interrupted' }
      const { title, where, anyErrorsFatal = false } = this.#batch.playbook
      if (outcome.type !== 'unreachable') {
        const what = { title, where, module: 'facts' }
        const told = { id: `${where}#facts`, what, options: this.#options, rescued: false, handler: false, notifies: [] }
        this.#tally.say(told, { type: 'taskStarted' })
        return this.#tally.ended(outcome, told, 0) ?? { outcome: 'ended' }
      }
      this.#tally.counts.unreachable += 1
      this.#tally.report({ type: 'hostUnreachable', error: outcome.error })
      this.#batch.failed(this.host, title, anyErrorsFatal)
      return { outcome: 'unreachable', error: outcome.error }
    }
  }

  async #connected(program: Program): Promise<Program> {
    const first = leaves(program.ops).find((op) => op.kind !== 'meta' && op.options.when && !this.#isDone(op.id))
    const { delegateTo, runOnce, ignoreUnreachable } = first?.options ?? {}
    if (first === undefined || delegateTo !== undefined || runOnce === true || ignoreUnreachable === true) return program
    try {
      await this.#connect(first.options)
      this.#station.ahead.begin(first)
    } catch (thrown) {
      // Whoever cannot become a user is told so by the task that asks for it.
      if (!(thrown instanceof BecomeRefused)) throw thrown
    }
    return program
  }

  async #fromFacts(make: (facts: Facts) => Program): Promise<Program> {
    const { facts = {}, title, where } = this.#batch.playbook
    const id = `${where}#facts`
    await this.#connect(this.#options)
    const found = this.#resumed?.found.get(id) ?? (await this.#station.gather(facts, this.#options))
    this.#tally.report({ type: 'found', found, task: title, where, id })
    const program = make(found as Facts)
    this.#context.protect(program.secrets)
    this.#station.ahead.begin(leaves(program.ops)[0])
    return program
  }

  async #connect(options: Effective): Promise<void> {
    const ms = await this.#station.connect(options)
    if (ms !== undefined) this.#tally.report({ type: 'hostConnected', ms })
  }

  async #section(program: Program, ops: readonly Op[]): Promise<End | undefined> {
    for (const op of ops) {
      const end = await this.#step(program, op)
      if (end !== undefined) return end
    }
    return undefined
  }

  #step(program: Program, op: Op): Promise<End | undefined> {
    if (op.kind === 'block') return this.#block(program, op)
    if (op.kind === 'decide') return this.#decide(program, op)
    if (op.kind === 'meta') return op.what === 'flushHandlers' ? this.#flush(program, op) : this.#meta(op)
    const { id, task, options, rescued, notifies } = op
    return this.#stepper.task(op, { id, what: task, options, rescued, handler: false, notifies })
  }

  async #block(program: Program, { id, title, where, tasks, rescue, always }: BlockOp): Promise<End | undefined> {
    let end = await this.#section(program, tasks)
    if (end?.outcome === 'failed' && end.asks !== true && rescue.length > 0) {
      this.#tally.counts.rescued += 1
      this.#tally.report({ type: 'rescued', task: title, id, where })
      end = await this.#section(program, rescue)
    }
    if (end?.asks === true) return end
    if (end !== undefined && end.outcome !== 'failed' && end.outcome !== 'stopped') return end
    return (await this.#stepper.finish(() => this.#section(program, always))) ?? end
  }

  /** The handlers that are pending, in their order, each once, those too that one of them wakes. */
  async #flush(program: Program, op: MetaOp): Promise<End | undefined> {
    const { pending } = this.#tally
    const done = new Set<Handler>()
    if (!this.#wasPassed(op)) this.#takeUp(program)
    if (!op.options.when || pending.size === 0) return undefined
    this.#batch.order.add(
      program.handlers.map((handler) => handlerRun(handler, op)),
      op.id,
    )
    const inOrder = (): readonly Handler[] => [...pending].filter((one) => !done.has(one)).sort((a, b) => a.place - b.place)
    this.#tally.report({ type: 'handlersFlushed', id: op.id, handlers: inOrder().map(({ task }) => task.title) })
    try {
      for (let next = inOrder()[0]; next !== undefined; next = inOrder()[0]) {
        done.add(next)
        const { task, options, notifies } = next
        const id = handlerRun(next, op)
        const run: TaskOp = { kind: 'task', id, task, options, notifies, rescued: false, next: undefined }
        const end = await this.#stepper.task(run, { id, what: task, options, rescued: false, handler: true, notifies })
        if (end !== undefined) return end
      }
      return undefined
    } finally {
      for (const handler of done) pending.delete(handler)
    }
  }

  /** A host that goes on had come past this flush: what was pending then was notified later. */
  #wasPassed(flush: MetaOp): boolean {
    let next = flush.next
    while (next !== undefined && (next.kind === 'meta' || !next.options.when)) next = next.next
    return next !== undefined && this.#isDone(next.id)
  }

  /** The handlers that were pending when the run before ended. */
  #takeUp(program: Program): void {
    if (this.#takenUp) return
    this.#takenUp = true
    for (const handler of program.handlers) if (this.#resumed?.pending.includes(handler.id)) this.#tally.pending.add(handler)
  }

  async #meta({ id, what, options }: MetaOp): Promise<End | undefined> {
    const enter = options.when && what === 'resetConnection' ? () => this.#stepper.machineTurn(options) : undefined
    return this.#stepper.inTurn(what, id, enter, async () => {
      if (!options.when) return undefined
      if (what === 'resetConnection') await this.#station.drop(options)
      if (what === 'endPlay') this.#batch.ended = true
      return what === 'resetConnection' ? undefined : { outcome: 'ended' }
    })
  }

  async #decide(program: Program, op: DecideOp): Promise<End | undefined> {
    const { id, step, options, rescued } = op
    const told: Told = { id, what: { ...step, module: 'decide' }, options, rescued, handler: false, notifies: [] }
    let ops: readonly Op[] = []
    const enter = options.when ? () => this.#stepper.machineTurn(options) : undefined
    const end = await this.#stepper.inTurn(step.title, id, enter, async () => {
      if (!options.when) return undefined
      const begun = this.#context.now()
      try {
        const found = this.#resumed?.found.get(id) ?? (await this.#found(op))
        ops = program.extend(op, step.steps(found as Facts))
        this.#context.protect(program.secrets)
        this.#tally.report({ type: 'found', found: options.noLog === true ? null : found, task: step.title, where: step.where, id })
        return undefined
      } catch (thrown) {
        this.#tally.say(told, { type: 'taskStarted' })
        const outcome = broken(thrown, this.#context.mode === 'check' && this.#tally.foreseen)
        if (outcome.type === 'unreachable') await this.#station.drop(options)
        return this.#tally.ended(outcome, told, this.#context.now() - begun)
      }
    })
    if (end !== undefined || ops.length === 0) return end
    // Whoever decides first: what comes of it is in the order of the hosts.
    await this.#batch.arrive(this, decided(op), () => this.#batch.order.add(program.ids(ops), decided(op)))
    return this.#section(program, ops)
  }

  /** What the looks of a decision see, and what the tasks it asks about ended with. */
  async #found(op: DecideOp): Promise<Facts> {
    const looks = Object.entries(op.step.looks)
    const results = looks.flatMap(([name, look]) => (look.kind === 'result' ? [[name, this.#tally.resultOf(look.task)] as const] : []))
    const guess = (this.#tally.foreseen && results.length < looks.length) || results.some(([, { unknown }]) => unknown)
    if (guess && this.#context.mode === 'check') throw new Error('what it depends on is not known before that')
    const seen = results.length === looks.length ? {} : await this.#station.see(op)
    return { ...seen, ...Object.fromEntries(results) } as Facts
  }

  /** What may be looked at before its turn: nothing that may never come, or that somebody else does. */
  #ahead(op: Leaf): 'look' | 'pass' | 'stop' {
    const { when, delegateTo, runOnce, throttle } = op.options
    if (!when || this.#isDone(op.id)) return 'pass'
    if (op.kind === 'meta') return op.what === 'flushHandlers' && this.#tally.pending.size === 0 ? 'pass' : 'stop'
    const elsewhere = delegateTo !== undefined && delegateTo !== this.host.name
    if (elsewhere || runOnce === true || throttle !== undefined) return 'stop'
    const check = this.#context.mode === 'check'
    if (op.kind === 'decide') return check && this.#tally.foreseen ? 'stop' : 'look'
    return op.task.acts && !check ? 'stop' : 'look'
  }

  #isDone(id: string): boolean {
    return this.#resumed?.ended.has(id) === true || this.#resumed?.found.has(id) === true
  }
}
