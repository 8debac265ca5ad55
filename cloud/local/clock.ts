import { setTimeout as after } from 'node:timers/promises'
import type { Clock } from '../ports.ts'

/** The clock on the wall. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    try {
      await after(ms, undefined, signal === undefined ? {} : { signal })
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : error
    }
  },
}
