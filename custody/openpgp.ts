/** The only file that knows openpgp.js. It is loaded at first use: that costs what a short command should not pay. */
import type { PartialConfig, PrivateKey, SessionKey as RawSessionKey } from 'openpgp'

import { looksArmored } from './armor.ts'
import { PgpError, splitMessage } from './pgp-packets.ts'

export interface PublicKey {
  readonly armored: string
  /** Lower-case hex. */
  readonly fingerprint: string
}

/** `algorithm` as OpenPGP names it, such as aes256. */
export interface SessionKey {
  readonly algorithm: string
  readonly sessionKey: Uint8Array
}

/** What was inside a message. `filename` was chosen by the sender: never a path to use as it is. */
export interface Opened {
  readonly data: Uint8Array
  readonly filename: string
}

const openpgp = () => import('openpgp')
const MEBIBYTE = 1024 * 1024
/** A message may unpack to so many bytes, unless said otherwise. */
const LIMIT = 512 * MEBIBYTE

/** A key without a passphrase, as both gpg 2.2 and openpgp.js understand it: v4, ed25519 and cv25519, asking for no AEAD packets. */
export async function generateKeyPair(options: { name: string }): Promise<{ secret: string; public: string; fingerprint: string }> {
  const { generateKey } = await openpgp()
  const pair = await generateKey({ type: 'ecc', curve: 'curve25519Legacy', userIDs: [{ name: options.name }], format: 'object' })
  return { secret: pair.privateKey.armor(), public: pair.publicKey.armor(), fingerprint: pair.publicKey.getFingerprint() }
}

/** One public key that can be encrypted to today. Throws `bad-key` and says what is the matter with it. */
export async function readPublicKey(key: string | Uint8Array): Promise<PublicKey> {
  const { readKeys } = await openpgp()
  const armored = typeof key === 'string' ? key : looksArmored(key) ? Buffer.from(key).toString('latin1') : undefined
  const keys = await (armored === undefined ? readKeys({ binaryKeys: bytesOf(key) }) : readKeys({ armoredKeys: armored })).catch(() => [])
  const [only, second] = keys
  if (only === undefined) throw badKey('it is not an OpenPGP key')
  if (second !== undefined) throw badKey(`it holds ${keys.length} keys`)
  if (only.isPrivate()) throw badKey('it is a secret key, which must never leave its owner (export the public one: gpg --armor --export)')
  await only.verifyPrimaryKey().catch((error: unknown) => {
    throw badKey(`it cannot be used: ${told(error)}`)
  })
  await only.getEncryptionKey().catch((error: unknown) => {
    throw badKey(`nothing can be encrypted to it: ${told(error)}`)
  })
  return { armored: only.armor(), fingerprint: only.getFingerprint() }
}

/** The public half of a secret key of ours. */
export async function publicHalf(secret: string): Promise<PublicKey> {
  const key = (await readSecret(secret)).toPublic()
  return { armored: key.armor(), fingerprint: key.getFingerprint() }
}

/** The session keys of several messages, each from its session-key packets alone. Throws `wrong-key` or `not-pgp` for the first that fails. */
export async function unwrapSessionKeys(secret: string, messages: readonly Uint8Array[]): Promise<SessionKey[]> {
  const { readMessage, decryptSessionKeys } = await openpgp()
  const decryptionKeys = await readSecret(secret)
  const keys: SessionKey[] = []
  for (const packets of messages) {
    const message = await readMessage({ binaryMessage: packets }).catch((cause: unknown) => {
      throw new PgpError('not-pgp', 'reading session-key packets: they are not OpenPGP packets', { cause })
    })
    const found = await decryptSessionKeys({ message, decryptionKeys }).catch((cause: unknown) => {
      throw new PgpError('wrong-key', 'unwrapping a session key: it was not encrypted to this key', { cause })
    })
    const [first] = found
    if (!first?.algorithm) throw new PgpError('not-pgp', 'unwrapping a session key: the packet names no cipher')
    keys.push({ algorithm: first.algorithm, sessionKey: first.data })
  }
  return keys
}

