/** From a play's steps to the program of one host. */
import type { Task } from '../contract.ts'
import { UsageError } from '../errors.ts'
import type { Tags } from '../hooks.ts'
import type { Given, Playbook } from '../playbook.ts'
import type { Secret } from '../secret.ts'
import { type Block, type Decision, flat, type Meta, type Step, type Steps } from '../steps.ts'
import { type Effective, inherit, plain, playOptions } from './effective.ts'
import { wanted } from './tags.ts'

interface Common {
  /** `file:line#n`: the n-th step of this host that was made there. */
  readonly id: string
  readonly options: Effective
  /** A failure here is made good for by a block around it. */
  readonly rescued: boolean
  /** What comes after it if nothing fails. */
  next: Leaf | undefined
}

export interface TaskOp extends Common {
  readonly kind: 'task'
  readonly task: Task
  /** The handlers that it notifies. */
  notifies: readonly Handler[]
}
export interface DecideOp extends Common {
  readonly kind: 'decide'
  readonly step: Decision
}
export interface MetaOp extends Common {
  readonly kind: 'meta'
  readonly what: Meta['what']
}
export type Leaf = TaskOp | DecideOp | MetaOp

export interface BlockOp {
  readonly kind: 'block'
  readonly id: string
  readonly title: string
  readonly where: string
  readonly tasks: readonly Op[]
  readonly rescue: readonly Op[]
  readonly always: readonly Op[]
}
export type Op = Leaf | BlockOp

export interface Handler {
  readonly id: string
  readonly task: Task
  readonly options: Effective
  /** Handlers run in the order of their places. */
  readonly place: number
  notifies: readonly Handler[]
}

export interface CompileOptions {
  readonly tags: Tags
  /** What the run gives to every step. */
  readonly around: Effective
  readonly startAt?: string
  /** Whether a task may be delegated to a host of this name. */
  known(host: string): boolean
}

/** Handlers that are only known as tasks come after those of the play and its roles. */
const afterListed = 1e9

/** The steps of one host, and what they need: handlers by name, ids, secrets. `decide` steps add to it while it runs. */
export class Program {
  readonly ops: readonly Op[]
  readonly secrets: Secret[] = []
  readonly #options: CompileOptions
  readonly #play: Effective
  readonly #where: string
  readonly #seen = new Map<string, number>()
  readonly #handlers = new Map<Task, Handler>()
  readonly #open: (TaskOp | Handler)[] = []
  #listed = 0
  #started: boolean

