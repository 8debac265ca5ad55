import type { Clock } from '../../cloud/ports.ts'

interface Timer {
  readonly due: number
  readonly order: number
  readonly fire: () => void
}

/** Time that stands still until a test moves it. Due timers fire one by one, in order, each with all that follows from it. */
export class VirtualClock implements Clock {
  #now: number
  #order = 0
  #timers: Timer[] = []

  constructor(startAt: number) {
    this.#now = startAt
  }

  now(): number {
    return this.#now
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (ms <= 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const cancel = this.at(this.#now + ms, () => {
        signal?.removeEventListener('abort', abort)
        resolve()
      })
      const abort = () => {
        cancel()
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /** Calls `fire` when the time has come; the returned function cancels it. */
  at(due: number, fire: () => void): () => void {
    const timer = { due, order: this.#order++, fire }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Lets `ms` milliseconds pass. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    while (this.#fireNext(end)) await settle()
    this.#now = Math.max(this.#now, end)
    await settle()
  }

  /** Lets time pass until `promise` is settled, at most `limitMs` of it. */
  async until<T>(promise: Promise<T>, limitMs = 24 * 3_600_000): Promise<T> {
    const end = this.#now + limitMs
    const state = { settled: false }
    const done = () => {
      state.settled = true
    }
    promise.then(done, done)
    const stuckAt = Date.now() + 20_000
    for (;;) {
      await settle()
      if (state.settled) return promise
      if (this.#fireNext(end)) continue
      if (this.#timers.length > 0) throw new Error(`waiting in virtual time: nothing came of it within ${limitMs} ms`)
      if (Date.now() > stuckAt) throw new Error('waiting in virtual time: nothing left that could wake it, and it is not settled')
    }
  }

  #fireNext(end: number): boolean {
    const [first, ...rest] = this.#timers.toSorted((a, b) => a.due - b.due || a.order - b.order)
    if (first === undefined || first.due > end) return false
    this.#timers = rest
    this.#now = Math.max(this.#now, first.due)
    first.fire()
    return true
  }
}

/** Lets everything that needs no time happen. */
async function settle(): Promise<void> {
  for (let round = 0; round < 3; round++) await new Promise((resolve) => setImmediate(resolve))
}