/** The session key of one message. */
export async function unwrapSessionKey(secret: string, packets: Uint8Array): Promise<SessionKey> {
  const [key] = await unwrapSessionKeys(secret, [packets])
  if (key === undefined) throw new PgpError('not-pgp', 'unwrapping a session key: there is none')
  return key
}

/** Opens a message with its session key. Nothing is returned before the whole message was verified. */
export async function decryptWithSessionKey(bytes: Uint8Array, key: SessionKey, limit = LIMIT): Promise<Opened> {
  return open(bytes, { sessionKeys: { data: key.sessionKey, algorithm: cipher(key.algorithm) } }, limit)
}

/** Opens a message with a secret key. Nothing is returned before the whole message was verified. */
export async function decryptWithKey(bytes: Uint8Array, secret: string, limit = LIMIT): Promise<Opened> {
  const split = splitWhole(bytes)
  return decryptWithSessionKey(bytes, await unwrapSessionKey(secret, split), limit)
}

/** Encrypts to all of the keys, in the form that gpg 2.2 and later read. */
export async function encryptTo(publicKeys: readonly string[], data: Uint8Array, filename: string): Promise<Uint8Array> {
  const { createMessage, encrypt, readKey } = await openpgp()
  const encryptionKeys = await Promise.all(publicKeys.map((armoredKey) => readKey({ armoredKey })))
  const message = await createMessage({ binary: data, filename, format: 'binary' })
  return encrypt({ message, encryptionKeys, format: 'binary' })
}

async function open(
  binaryMessage: Uint8Array,
  by: { readonly sessionKeys: RawSessionKey },
  maxDecompressedMessageSize: number,
): Promise<Opened> {
  const { readMessage, decrypt } = await openpgp()
  splitWhole(binaryMessage)
  const config: PartialConfig = { maxDecompressedMessageSize, allowUnauthenticatedMessages: false, allowUnauthenticatedStream: false }
  try {
    const message = await readMessage({ binaryMessage, config })
    const { data, filename } = await decrypt({ message, ...by, format: 'binary', config })
    return { data, filename }
  } catch (cause) {
    if (/maximum decompressed message size/i.test(told(cause)))
      throw new PgpError(
        'too-large',
        `opening a message: it unpacks to more than the ${limitInWords(maxDecompressedMessageSize)} allowed`,
        { cause },
      )
    throw new PgpError('tampered', 'opening a message: its protection against change does not hold, so it was changed or cut on its way', {
      cause,
    })
  }
}

/** The packets of a message that is there as a whole. */
function splitWhole(bytes: Uint8Array): Uint8Array {
  try {
    const split = splitMessage(bytes)
    if (split !== undefined) return split.packets
  } catch (cause) {
    throw new PgpError('not-pgp', 'opening a message: it ends before its encrypted data begin', { cause })
  }
  throw new PgpError('not-pgp', 'opening a message: it is not an OpenPGP message that was encrypted to a public key')
}

async function readSecret(armoredKey: string): Promise<PrivateKey> {
  const { readPrivateKey } = await openpgp()
  const key = await readPrivateKey({ armoredKey }).catch(() => undefined)
  if (key === undefined) throw badKey('it is not an armored OpenPGP secret key', 'secret')
  if (!key.isDecrypted()) throw badKey('it is locked by a passphrase', 'secret')
  return key
}

function badKey(matter: string, kind: 'public' | 'secret' = 'public'): PgpError {
  return new PgpError('bad-key', `reading a ${kind} key: expected one OpenPGP ${kind} key, but ${matter}`)
}

const ciphers = ['aes128', 'aes192', 'aes256', 'twofish', 'blowfish', 'cast5', 'tripledes', 'idea'] as const

function cipher(name: string): RawSessionKey['algorithm'] {
  const found = ciphers.find((known) => known === name)
  if (found === undefined) throw new PgpError('not-pgp', 'opening a message: its cipher is unknown')
  return found
}

const bytesOf = (key: string | Uint8Array): Uint8Array => (typeof key === 'string' ? Buffer.from(key) : key)
const told = (error: unknown): string => (error instanceof Error ? error.message : String(error))
const limitInWords = (bytes: number): string => (bytes < MEBIBYTE ? `${bytes} bytes` : `${Math.floor(bytes / MEBIBYTE)} MiB`)
