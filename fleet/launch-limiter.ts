import type { Clock } from '../cloud/ports.ts'

/** One token bucket for all launches of the account: RunInstances allows a burst, then so many a second. */
export class LaunchLimiter {
  readonly #clock: Clock
  readonly #burst: number
  readonly #perSecond: number
  #tokens: number
  #filledAt: number

  constructor(clock: Clock, burst: number, perSecond: number) {
    this.#clock = clock
    this.#burst = burst
    this.#perSecond = perSecond
    this.#tokens = burst
    this.#filledAt = clock.now()
  }

  /** Resolves when a launch may be sent; at most as many wait as there are free workers, so the wait is bounded by their number. */
  async take(signal: AbortSignal): Promise<void> {
    this.#refill()
    this.#tokens -= 1
    if (this.#tokens >= 0) return
    await this.#clock.sleep(Math.ceil((-this.#tokens / this.#perSecond) * 1000), signal)
  }

  #refill(): void {
    const now = this.#clock.now()
    const gained = (Math.max(0, now - this.#filledAt) / 1000) * this.#perSecond
    this.#tokens = Math.min(this.#burst, this.#tokens + gained)
    this.#filledAt = now
  }
}
