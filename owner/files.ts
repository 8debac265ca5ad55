/** Private files that are there whole or not at all, and stay there. */
import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** The code of a system error such as ENOENT. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** A new file, mode 0600, synced. */
export async function writeNew(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes the names in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** Puts a file in place at once and durably. With `ifAbsent` one that is there is kept. */
export async function putFile(path: string, content: string | Uint8Array, { ifAbsent = false } = {}): Promise<void> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const temporary = join(folder, `.tmp-${process.pid}-${randomBytes(6).toString('hex')}`)
  try {
    await writeNew(temporary, content)
    if (!ifAbsent) await rename(temporary, path)
    else {
      await link(temporary, path).catch((error: unknown) => {
        if (codeOf(error) !== 'EEXIST') throw error
      })
    }
    await syncDirectory(folder)
  } finally {
    await rm(temporary, { force: true })
  }
}

/** The name of what is not whole yet. */
const PARTIAL = '.partial'

/** Throws unless `out` can become a directory that is all ours: not there yet, or empty. */
export async function checkEmpty(out: string): Promise<void> {
  const now = await stat(out).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new Error(`-o: expected a new or empty directory, got ${out} (${codeOf(error)})`, { cause: error })
  })
  if (now === undefined) return
  if (!now.isDirectory()) throw new Error(`-o: expected a new or empty directory, got a file: ${out}`)
  const count = (await readdir(out)).filter((name) => name !== PARTIAL).length
  if (count > 0) throw new Error(`-o: expected a new or empty directory, got one with ${count} entries: ${out}`)
}

/** Lets `fill` write into a private directory that becomes `out` when all is well, and is gone when not. */
export async function fillDirectory(out: string, fill: (stage: string) => Promise<void>): Promise<void> {
  await checkEmpty(out)
  const exists = (await stat(out).catch(() => undefined)) !== undefined
  // An empty directory is kept, not replaced: somebody may stand in it.
  const stage = exists ? join(out, PARTIAL) : `${out}${PARTIAL}`
  try {
    // What a killed one left half written goes first.
    await rm(stage, { recursive: true, force: true })
    await mkdir(stage, { recursive: true, mode: 0o700 })
    await fill(stage)
    await syncDirectory(stage)
    if (exists) {
      for (const entry of await readdir(stage)) await rename(join(stage, entry), join(out, entry))
    } else await rename(stage, out)
    await syncDirectory(exists ? out : dirname(out))
  } finally {
    await rm(stage, { recursive: true, force: true })
  }
}
