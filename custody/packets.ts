/** Which session-key packets a key request is about. Worker and key host read them with the same code and compare hashes. */
import { type Bucket, CloudError, type Objects } from '../cloud/ports.ts'
import { digest, sha256 } from './canonical.ts'
import { type Manifest, manifestSchema, type Packets } from './messages.ts'
import { manifestKey, samplesPrefix, unitPrefix } from './names.ts'
import { MAX_PACKETS, PgpError, splitMessage } from './pgp-packets.ts'

/** So much of an object is read: its packets and the head of what follows them. */
const PREFIX = MAX_PACKETS + 64
const MANIFEST_LIMIT = 1024 * 1024
/** Reads at once. */
const WIDTH = 8

/** The packets of a sample. Throws PgpError `not-pgp`; a CloudError `NotFound` passes through. */
export const samplePackets = (objects: Objects, object: { readonly key: string; readonly version: string }): Promise<Packets> =>
  readPackets(objects, 'input', object.key, object.version)

/** The packets of every published result of a run (the first file of each), in the order of their keys. */
export async function publishedPackets(objects: Objects, run: string): Promise<Packets[]> {
  const keys = (await objects.list('output', samplesPrefix(run))).map((head) => head.key)
  const units = keys.flatMap((key) => unitOf(run, key))
  return inOrder(
    await eachOf(units, async (unit) => {
      const manifest = await readManifest(objects, run, unit)
      const [first] = manifest.files
      if (!first?.key.startsWith(unitPrefix(run, unit))) throw strange(manifestKey(run, unit), 'names a file outside of its own unit')
      return readPackets(objects, 'output', first.key)
    }),
  )
}

/** What the context of a request says of its packets. */
export const packetsHash = (pkesks: readonly Packets[]): string => digest(inOrder(pkesks))

/** What the context of a request says of the worker's key. */
export const keyHash = (wpk: Uint8Array): string => sha256(wpk)

async function readPackets(objects: Objects, bucket: Bucket, key: string, version?: string): Promise<Packets> {
  const found = await objects.get(bucket, key, { range: { from: 0, length: PREFIX }, ...(version === undefined ? {} : { version }) })
  const split = splitPrefix(await collect(found.body, PREFIX, key))
  if (split === undefined)
    throw new PgpError('not-pgp', `reading the session-key packets of ${key}: it is not a message encrypted to a public key`)
  return { key, version: found.head.version, packets: Buffer.from(split).toString('base64') }
}

/** All allowed packets fit into the prefix, so packets that do not end within it are cut ones. */
function splitPrefix(prefix: Uint8Array): Uint8Array | undefined {
  try {
    return splitMessage(prefix)?.packets
  } catch (error) {
    if (error instanceof PgpError) return undefined
    throw error
  }
}

async function readManifest(objects: Objects, run: string, unit: string): Promise<Manifest> {
  const key = manifestKey(run, unit)
  const bytes = await collect((await objects.get('output', key)).body, MANIFEST_LIMIT, key)
  const manifest = manifestSchema.safeParse(parsed(bytes))
  if (!manifest.success) throw strange(key, 'is not a manifest')
  if (manifest.data.run !== run || manifest.data.unit !== unit) throw strange(key, 'is the manifest of something else')
  return manifest.data
}

/** The unit whose manifest the key is; none for other objects. */
function unitOf(run: string, key: string): string[] {
  const unit = key.split('/')[3]
  return unit !== undefined && key === manifestKey(run, unit) ? [unit] : []
}

async function collect(body: AsyncIterable<Uint8Array>, limit: number, key: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > limit) throw strange(key, `is longer than the ${limit} bytes expected`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function eachOf<T, U>(items: readonly T[], work: (item: T) => Promise<U>): Promise<U[]> {
  const results: U[] = []
  for (let from = 0; from < items.length; from += WIDTH) results.push(...(await Promise.all(items.slice(from, from + WIDTH).map(work))))
  return results
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}

const inOrder = (pkesks: readonly Packets[]): Packets[] => pkesks.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
const strange = (key: string, what: string): CloudError => new CloudError('InvalidArgument', `reading what a run published: ${key} ${what}`)
