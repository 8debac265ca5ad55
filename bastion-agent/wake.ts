import type { Clock } from '../cloud/ports.ts'

/** A latch that many may ring and one waits for; a ring while nobody waits is not lost. */
export class Wake {
  #rung = false
  #waiting: (() => void) | undefined

  readonly ring = (): void => {
    this.#rung = true
    this.#waiting?.()
  }

  /** Resolves at the next ring, at once if it rang since the last wait, or after `ms`. */
  async wait(clock: Clock, ms: number): Promise<void> {
    if (!this.#rung) {
      const over = new AbortController()
      const rung = new Promise<void>((resolve) => {
        this.#waiting = resolve
      })
      await Promise.race([rung, clock.sleep(ms, over.signal).catch(() => undefined)])
      over.abort()
    }
    this.#waiting = undefined
    this.#rung = false
  }
}
