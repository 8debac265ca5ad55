/** From the lines of a journal to where each host stopped. */
import type { Plain, Result } from '../contract.ts'
import type { Resumed } from '../hooks.ts'
import type { JournalLine } from './journal.ts'

/** Where a run stopped. */
export interface Stopped {
  /** What is known of a host in a play; undefined: it did not begin. */
  of(play: number, host: string): Resumed | undefined
  /** Decisions that cannot be taken as they were, since what they found is secret: `web1: 'which version' (play.ts:3)`. */
  readonly unkept: readonly string[]
}

/** Folds the lines of all runs that wrote to one journal. */
export function stoppedAt(lines: readonly JournalLine[]): Stopped {
  const hosts = new Map<string, HostState>()
  let play = 0
  for (const line of lines) {
    if (line.line === 'play') {
      play = line.play
      continue
    }
    const key = `${play} ${line.host}`
    const state = hosts.get(key) ?? new HostState()
    hosts.set(key, state)
    state.take(line)
  }
  return {
    of: (index, host) => hosts.get(`${index} ${host}`)?.resumed,
    unkept: [...hosts].flatMap(([key, { unkept }]) => unkept.map((what) => `${key.slice(key.indexOf(' ') + 1)}: ${what}`)),
  }
}

class HostState {
  /** By the id of the decision. */
  readonly #unkept = new Map<string, string>()
  readonly #ended = new Map<string, Result>()
  readonly #hidden = new Set<string>()
  readonly #found = new Map<string, Plain>()
  readonly #pending = new Set<string>()
  /** Handlers that ran in this flush: they do not run twice in it, whoever notifies them. */
  readonly #ran = new Set<string>()
  /** Since a failure: it counts only if a block makes good for it. Otherwise the host goes on at the failure. */
  #tail: Extract<JournalLine, { readonly result: Result }>[] | undefined
  /** Ids, and whether it was in the last run. */
  readonly #begun = new Map<string, boolean>()

  take(line: Exclude<JournalLine, { readonly line: 'play' }>): void {
    switch (line.line) {
      case 'host':
        this.#tail = undefined
        this.#ran.clear()
        for (const id of this.#begun.keys()) this.#begun.set(id, false)
        break
      case 'begun':
        this.#begun.set(line.id, true)
        break
      case 'ended':
      case 'lost':
        this.#outcome(line)
        break
      case 'rescued':
        for (const one of this.#tail ?? []) this.#keep(one)
        this.#tail = undefined
        break
      case 'found':
        if (line.found === null) this.#unkept.set(line.id, line.what)
        else this.#found.set(line.id, line.found)
        break
      case 'flushed':
        this.#ran.clear()
        break
      case 'notified':
        if (!(line.byHandler && this.#ran.has(line.handler))) this.#pending.add(line.handler)
    }
  }

  get unkept(): readonly string[] {
    return [...this.#unkept.values()]
  }

  get resumed(): Resumed {
    return {
      ended: this.#ended,
      hidden: this.#hidden,
      found: this.#found,
      pending: [...this.#pending],
      begun: new Set(this.#begun.keys()),
    }
  }

  #outcome(line: Extract<JournalLine, { readonly result: Result }>): void {
    const { id } = line
    // A failure without a start in the same run is the question of a run that went on: it is still open.
    if (line.line === 'ended' || this.#begun.get(id) === true) this.#begun.delete(id)
    if (line.line === 'lost') {
      this.#tail = [...(this.#tail ?? []), line]
      return
    }
    const handler = [...this.#pending].find((one) => id.startsWith(`${one}@`))
    if (handler !== undefined) {
      this.#pending.delete(handler)
      this.#ran.add(handler)
    }
    if (this.#tail === undefined) this.#keep(line)
    else this.#tail.push(line)
  }

  #keep({ id, result, hidden }: Extract<JournalLine, { readonly result: Result }>): void {
    this.#ended.set(id, result)
    if (hidden === true) this.#hidden.add(id)
  }
}
