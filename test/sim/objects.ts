import type { Bucket, ObjectHead, Objects } from '../../cloud/ports.ts'
import { CloudError } from '../../cloud/ports.ts'
import { printable } from '../../custody/names.ts'
import { byBytes, invalid } from './checks.ts'

interface Stored {
  readonly head: ObjectHead
  readonly bytes: Buffer
}

/** Buckets in memory. Only the newest version of a key is kept. */
export class SimObjects implements Objects {
  readonly #buckets: Readonly<Record<Bucket, Map<string, Stored>>> = { input: new Map(), output: new Map(), ancillary: new Map() }
  readonly #now: () => number
  readonly #ring: (event: string) => void
  #puts = 0

  constructor(now: () => number, ring: (event: string) => void) {
    this.#now = now
    this.#ring = ring
  }

  async put(
    bucket: Bucket,
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options: { ifAbsent?: boolean } = {},
  ): Promise<ObjectHead> {
    const length = Buffer.byteLength(key)
    if (length < 1 || length > 1024) throw invalid(`objects.put into ${bucket}: expected a key of 1 to 1024 bytes, got ${length}`)
    if (!key.isWellFormed()) throw invalid(`objects.put into ${bucket}: the key is not well-formed Unicode`)
    const bytes = body instanceof Uint8Array ? Buffer.from(body) : await bytesOf(body)
    const stored = this.#buckets[bucket]
    if (options.ifAbsent && stored.has(key))
      throw new CloudError('PreconditionFailed', `objects.put: there is already a ${printable(key)} in ${bucket}`)
    const head = { key, version: `v${++this.#puts}`, size: bytes.length, modified: this.#now() }
    stored.set(key, { head, bytes })
    if (bucket === 'input') this.#ring(JSON.stringify({ key, version: head.version, size: head.size }))
    return head
  }

  async get(
    bucket: Bucket,
    key: string,
    options: { version?: string; range?: { from: number; length: number } } = {},
  ): Promise<{ head: ObjectHead; body: AsyncIterable<Uint8Array> }> {
    const { from, length } = options.range ?? { from: 0, length: Number.MAX_SAFE_INTEGER }
    if (![from, length].every((part) => Number.isSafeInteger(part) && part >= 0))
      throw invalid(`objects.get ${printable(key)}: range ${from}, ${length}`)
    const found = this.#buckets[bucket].get(key)
    if (found === undefined || (options.version ?? found.head.version) !== found.head.version) {
      throw new CloudError(
        'NotFound',
        `objects.get: no ${printable(key)}${options.version ? ` of version ${printable(options.version)}` : ''} in ${bucket}`,
      )
    }
    return { head: found.head, body: chunks(found.bytes.subarray(from, from + length)) }
  }

  async head(bucket: Bucket, key: string): Promise<ObjectHead | undefined> {
    return this.#buckets[bucket].get(key)?.head
  }

  async list(bucket: Bucket, prefix: string): Promise<readonly ObjectHead[]> {
    const heads = [...this.#buckets[bucket].values()].map(({ head }) => head)
    return heads.filter(({ key }) => key.startsWith(prefix)).toSorted((a, b) => byBytes(a.key, b.key))
  }

  async delete(bucket: Bucket, key: string): Promise<void> {
    this.#buckets[bucket].delete(key)
  }
}

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(Uint8Array.from(part))
  return Buffer.concat(parts)
}

async function* chunks(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield Uint8Array.from(bytes.subarray(at, at + 65_536))
}
