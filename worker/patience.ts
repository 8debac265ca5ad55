/** Waiting with a limit, and asking again when an answer was lost. */
import { type Clock, isCloudError } from '../cloud/ports.ts'
import { WorkerError } from './failure.ts'

const TRIES = 6

/** Looks until there is something. Throws a WorkerError that names what was waited for when the time is over. */
export async function waitFor<T>(
  clock: Clock,
  { what, limitMs, pollMs }: { readonly what: string; readonly limitMs: number; readonly pollMs: number },
  look: () => Promise<T | undefined>,
): Promise<T> {
  const until = clock.now() + limitMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (clock.now() >= until) throw new WorkerError(`waited ${limitMs} ms for ${what}`)
    await clock.sleep(pollMs)
  }
}

/** Does something that may be done twice, again while the cloud is unavailable: six times within about six seconds. */
export async function patiently<T>(clock: Clock, what: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await what()
    } catch (error) {
      if (tried === TRIES || !isCloudError(error, 'Unavailable')) throw error
      await clock.sleep(100 * 2 ** tried)
    }
  }
}
