/** The worker's side of `relay/<job>/<attempt>/`: small JSON objects that the agent carries to and fro. */
import { isCloudError } from '../cloud/ports.ts'
import { type RelayName, relayKey } from '../custody/names.ts'
import { readAll } from './bytes.ts'
import { patiently } from './patience.ts'
import type { WorkerCloud } from './ports.ts'

/** A sealed answer for ten thousand results is the largest thing that comes this way. */
const LIMIT = 8 * 1024 * 1024

export interface Relay {
  /** What lies there, with the version that tells a new one from the old. */
  read(name: RelayName): Promise<{ readonly version: string; readonly value: unknown } | undefined>
  write(name: RelayName, value: object, options?: { readonly ifAbsent?: boolean }): Promise<void>
  /** A hint to the agent that there is something to see. It may be lost. */
  ring(): Promise<void>
}

/** The relay of one attempt. */
export function openRelay({ objects, queue, clock }: WorkerCloud, job: string, attempt: number): Relay {
  return {
    async read(name) {
      try {
        const { head, body } = await patiently(clock, () => objects.get('ancillary', relayKey(job, attempt, name)))
        const bytes = await readAll(body, LIMIT)
        return { version: head.version, value: parsed(bytes) }
      } catch (error) {
        if (isCloudError(error, 'NotFound')) return undefined
        throw error
      }
    },
    async write(name, value, options = {}) {
      const bytes = Buffer.from(JSON.stringify(value))
      await patiently(clock, () => objects.put('ancillary', relayKey(job, attempt, name), bytes, options))
    },
    async ring() {
      await queue.send('doorbell', JSON.stringify({ job })).catch(() => undefined)
    },
  }
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
