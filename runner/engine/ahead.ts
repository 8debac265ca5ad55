import type { As, Plain, Plan, Reader } from '../contract.ts'
import type { DecideOp, Leaf, TaskOp } from './compile.ts'
import { asKey } from './effective.ts'

/** What a look brings: the plan of a task, or what a decision is made of. */
type Sight = Plan | Readonly<Record<string, Plain>>
type Lookable = TaskOp | DecideOp
type Settled = { readonly sight: Sight } | { readonly error: unknown }

interface Begun {
  /** Of the machine, when the look was sent. */
  readonly version: string
  readonly settled: Promise<Settled>
}

/** What the looker has to know of the host and the run. */
export interface Sights {
  /** What was seen at one version is not believed at another. */
  version(): string
  /** Undefined: the shell of that task's user is not open yet. */
  eyes(op: Lookable): Reader | undefined
  as(op: Lookable): As | undefined
  /** `pass`: nothing to look at, go on; `stop`: nothing may be looked at beyond. */
  ahead(op: Leaf): 'look' | 'pass' | 'stop'
}

/** How many tasks are looked at ahead right after a change. */
const small = 2

/** Looks at tasks before their turn. What it gives in a task's turn is what a look in that turn would give. */
export class Ahead {
  readonly #sights: Sights
  readonly #most: number
  readonly #begun = new Map<Leaf, Begun>()
  #size: number
  #version: string | undefined

  /** `most`: how many tasks are looked at at once; 1: each in its turn. */
  constructor(sights: Sights, most: number) {
    this.#sights = sights
    this.#most = most
    this.#size = most
  }

  /** In its turn: what was seen ahead if it still counts, otherwise a new look, with the next ones behind it. */
  async see(op: TaskOp, eyes: Reader): Promise<Plan>
  async see(op: DecideOp, eyes: Reader): Promise<Readonly<Record<string, Plain>>>
  async see(op: Lookable, eyes: Reader): Promise<Sight> {
    const begun = this.#begun.get(op)
    this.#begun.delete(op)
    if (begun?.version === this.#sights.version()) {
      const settled = await begun.settled
      if ('sight' in settled) return settled.sight
    }
    const sight = lookAt(op, eyes)
    this.begin(op.next, asKey(this.#sights.as(op)))
    return sight
  }

  /** Looks at what comes next, unless a look that still counts is under way. What a decision may bring is not waited for. */
  begin(from: Leaf | undefined, as?: string): void {
    if (this.#most === 1) return
    const version = this.#sights.version()
    if (this.#version !== version) this.#begun.clear()
    const next = this.#next(from)
    if (next === undefined || this.#begun.has(next)) return
    if (this.#version !== undefined) this.#size = Math.min(this.#version === version ? this.#size * 2 : small, this.#most)
    this.#version = version
    const user = as ?? asKey(this.#sights.as(next))
    for (let op: Lookable | undefined = next, count = 0; op !== undefined && count < this.#size; op = this.#next(op.next), count += 1) {
      const eyes = asKey(this.#sights.as(op)) === user ? this.#sights.eyes(op) : undefined
      if (eyes === undefined) return
      if (!this.#begun.has(op)) this.#begun.set(op, { version, settled: settle(lookAt(op, eyes)) })
    }
  }

  /** The next that may be looked at before its turn. */
  #next(from: Leaf | undefined): Lookable | undefined {
    for (let op = from; op !== undefined; op = op.next) {
      const what = this.#sights.ahead(op)
      if (what === 'stop') return undefined
      if (what === 'look' && op.kind !== 'meta') return op
    }
    return undefined
  }
}

async function lookAt(op: Lookable, eyes: Reader): Promise<Sight> {
  if (op.kind === 'task') return op.task.plan(eyes)
  const looks = Object.entries(op.step.looks)
  const found = await Promise.all(looks.map(async ([name, look]) => (look.kind === 'look' ? [[name, await look.look(eyes)] as const] : [])))
  return Object.fromEntries(found.flat())
}

/** A look ahead that fails has not happened: nobody hears of it unless its turn comes. */
const settle = (look: Promise<Sight>): Promise<Settled> =>
  look.then(
    (sight) => ({ sight }),
    (error: unknown) => ({ error }),
  )
