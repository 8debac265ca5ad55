/**
 * Runs intake on this machine, as a service of the local cloud: takes object notifications as they come and lists every two
 * seconds for those that were lost. Arguments: DIR MAX_SAMPLE_BYTES. Ends when its standard input ends, so it never outlives
 * who started it.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeWhole } from '../cloud/local/durable.ts'
import { openLocal } from '../cloud/local/open.ts'
import { CloudError, type Delivery } from '../cloud/ports.ts'
import { nameHmac } from '../custody/audit-record.ts'
import { objectEventSchema } from '../custody/messages.ts'
import { type Intake, ring, takeListing, takeObject } from './intake.ts'

const listEveryMs = 2_000
/** A notification that could not be taken comes again after this; a listing finds its object in any case. */
const retryMs = 1_000

const [dir, maxSampleBytes] = process.argv.slice(2)
if (dir === undefined || maxSampleBytes === undefined) throw new Error('intake needs DIR and MAX_SAMPLE_BYTES')

process.on('SIGINT', () => undefined) // Ctrl-C reaches the whole group; who started us ends us
const stop = new AbortController()
process.stdin.on('end', () => stop.abort()).resume()

const cloud = await openLocal(dir, 'intake')
const key = hmacKey(dir)
const intake: Intake = {
  cloud,
  maxSampleBytes: Number(maxSampleBytes),
  nameHmac: (name) => nameHmac(key, name),
  newOp: () => randomUUID(),
}

let listedAt = Number.NEGATIVE_INFINITY
while (!stop.signal.aborted) {
  try {
    if (cloud.clock.now() - listedAt >= listEveryMs) {
      const fresh = await takeListing(intake)
      // Whoever waits for intake to be done with what lay there learns it here.
      if (fresh === 0) process.stdout.write('nothing new\n')
      listedAt = cloud.clock.now()
    }
    const deliveries = await cloud.queue.receive('events', { waitMs: listEveryMs, max: 10, visibilityMs: 30_000 }, stop.signal)
    // What cannot be taken now comes again, and holds up none behind it.
    for (const delivery of deliveries) await take(delivery).catch(tell)
    if (deliveries.length > 0) await ring(intake)
  } catch (error) {
    if (stop.signal.aborted) break
    tell(error)
    await cloud.clock.sleep(retryMs, stop.signal).catch(() => undefined)
  }
}
await cloud.close()

/** Done only when its row is durable; what cannot be read as a notification is dropped, since no listing could come of it. */
async function take(delivery: Delivery): Promise<void> {
  const event = objectEventSchema.safeParse(parse(delivery.body)).data
  if (event !== undefined) await takeObject(intake, event)
  await delivery.done()
}

/** A cloud's message may hold the name of an object, and a refused name is kept nowhere. */
function tell(error: unknown): void {
  process.stderr.write(`intake: ${error instanceof CloudError ? error.code : String(error)}\n`)
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** The key under which refused names are kept; made once, by whoever comes first. */
function hmacKey(root: string): Uint8Array {
  const path = join(root, 'signer', 'intake-names.key')
  writeWhole(path, randomBytes(32), { ifAbsent: true, mode: 0o600 })
  return readFileSync(path)
}
