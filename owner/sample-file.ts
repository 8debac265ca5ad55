/** A file that is to become a sample: looked at as a whole before anything is uploaded. */
import { readFile, realpath, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { dearmor } from '../custody/armor.ts'
import { sha256 } from '../custody/canonical.ts'
import { printable } from '../custody/names.ts'
import { encryptTo } from '../custody/openpgp.ts'
import { splitMessage } from '../custody/pgp-packets.ts'
import { codeOf } from './files.ts'

/** Bytes that one file may have. */
const MAX_FILE = 256 * 1024 * 1024

export interface SampleFile {
  /** Absolute, links followed. */
  readonly path: string
  readonly size: number
  readonly sha256: string
}

/** Throws when a file is not there, not a plain file, empty, too large or not readable. */
export async function inspect(file: string): Promise<SampleFile> {
  const path = await realpath(file).catch((error: unknown) => {
    throw wrong(file, codeOf(error) === 'ENOENT' ? 'there is no such file' : `it cannot be reached (${codeOf(error)})`)
  })
  const { size, isFile } = await stat(path).then((found) => ({ size: found.size, isFile: found.isFile() }))
  if (!isFile) throw wrong(file, 'expected a plain file')
  if (size === 0) throw wrong(file, 'it is empty')
  if (size > MAX_FILE) throw wrong(file, `expected at most ${MAX_FILE / 1024 ** 2} MiB, got ${Math.ceil(size / 1024 ** 2)} MiB`)
  return { path, size, sha256: sha256(await read(file, path)) }
}

/** The bytes of a file as they were inspected. Throws when it has changed since. */
export async function readAgain(file: SampleFile): Promise<Uint8Array> {
  const bytes = await read(file.path, file.path)
  if (bytes.length === file.size && sha256(bytes) === file.sha256) return bytes
  throw wrong(file.path, 'it has changed since the submit began; submit it in a new run')
}

/** Encrypted to HomerKey, with the file's own name inside and nowhere else. */
export const encryptSample = (homer: string, path: string, bytes: Uint8Array): Promise<Uint8Array> =>
  encryptTo([homer], bytes, basename(path))

/** The binary form of a message that the owner encrypted. Throws unless HomerKey can open it. */
export async function checkEncrypted(path: string, bytes: Uint8Array, homerKeyIds: readonly string[]): Promise<Uint8Array> {
  try {
    const message = await dearmor(bytes)
    const split = splitMessage(message)
    if (split === undefined) throw wrong(path, 'expected an OpenPGP message, encrypted to a public key')
    // A recipient may be hidden (gpg --throw-keyids); then only the key host can tell.
    if (split.keyIds.some((id) => /^0+$/.test(id) || homerKeyIds.includes(id))) return message
  } catch (error) {
    if (error instanceof WrongFile) throw error
    throw wrong(path, 'expected an OpenPGP message, got a broken one', error)
  }
  throw wrong(path, 'it is not encrypted to HomerKey; encrypt it to the key that `skep key export` prints')
}

/** The ids of HomerKey's encryption keys, as they stand in a message to it. */
export async function encryptionKeyIds(homer: string): Promise<readonly string[]> {
  return splitMessage(await encryptTo([homer], new Uint8Array(1), ''))?.keyIds ?? []
}

async function read(named: string, path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: unknown) => {
    throw wrong(named, `it cannot be read (${codeOf(error)})`, error)
  })
}

class WrongFile extends Error {}

const wrong = (file: string, what: string, cause?: unknown): WrongFile => new WrongFile(`${printable(file)}: ${what}`, { cause })
