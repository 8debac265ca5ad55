/** The intake Lambda but for its cloud: every good record of an event is taken before a bad one fails the invocation. */
import { CloudError } from '../cloud/ports.ts'
import { type Intake, ring, type Taken, takeObject } from './intake.ts'
import { readS3Event, type Told } from './s3-events.ts'

export interface Opened {
  readonly intake: Intake
  /** Name of the input bucket: an event of another one is refused. */
  readonly bucket: string
}

/** How many records were what: for the log, so counts only. */
export type Handled = Readonly<Record<Taken | 'removed' | 'test', number>>

/**
 * The function as Lambda calls it. It opens its cloud with the first event and keeps it for the next ones; a cloud that could
 * not be opened fails the invocation and is opened anew with the next.
 */
export function handlerOf(open: () => Promise<Opened>): (payload: unknown) => Promise<Handled> {
  let opened: Promise<Opened> | undefined
  return async (payload) => {
    opened ??= open()
    const parts = await opened.catch((error: unknown) => {
      opened = undefined
      throw error
    })
    return handle(parts, payload)
  }
}

/**
 * Takes what an event tells. Idempotent, so that Lambda may try again. Throws when a record could not be taken: once every
 * other one was, and with words of our own only.
 */
export async function handle({ intake, bucket }: Opened, payload: unknown): Promise<Handled> {
  const told = readS3Event(payload, bucket)
  const counts = { new: 0, known: 0, refused: 0, removed: 0, test: 0 }
  const failures: string[] = []
  for (const one of told) {
    if (one.kind === 'refused') failures.push(one.why)
    else
      await takeOne(intake, one).then(
        (how) => counts[how]++,
        (error: unknown) => failures.push(error instanceof CloudError ? error.code : String(error)),
      )
  }
  // Also for what is known: whoever made its row may have ended before it could ring.
  if (counts.new + counts.known > 0) await ring(intake)
  if (failures.length === 0) return counts
  throw new Error(`intake: ${failures.length} of ${told.length} records could not be taken: ${[...new Set(failures)].join(', ')}`)
}

async function takeOne(intake: Intake, told: Exclude<Told, { kind: 'refused' }>): Promise<keyof Handled> {
  return told.kind === 'put' ? takeObject(intake, told.event) : told.kind
}