  constructor(playbook: Playbook, given: Given, options: CompileOptions) {
    this.#options = options
    this.#where = playbook.where
    this.#started = options.startAt === undefined
    this.#play = playOptions(playbook, options.around)
    for (const task of playbook.handlers?.(given) ?? []) this.#listHandler(task, this.#play)
    const section = (name: string, ...parts: readonly (Steps | undefined)[]): readonly Op[] => {
      const ops = parts.flatMap((steps) => this.#all(steps ?? [], this.#play, false))
      return [...ops, this.#meta(`${this.#where}#${name}`, 'flushHandlers', plain)]
    }
    this.ops = [
      ...section('preTasks', playbook.preTasks?.(given)),
      ...section('tasks', playbook.roles?.(given), playbook.tasks(given)),
      ...section('postTasks', playbook.postTasks?.(given)),
    ]
    this.#resolve()
    link(this.ops, undefined)
  }

  /** How many tasks there are, as far as that is known before any `decide` step. */
  get tasks(): number {
    return leaves(this.ops).filter(({ kind }) => kind === 'task').length
  }

  /** Where the last handlers run. */
  get lastFlush(): MetaOp {
    return this.ops.at(-1) as MetaOp
  }

  /** All handlers known so far, in the order in which they run. */
  get handlers(): readonly Handler[] {
    return [...this.#handlers.values()].sort((a, b) => a.place - b.place)
  }

  /** The steps that a decision brings. */
  extend(op: DecideOp, steps: Steps): readonly Op[] {
    const ops = this.#all(steps, { ...op.options, when: true }, op.rescued)
    this.#resolve()
    link(ops, op.next)
    return ops
  }

  /** Step ids in order, each flush with the handlers that it may run. */
  ids(ops: readonly Op[]): readonly string[] {
    const handlers = this.handlers
    return leaves(ops).flatMap((op) => {
      if (op.kind === 'decide') return [op.id, decided(op)]
      return [op.id, ...(flushes(op) ? handlers.map((handler) => handlerRun(handler, op)) : [])]
    })
  }

  #all(steps: Steps, around: Effective, rescued: boolean): readonly Op[] {
    return flat(steps, this.#where).flatMap((step) => this.#one(step, around, rescued))
  }

  #one(step: Step, around: Effective, rescued: boolean): readonly Op[] {
    const options = inherit(around, step.options)
    if (step.kind === 'block') return this.#block(step, options, rescued)
    if (step.kind === 'task' && !this.#started) this.#started = titled(this.#options.startAt ?? '', step.title)
    if (!this.#started || !wanted(options.tags, this.#options.tags)) return []
    checkNumbers(step.where, options)
    const { delegateTo } = options
    if (delegateTo !== undefined && !this.#options.known(delegateTo))
      throw new UsageError(`${step.where}: expected delegateTo to name a host of the inventory or localhost, got '${delegateTo}'`)
    const common = { id: this.#id(step.where), options, rescued, next: undefined }
    if (step.kind === 'meta') return [this.#meta(common.id, step.what, options)]
    if (step.kind === 'decide') {
      this.secrets.push(...Object.values(step.looks).flatMap((look) => (look.kind === 'look' ? look.secrets : [])))
      return [{ kind: 'decide', ...common, step }]
    }
    this.secrets.push(...step.secrets)
    const op: TaskOp = { kind: 'task', ...common, task: step, notifies: [] }
    this.#open.push(op)
    return [op]
  }

  #block(step: Block, options: Effective, rescued: boolean): readonly Op[] {
    for (const task of step.handlers) this.#listHandler(task, options)
    const tasks = this.#all(step.tasks, options, rescued || step.rescue.length > 0)
    const rescue = this.#all(step.rescue, options, rescued)
    const always = this.#all(step.always, options, rescued)
    if (rescue.length + always.length === 0) return tasks
    return [{ kind: 'block', id: this.#id(step.where), title: step.title, where: step.where, tasks, rescue, always }]
  }

  #meta(id: string, what: Meta['what'], options: Effective): MetaOp {
    return { kind: 'meta', id, what, options, rescued: false, next: undefined }
  }

  #id(where: string): string {
    const n = (this.#seen.get(where) ?? 0) + 1
    this.#seen.set(where, n)
    return `${where}#${n}`
  }

  #listHandler(task: Task, around: Effective): void {
    this.#listed += 1
    this.#addHandler(task, around, this.#listed)
  }

  #addHandler(task: Task, around: Effective, place: number): Handler {
    if (task.kind !== 'task') throw new UsageError(`${this.#where}: expected a task as handler, got a ${String((task as Step).kind)}`)
    const options = inherit({ ...around, tags: [] }, task.options)
    const handler: Handler = { id: this.#id(task.where), task, options, place, notifies: [] }
    this.#handlers.set(task, handler)
    this.secrets.push(...task.secrets)
    this.#open.push(handler)
    return handler
  }

  /** Finds the handlers that tasks and handlers notify. */
  #resolve(): void {
    for (let op = this.#open.shift(); op !== undefined; op = this.#open.shift()) {
      const { task } = op
      op.notifies = [task.options.notify ?? []].flat().flatMap((notified) => this.#handler(notified, task))
    }
  }

  #handler(notified: Task | string, by: Task): readonly Handler[] {
    if (typeof notified !== 'string')
      return [this.#handlers.get(notified) ?? this.#addHandler(notified, this.#play, afterListed + notified.order)]
    const listening = this.handlers.filter(({ task }) => task.title === notified || [task.options.listen ?? []].flat().includes(notified))
    if (listening.length > 0) return listening
    const known = this.handlers.flatMap(({ task }) => [task.title, ...[task.options.listen ?? []].flat()])
    const there = known.length === 0 ? 'The play has no handlers' : `There are: ${[...new Set(known)].join(', ')}`
    throw new UsageError(`task '${by.title}' (${by.where}) notifies '${notified}', and no handler is called so or listens to it. ${there}.`)
  }
}

function checkNumbers(where: string, { throttle = 1, retries = 0, delay = 0, async: seconds = 1, poll = 0 }: Effective): void {
  const wrong = Object.entries({
    throttle: Number.isInteger(throttle) && throttle >= 1,
    retries: Number.isInteger(retries) && retries >= 0,
    delay: delay >= 0,
    async: seconds > 0,
    poll: poll >= 0,
  }).find(([, fine]) => !fine)?.[0]
  if (wrong !== undefined) throw new UsageError(`${where}: expected ${wrong} to be ${expected[wrong]}`)
}

const seconds = 'a number of seconds'
const expected: Readonly<Record<string, string>> = {
  throttle: 'a whole number from 1',
  retries: 'a whole number from 0',
  delay: seconds,
  async: `${seconds}, more than 0`,
  poll: seconds,
}

/** The id of one run of a handler. */
export const handlerRun = (handler: Handler, flush: Leaf): string => `${handler.id}@${flush.id}`

/** Where the hosts that decided meet before they do what came of it. */
export const decided = (op: DecideOp): string => `${op.id} decided`

const flushes = (op: Leaf): op is MetaOp => op.kind === 'meta' && op.what === 'flushHandlers'

/** All steps that are no blocks, those of rescue and always too. */
export function leaves(ops: readonly Op[]): readonly Leaf[] {
  return ops.flatMap((op) => (op.kind === 'block' ? [...leaves(op.tasks), ...leaves(op.rescue), ...leaves(op.always)] : [op]))
}

/** Tells each step what follows if nothing fails; returns the first. */
function link(ops: readonly Op[], after: Leaf | undefined): Leaf | undefined {
  return ops.reduceRight<Leaf | undefined>((next, op) => {
    if (op.kind !== 'block') {
      op.next = next
      return op
    }
    const always = link(op.always, next)
    link(op.rescue, always)
    return link(op.tasks, always)
  }, after)
}

function titled(glob: string, title: string): boolean {
  const form = glob
    .replace(/[\\^$.+()[\]{}|/-]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return title === glob || new RegExp(`^${form}$`, 's').test(title)
}
