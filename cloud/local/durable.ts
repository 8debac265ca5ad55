/** Files that survive a power cut and a kill -9: written whole under another name, synced, then put into place. */
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { isAlive, ourselves } from './processes.ts'

const PREFIX = '.tmp-'

/** The code of a system error, or undefined. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** A name that tells whose unfinished file it is. */
export function temporaryIn(folder: string): string {
  const { pid, start } = ourselves()
  return join(folder, `${PREFIX}${pid}-${start}-${randomBytes(8).toString('hex')}`)
}

/** Whether a name is one of `temporaryIn` whose writer is dead. */
function isAbandoned(name: string): boolean {
  const [pid, start] = name.slice(PREFIX.length).split('-')
  return pid === undefined || start === undefined || !isAlive({ pid: Number(pid), start })
}

/** Removes what dead writers left in a folder. */
export function sweepTemporaries(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name.startsWith(PREFIX) && isAbandoned(name)) rmSync(join(folder, name), { force: true })
  }
}

/** Makes the names in a folder durable. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Makes a folder that only this user may enter, and its name durable. One that is there stays as it is. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new Error(`making the folder ${path}: expected a place to write to, got ${codeOf(error)}; choose another directory`, {
      cause: error,
    })
  }
  syncFolder(dirname(path))
}

/** Writes a small private file, whole or not at all. With `ifAbsent`: false, and nothing changed, when one is there. */
export function writeWhole(
  path: string,
  content: Uint8Array | string,
  options: { readonly ifAbsent?: boolean; readonly mode?: number } = {},
): boolean {
  const folder = dirname(path)
  const temporary = temporaryIn(folder)
  try {
    const descriptor = openSync(temporary, 'wx', options.mode ?? 0o600)
    try {
      writeFileSync(descriptor, content)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    if (options.ifAbsent !== true) renameSync(temporary, path)
    else if (!linkNew(temporary, path)) return false
    syncFolder(folder)
    return true
  } finally {
    rmSync(temporary, { force: true })
  }
}

function linkNew(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Removes a folder with all in it, also what its owner shut against itself. */
export function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 })
  } catch {
    openUp(path)
    rmSync(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 })
  }
}

function openUp(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isDirectory()) return
  chmodSync(path, 0o700)
  for (const name of readdirSync(path)) openUp(join(path, name))
}
