/** Fetches what the job is about and lays it out, opened, for the pipeline. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bucket } from '../cloud/ports.ts'
import { failureOf } from '../custody/failures.ts'
import type { Packets, Ticket } from '../custody/messages.ts'
import { decryptWithSessionKey } from '../custody/openpgp.ts'
import { publishedPackets, samplePackets } from '../custody/packets.ts'
import { safeName } from '../custody/safe-name.ts'
import { readAll } from './bytes.ts'
import { SampleFailure } from './failure.ts'
import type { Released } from './keys.ts'
import { patiently } from './patience.ts'
import type { WorkerCloud } from './ports.ts'

/** The session-key packets of the sample, or of every published result of the run. */
export async function readPackets({ objects, clock }: WorkerCloud, ticket: Ticket): Promise<readonly Packets[]> {
  try {
    if (ticket.kind === 'sample') return [await patiently(clock, () => samplePackets(objects, ticket.object))]
    const published = await patiently(clock, () => publishedPackets(objects, ticket.run))
    if (published.length === 0) throw new SampleFailure('input-missing', 'no sample of the run has a result')
    return published
  } catch (error) {
    throw classified(error)
  }
}

/**
 * Lays the plain files into `directory`: a sample's one file under the name its owner gave it (made safe), or one directory
 * a sample with its result. Fetched one by one, each whole and verified before anything of it is written.
 */
export async function layOut(cloud: WorkerCloud, ticket: Ticket, released: Released, directory: string, maxBytes: number): Promise<void> {
  const bucket: Bucket = ticket.kind === 'sample' ? 'input' : 'output'
  let left = maxBytes
  for (const { key, version, session } of released.keys) {
    try {
      const message = await fetchWhole(cloud, bucket, key, version, left)
      const { data, filename } = await decryptWithSessionKey(message, session, left)
      if (data.length === 0) throw new SampleFailure('empty', 'the message holds an empty file')
      left -= Math.max(data.length, message.length)
      const folder = ticket.kind === 'sample' ? directory : join(directory, sampleOf(key))
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await writeFile(join(folder, safeName(filename, 'sample')), data, { mode: 0o600, flag: 'wx' })
      data.fill(0)
    } catch (error) {
      throw classified(error)
    }
  }
}

async function fetchWhole(
  { objects, clock }: WorkerCloud,
  bucket: Bucket,
  key: string,
  version: string,
  maxBytes: number,
): Promise<Uint8Array> {
  return patiently(clock, async () => {
    const { head, body } = await objects.get(bucket, key, { version })
    if (head.size > maxBytes) throw new SampleFailure('too-large', `expected at most ${maxBytes} bytes, got ${head.size}`)
    return readAll(body, maxBytes)
  })
}

/** `runs/<run>/samples/<sample>/…`: the packets were read from such keys only. */
const sampleOf = (key: string): string => safeName(key.split('/')[3] ?? '', 'sample')

function classified(error: unknown): unknown {
  const failure = failureOf(error)
  return failure === undefined ? error : new SampleFailure(failure, 'the input cannot be used', { cause: error })
}
