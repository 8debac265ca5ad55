import type { BigIntStats } from 'node:fs'
import { type FileHandle, link, mkdir, open, readdir, rename, rm, rmdir, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { printable } from '../../custody/names.ts'
import { type Bucket, CloudError, type ObjectHead, type Objects } from '../ports.ts'
import { codeOf, temporaryIn } from './durable.ts'
import { layout } from './layout.ts'
import { toFolders, toKey, toPath } from './paths.ts'
import { enqueue, MAX_BODY } from './queue.ts'
import type { Gate } from './rights.ts'
import type { Database } from './sqlite.ts'

const MAX_KEY = 1024
/** Bodies up to this size are read at once, so that one nobody consumes holds no file open. */
const AT_ONCE = 1024 * 1024
const CHUNK = 256 * 1024
/** A folder may be removed as empty between our making it and our using it, this often at most. */
const PLACE_TRIES = 100

interface Range {
  readonly from: number
  readonly length: number
}

/** Objects as plain files: written aside, synced, put into place by link or rename. The version is the file's very identity. */
export class LocalObjects implements Objects {
  readonly #buckets: string
  readonly #temporary: string
  readonly #database: Database
  readonly #gate: Gate

  constructor(dir: string, database: Database, gate: Gate) {
    this.#buckets = layout(dir).buckets
    this.#temporary = layout(dir).temporary
    this.#database = database
    this.#gate = gate
  }

  async put(
    bucket: Bucket,
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options: { readonly ifAbsent?: boolean } = {},
  ): Promise<ObjectHead> {
    const ifAbsent = options.ifAbsent === true
    this.#gate.objects({ action: 'put', bucket, key, ifAbsent })
    const path = this.#path(bucket, key)
    const temporary = temporaryIn(this.#temporary)
    try {
      const head = toHead(key, await writeAside(`putting ${bucket}/${printable(key)}`, temporary, body))
      await asked(`putting ${bucket}/${printable(key)}`, () => place(temporary, path, join(this.#buckets, bucket), ifAbsent))
      if (bucket === 'input') this.#ring(head)
      return head
    } finally {
      await rm(temporary, { force: true })
    }
  }

  async get(
    bucket: Bucket,
    key: string,
    options: { readonly version?: string; readonly range?: Range } = {},
  ): Promise<{ readonly head: ObjectHead; readonly body: AsyncIterable<Uint8Array> }> {
    const { version, range } = options
    this.#gate.objects({ action: 'get', bucket, key, ...(range && { length: range.length }) })
    if (range !== undefined) check(range)
    const path = this.#path(bucket, key)
    return asked(`getting ${bucket}/${printable(key)}`, async () => {
      const file = await openObject(path)
      if (file === undefined) throw new CloudError('NotFound', `getting ${bucket}/${printable(key)}: there is no such object`)
      try {
        const head = toHead(key, await file.stat({ bigint: true }))
        if (version !== undefined && version !== head.version)
          throw new CloudError(
            'NotFound',
            `getting ${bucket}/${printable(key)}: expected version ${version}, there is only ${head.version}`,
          )
        const from = Math.min(range?.from ?? 0, head.size)
        const length = Math.min(range?.length ?? head.size, head.size - from)
        if (length > AT_ONCE) return { head, body: stream(file, from, length) }
        const bytes = await readAll(file, from, length)
        await file.close()
        return { head, body: once(bytes) }
      } catch (error) {
        await file.close()
        throw error
      }
    })
  }

  async head(bucket: Bucket, key: string): Promise<ObjectHead | undefined> {
    this.#gate.objects({ action: 'head', bucket, key })
    return this.#head(bucket, key, this.#path(bucket, key))
  }

  async list(bucket: Bucket, prefix: string): Promise<readonly ObjectHead[]> {
    this.#gate.objects({ action: 'list', bucket, key: prefix })
    const found: ObjectHead[] = []
    for await (const path of files(join(this.#buckets, bucket), toFolders(prefix))) {
      const key = toKey(path)
      if (key === undefined || !key.startsWith(prefix)) continue
      const head = await this.#head(bucket, key, join(this.#buckets, bucket, ...path))
      if (head !== undefined) found.push(head)
    }
    return found.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
  }

  async delete(bucket: Bucket, key: string): Promise<void> {
    this.#gate.objects({ action: 'delete', bucket, key })
    const path = this.#path(bucket, key)
    await asked(`deleting ${bucket}/${printable(key)}`, async () => {
      try {
        await unlink(path)
      } catch (error) {
        if (isAbsent(error)) return
        throw error
      }
      await syncFolder(await removeEmpty(dirname(path), join(this.#buckets, bucket)))
    })
  }

  #path(bucket: Bucket, key: string): string {
    const bytes = Buffer.byteLength(key)
    if (bytes < 1 || bytes > MAX_KEY || !key.isWellFormed())
      throw new CloudError(
        'InvalidArgument',
        `an object's key: expected 1 to ${MAX_KEY} bytes of UTF-8, got ${bytes} bytes or broken Unicode`,
      )
    return join(this.#buckets, bucket, ...toPath(key))
  }

  #head(bucket: Bucket, key: string, path: string): Promise<ObjectHead | undefined> {
    return asked(`looking at ${bucket}/${printable(key)}`, async () => {
      try {
        const found = await stat(path, { bigint: true })
        return found.isFile() ? toHead(key, found) : undefined
      } catch (error) {
        if (isAbsent(error)) return undefined
        throw error
      }
    })
  }

  /** A hint: the object is there whether it arrives or not. */
  #ring({ key, version, size }: ObjectHead): void {
    const body = JSON.stringify({ key, version, size })
    if (Buffer.byteLength(body) > MAX_BODY) return
    try {
      enqueue(this.#database, 'events', body)
    } catch {
      // intake lists what it was not told of
    }
  }
}

const isAbsent = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')

const toHead = (key: string, found: BigIntStats): ObjectHead => ({
  key,
  version: `${found.ino}-${found.mtimeNs}-${found.size}`,
  size: Number(found.size),
  modified: Number(found.mtimeNs / 1_000_000n),
})

function check({ from, length }: Range): void {
  if (Number.isSafeInteger(from) && from >= 0 && Number.isSafeInteger(length) && length >= 0) return
  throw new CloudError('InvalidArgument', `getting a range: expected whole numbers from 0, got from ${from}, length ${length}`)
}

/** What the file system says, in the words of the port. */
async function asked<T>(doing: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof CloudError) throw error
    const code = codeOf(error)
    if (code === 'ENAMETOOLONG')
      throw new CloudError('InvalidArgument', `${doing}: the path is too long for this file system; use a shorter --dir`, { cause: error })
    throw new CloudError('Unavailable', `${doing}: expected the disk to do it, got ${code ?? String(error)}; try again`, { cause: error })
  }
}

/** Writes a file nobody sees yet, whole and synced, and tells its identity. An error of the body's source stays what it is. */
async function writeAside(doing: string, path: string, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<BigIntStats> {
  const file = await asked(doing, () => open(path, 'wx', 0o600))
  try {
    for await (const chunk of body instanceof Uint8Array ? once(body) : body) await asked(doing, () => file.writeFile(chunk))
    return await asked(doing, async () => {
      // Kernels keep time coarsely, and inodes are used again at once: a finer time keeps the versions of a key apart.
      const now = (performance.timeOrigin + performance.now()) / 1000
      await file.utimes(now, now)
      await file.sync()
      return file.stat({ bigint: true })
    })
  } finally {
    await file.close()
  }
}

async function place(temporary: string, path: string, bucket: string, ifAbsent: boolean): Promise<void> {
  for (let left = PLACE_TRIES; ; left -= 1) {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      await (ifAbsent ? link(temporary, path) : rename(temporary, path))
      break
    } catch (error) {
      const code = codeOf(error)
      if (code === 'ENOENT' && left > 1) continue
      if (code === 'EEXIST' && ifAbsent)
        throw new CloudError('PreconditionFailed', `putting an object if absent: there is one already at ${path}`)
      throw error
    }
  }
  for (let folder = dirname(path); folder.length >= bucket.length; folder = dirname(folder)) await syncFolder(folder)
}

async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  } catch (error) {
    if (!isAbsent(error)) throw error // removed as empty by somebody else: nothing of ours is in it
  }
}

/** Removes folders that became empty, upwards, and tells the first that stays. */
async function removeEmpty(folder: string, bucket: string): Promise<string> {
  if (folder.length <= bucket.length) return bucket
  try {
    await rmdir(folder)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') return folder
  }
  return removeEmpty(dirname(folder), bucket)
}

async function openObject(path: string): Promise<FileHandle | undefined> {
  try {
    const file = await open(path, 'r')
    if ((await file.stat()).isFile()) return file
    await file.close()
    return undefined
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

async function readAll(file: FileHandle, from: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, from + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return bytes.subarray(0, done)
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  if (bytes.length > 0) yield bytes
}

async function* stream(file: FileHandle, from: number, length: number): AsyncIterable<Uint8Array> {
  try {
    for (let done = 0; done < length; ) {
      const chunk = await readAll(file, from + done, Math.min(CHUNK, length - done))
      if (chunk.length === 0) return
      done += chunk.length
      yield chunk
    }
  } finally {
    await file.close()
  }
}

/** Paths of all files under a folder of a bucket, as names from the bucket on. */
async function* files(bucket: string, folders: readonly string[]): AsyncIterable<readonly string[]> {
  let entries: readonly { readonly name: string; isDirectory(): boolean; isFile(): boolean }[]
  try {
    entries = await readdir(join(bucket, ...folders), { withFileTypes: true })
  } catch (error) {
    if (isAbsent(error)) return
    throw error
  }
  for (const entry of entries) {
    const path = [...folders, entry.name]
    if (entry.isDirectory()) yield* files(bucket, path)
    else if (entry.isFile()) yield path
  }
}
