import { CloudError, type Delivery, type Queue, type QueueName } from '../ports.ts'
import { systemClock } from './clock.ts'
import type { Gate } from './rights.ts'
import { type Database, integer, text, transaction } from './sqlite.ts'

/** Bytes of a message. */
export const MAX_BODY = 4096
const MAX_DELAY = 43_200_000
/** Other processes cannot wake us, so we look this often. */
const LOOK_EVERY_MS = 25

/** Puts a message on a queue, whoever asks: an object's put rings `events` for a role that has no queue at all. */
export function enqueue(database: Database, queue: QueueName, body: string): void {
  transaction(database, `sending to queue ${queue}`, () => {
    database.prepare('INSERT INTO messages (queue, body, visibleAt) VALUES (?, ?, ?)').run(queue, body, Date.now())
  })
}

/** Queues as rows: a message is hidden while it is handled, and comes again when it is not done in time. */
export class LocalQueue implements Queue {
  readonly #database: Database
  readonly #gate: Gate

  constructor(database: Database, gate: Gate) {
    this.#database = database
    this.#gate = gate
  }

  async send(queue: QueueName, body: string): Promise<void> {
    this.#gate.queue('send', queue)
    const bytes = Buffer.byteLength(body)
    if (bytes > MAX_BODY)
      throw new CloudError('InvalidArgument', `sending to queue ${queue}: expected at most ${MAX_BODY} bytes, got ${bytes}`)
    enqueue(this.#database, queue, body)
  }

  async receive(
    queue: QueueName,
    options: { waitMs: number; max: number; visibilityMs: number },
    signal?: AbortSignal,
  ): Promise<readonly Delivery[]> {
    this.#gate.queue('receive', queue)
    whole('max', options.max, 1, 10)
    whole('waitMs', options.waitMs, 0, MAX_DELAY)
    whole('visibilityMs', options.visibilityMs, 0, MAX_DELAY)
    const deadline = performance.now() + options.waitMs
    while (signal?.aborted !== true) {
      const deliveries = this.#take(queue, options.max, options.visibilityMs)
      const left = deadline - performance.now()
      if (deliveries.length > 0 || left <= 0) return deliveries
      await systemClock.sleep(Math.min(LOOK_EVERY_MS, left), signal).catch(() => undefined)
    }
    return []
  }

  #take(queue: QueueName, max: number, visibilityMs: number): readonly Delivery[] {
    const visible = this.#database.prepare(
      'SELECT number, body, receives FROM messages WHERE queue = ? AND visibleAt <= ? ORDER BY number LIMIT ?',
    )
    // A look without the write lock first: waiting on an empty queue costs the others nothing.
    if (visible.get(queue, Date.now(), 1) === undefined) return []
    return transaction(this.#database, `receiving from queue ${queue}`, () => {
      const hide = this.#database.prepare('UPDATE messages SET visibleAt = ?, receives = receives + 1 WHERE number = ?')
      const now = Date.now()
      return visible.all(queue, now, max).map((row) => {
        const number = integer(row, 'number')
        hide.run(now + visibilityMs, number)
        return this.#delivery(number, text(row, 'body'), integer(row, 'receives') + 1)
      })
    })
  }

  #delivery(number: number, body: string, receives: number): Delivery {
    const change = (doing: string, statement: string, ...values: number[]): void => {
      transaction(this.#database, `${doing} message ${number}`, () => void this.#database.prepare(statement).run(...values))
    }
    return {
      id: String(number),
      body,
      receives,
      done: async () => change('deleting', 'DELETE FROM messages WHERE number = ?', number),
      retry: async (delayMs) => {
        whole('delayMs', delayMs, 0, MAX_DELAY)
        // Only while it is still ours: who received it since decides now.
        change('retrying', 'UPDATE messages SET visibleAt = ? WHERE number = ? AND receives = ?', Date.now() + delayMs, number, receives)
      },
    }
  }
}

function whole(name: string, value: number, from: number, to: number): void {
  if (Number.isInteger(value) && value >= from && value <= to) return
  throw new CloudError('InvalidArgument', `using a queue: expected ${name} to be a whole number from ${from} to ${to}, got ${value}`)
}
