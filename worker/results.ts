/** Encrypts what the pipeline wrote, uploads it under this attempt, and publishes it unless another attempt already has. */
import { constants } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isCloudError } from '../cloud/ports.ts'
import { sha256 } from '../custody/canonical.ts'
import type { Manifest } from '../custody/messages.ts'
import { attemptFile, manifestKey } from '../custody/names.ts'
import { encryptTo } from '../custody/openpgp.ts'
import type { WorkerConfig } from './config.ts'
import { SampleFailure } from './failure.ts'
import type { Released } from './keys.ts'
import { patiently } from './patience.ts'
import type { WorkerCloud } from './ports.ts'

/** As many as a manifest can name. */
const MAX_FILES = 1000

/** Uploads each file of `directory`, in the order of their names, for the owner and for HomerKey. */
export async function upload(config: WorkerConfig, cloud: WorkerCloud, released: Released, directory: string): Promise<Manifest['files']> {
  const { run, unit } = config.signed.ticket
  const files: Manifest['files'] = []
  let left = config.maxOutputBytes
  for (const name of await outputNames(directory)) {
    const data = await readOutput(join(directory, name), left)
    left -= data.length
    const message = await encryptTo([released.owner.armored, released.homer.armored], data, name)
    data.fill(0)
    const key = attemptFile(run, unit, config.attempt, files.length + 1)
    await patiently(cloud.clock, () => cloud.objects.put('output', key, message))
    files.push({ key, size: message.length, sha256: sha256(message) })
  }
  return files
}

/** Makes this attempt the result. When another attempt was first, that one is, and the sample has a result all the same. */
export async function publish(config: WorkerConfig, cloud: WorkerCloud, released: Released, files: Manifest['files']): Promise<void> {
  const { run, unit, job } = config.signed.ticket
  const manifest: Manifest = {
    v: 1,
    run,
    unit,
    job,
    attempt: config.attempt,
    instance: config.instance,
    audit: released.audit,
    ownerFingerprint: released.owner.fingerprint,
    files,
  }
  try {
    const bytes = Buffer.from(JSON.stringify(manifest))
    await patiently(cloud.clock, () => cloud.objects.put('output', manifestKey(run, unit), bytes, { ifAbsent: true }))
  } catch (error) {
    // Found there: by another attempt, or by this one when an answer was lost. Published in both cases.
    if (!isCloudError(error, 'PreconditionFailed')) throw error
  }
}

async function outputNames(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  if (entries.length === 0) throw new SampleFailure('no-output', 'the pipeline wrote no file')
  if (entries.length > MAX_FILES)
    throw new SampleFailure('too-large', `the pipeline wrote ${entries.length} files, expected at most ${MAX_FILES}`)
  if (!entries.every((entry) => entry.isFile()))
    throw new SampleFailure('pipeline-crash', 'the pipeline wrote something that is not a plain file')
  return entries.map(({ name }) => name).sort()
}

async function readOutput(path: string, limit: number): Promise<Uint8Array> {
  // A link put there meanwhile is not followed.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((cause: unknown) => {
    throw new SampleFailure('pipeline-crash', 'the pipeline wrote a file that cannot be read', { cause })
  })
  try {
    const { size } = await file.stat()
    if (size > limit) throw new SampleFailure('too-large', 'the pipeline wrote more than is allowed')
    return await file.readFile()
  } finally {
    await file.close()
  }
}
