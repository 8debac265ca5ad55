import type { Delivery, Queue, QueueName } from '../../cloud/ports.ts'
import { invalid } from './checks.ts'
import type { VirtualClock } from './clock.ts'
import type { Faults } from './faults.ts'
import type { Random } from './random.ts'

interface Message {
  readonly id: string
  readonly body: string
  visibleAt: number
  receives: number
}

/** Queues in memory: at least once, in an order that the seed decides. */
export class SimQueue implements Queue {
  readonly #messages: Readonly<Record<QueueName, Map<string, Message>>> = { events: new Map(), doorbell: new Map() }
  readonly #wakers = new Set<() => void>()
  readonly #clock: VirtualClock
  readonly #random: Random
  readonly #faults: Faults

  constructor(clock: VirtualClock, random: Random, faults: Faults) {
    this.#clock = clock
    this.#random = random
    this.#faults = faults
  }

  async send(queue: QueueName, body: string): Promise<void> {
    const size = Buffer.byteLength(body)
    if (size > 4096) throw invalid(`queue.send to ${queue}: expected at most 4096 bytes, got ${size}`)
    const { lose, double } = this.#faults.queue
    const copies = this.#random.next() < lose ? 0 : this.#random.next() < double ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      const id = `m-${this.#random.hex(16)}`
      this.#messages[queue].set(id, { id, body, visibleAt: this.#clock.now(), receives: 0 })
    }
    this.#wake()
  }

  async receive(
    queue: QueueName,
    { waitMs, max, visibilityMs }: { waitMs: number; max: number; visibilityMs: number },
    signal?: AbortSignal,
  ): Promise<readonly Delivery[]> {
    if (!Number.isInteger(max) || max < 1 || max > 10) throw invalid(`queue.receive: expected max from 1 to 10, got ${max}`)
    delayOf(visibilityMs, 'visibilityMs')
    const deadline = this.#clock.now() + waitMs
    for (;;) {
      if (signal?.aborted) return []
      const taken = this.#take(queue, max, visibilityMs)
      if (taken.length > 0 || this.#clock.now() >= deadline) return taken
      const hidden = [...this.#messages[queue].values()].map(({ visibleAt }) => visibleAt)
      await this.#pause(Math.min(deadline, ...hidden), signal)
    }
  }

  /** How many messages lie there, seen or not. */
  depth(queue: QueueName): number {
    return this.#messages[queue].size
  }

  #take(queue: QueueName, max: number, visibilityMs: number): Delivery[] {
    const now = this.#clock.now()
    const visible = [...this.#messages[queue].values()].filter(({ visibleAt }) => visibleAt <= now)
    const taken: Delivery[] = []
    while (taken.length < max && visible.length > 0) {
      const [message] = visible.splice(this.#random.below(visible.length), 1)
      if (message === undefined) break
      message.visibleAt = now + visibilityMs
      message.receives++
      taken.push(this.#delivery(queue, message))
    }
    return taken
  }

  #delivery(queue: QueueName, message: Message): Delivery {
    return {
      id: message.id,
      body: message.body,
      receives: message.receives,
      done: async () => {
        this.#messages[queue].delete(message.id)
      },
      retry: async (delayMs) => {
        message.visibleAt = this.#clock.now() + delayOf(delayMs, 'delayMs')
        this.#wake()
      },
    }
  }

  /** Until `due`, a change of the queues or the signal, whichever comes first. */
  async #pause(due: number, signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = () => {
        cancel()
        this.#wakers.delete(end)
        signal?.removeEventListener('abort', end)
        resolve()
      }
      const cancel = this.#clock.at(due, end)
      this.#wakers.add(end)
      signal?.addEventListener('abort', end, { once: true })
    })
  }

  #wake(): void {
    for (const wake of [...this.#wakers]) wake()
  }
}

function delayOf(ms: number, what: string): number {
  if (!(ms >= 0 && ms <= 43_200_000)) throw invalid(`queue: expected ${what} from 0 to 43200000, got ${ms}`)
  return ms
}
