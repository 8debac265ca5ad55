/** The data owner's own OpenPGP key: results are encrypted to it. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateKeyPair, type PublicKey, publicHalf, readPublicKey } from '../custody/openpgp.ts'
import { codeOf, putFile } from './files.ts'

/** An answer of the key host carries no longer one. */
const LONGEST = 65_536
const SECRET = 'owner-key.secret.asc'

/** Where the key made for an owner who brought none lies, under the owner's private directory. */
export const secretKeyFile = (home: string): string => join(home, SECRET)

/** The public key to which results go: the one in `file`, or else the owner's default key, made when there is none yet. */
export async function ownerPublicKey(home: string, file?: string): Promise<PublicKey> {
  if (file !== undefined) return readKeyFile('--owner-key', file)
  const known = await readSecret(secretKeyFile(home))
  if (known !== undefined) return publicHalf(known)
  const made = await generateKeyPair({ name: 'Skep data owner' })
  // Another submit may have been first; whichever key is in place counts.
  await putFile(secretKeyFile(home), made.secret, { ifAbsent: true })
  return publicHalf((await readSecret(secretKeyFile(home))) ?? made.secret)
}

/** A public key from a file, with the flag that named it in front of what is wrong. */
async function readKeyFile(flag: string, file: string): Promise<PublicKey> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new Error(`${flag}: cannot read ${file} (${codeOf(error)})`, { cause: error })
  })
  const key = await readPublicKey(bytes).catch((error: unknown) => {
    throw new Error(`${flag} ${file}: ${error instanceof Error ? error.message : error}`, { cause: error })
  })
  if (key.armored.length <= LONGEST) return key
  throw new Error(
    `${flag} ${file}: expected at most ${LONGEST} bytes, got ${key.armored.length}; export it with --export-options export-minimal`,
  )
}

/** The armored secret key that opens results: the one in `file`, or the owner's default key. */
export async function ownerSecretKey(home: string, file?: string): Promise<string> {
  const path = file ?? secretKeyFile(home)
  const secret = await readSecret(path)
  if (secret !== undefined) return secret
  const todo =
    file === undefined ? 'give the key that you submitted with by --key FILE, or fetch with --encrypted' : 'give the armored secret key'
  throw new Error(`looking for the owner's secret key: there is no ${path}; ${todo}`)
}

async function readSecret(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new Error(`reading the owner's secret key: cannot read ${path} (${codeOf(error)})`, { cause: error })
  })
}
