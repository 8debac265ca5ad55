/** The worker sees for itself that nobody can come in any more. */
import { access } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Clock } from '../cloud/ports.ts'
import type { WorkerConfig } from './config.ts'
import { waitFor } from './patience.ts'

type Door = Pick<WorkerConfig, 'door' | 'lockedFile' | 'lockTimeoutMs' | 'pollMs'>

/** Resolves once connections to the door are refused, and the machine says that all sessions are gone where it can say so. */
export async function doorShut({ door, lockedFile, lockTimeoutMs, pollMs }: Door, clock: Clock): Promise<void> {
  await waitFor(clock, { what: 'the door to be shut', limitMs: lockTimeoutMs, pollMs }, async () =>
    (await refused(door, 1000)) && (lockedFile === undefined || (await exists(lockedFile))) ? true : undefined,
  )
}

/** Only a refusal counts: no answer at all may be a slow machine. */
function refused({ host, port }: Door['door'], limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: limitMs })
    const say = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => say(false))
    socket.once('timeout', () => say(false))
    socket.once('error', (error: NodeJS.ErrnoException) => say(error.code === 'ECONNREFUSED'))
  })
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
