import type { Clock } from '../cloud/ports.ts'
import type { Beat } from '../custody/messages.ts'
import type { Relay } from './relay.ts'

export interface Heart {
  stage(stage: Beat['stage']): void
  /** Resolves when the last beat is over. */
  stop(): Promise<void>
}

/** Puts a sign of life every `beatMs`, the first at once. A beat that fails is passed over: the next one tells as much. */
export function startHeart(relay: Relay, clock: Clock, beatMs: number): Heart {
  const ended = new AbortController()
  let stage: Beat['stage'] = 'waiting'
  const beating = (async () => {
    for (let seq = 1; !ended.signal.aborted; seq++) {
      await relay.write('beat', { seq, stage, at: clock.now() } satisfies Beat).catch(() => undefined)
      await clock.sleep(beatMs, ended.signal).catch(() => undefined)
    }
  })()
  return {
    stage(next) {
      stage = next
    },
    async stop() {
      ended.abort()
      await beating
    },
  }
}
