/** Seals small secrets to a worker's key: X25519, HKDF-SHA256 and AES-256-GCM, bound to the request by its context. */
import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { canonical } from './canonical.ts'
import type { Box, Context } from './messages.ts'

const RAW = 32
const TAG = 16
/** What stands before the 32 bytes of a raw X25519 public key to make it SPKI. */
const SPKI = Buffer.from('302a300506032b656e032100', 'hex')

/** Made for one request, held in memory only. */
export interface SealKey {
  /** 32 raw bytes. */
  readonly publicKey: Uint8Array
  readonly privateKey: KeyObject
}

/** A fresh X25519 key pair. */
export function newSealKey(): SealKey {
  const pair = generateKeyPairSync('x25519')
  return { publicKey: raw(pair.publicKey), privateKey: pair.privateKey }
}

/** Seals `plain` so that only the holder of `wpk`'s private half can open it, and only under this context. */
export function seal(wpk: Uint8Array, plain: Uint8Array, context: Context): Box {
  const mine = newSealKey()
  const key = sealingKey(mine.privateKey, wpk, { epk: mine.publicKey, wpk, context })
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  cipher.setAAD(aad(context))
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  key.fill(0)
  return { epk: base64(mine.publicKey), iv: base64(iv), ciphertext: base64(ciphertext) }
}

/** Opens a box. Throws when the key, the context or one bit of the box is another. */
export function openSeal(box: Box, mine: SealKey, context: Context): Uint8Array {
  const epk = Buffer.from(box.epk, 'base64')
  const iv = Buffer.from(box.iv, 'base64')
  const ciphertext = Buffer.from(box.ciphertext, 'base64')
  if (iv.length !== 12 || ciphertext.length < TAG) throw new Error('opening a sealed box: it is not one')
  const key = sealingKey(mine.privateKey, epk, { epk, wpk: mine.publicKey, context })
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG })
    decipher.setAAD(aad(context))
    decipher.setAuthTag(ciphertext.subarray(-TAG))
    return Buffer.concat([decipher.update(ciphertext.subarray(0, -TAG)), decipher.final()])
  } catch (cause) {
    throw new Error('opening a sealed box: it is not for this key and this request, or it was changed', { cause })
  } finally {
    key.fill(0)
  }
}

function sealingKey(secret: KeyObject, other: Uint8Array, under: { epk: Uint8Array; wpk: Uint8Array; context: Context }): Buffer {
  if (other.length !== RAW) throw new Error(`sealing: expected a raw X25519 public key of ${RAW} bytes, got ${other.length} bytes`)
  const shared = agree(secret, other)
  try {
    return Buffer.from(hkdfSync('sha256', shared, Buffer.concat([under.epk, under.wpk]), aad(under.context), 32))
  } finally {
    shared.fill(0)
  }
}

/** Points of small order give an all-zero secret, which everybody knows. OpenSSL refuses them too; this does not hang on that. */
function agree(privateKey: KeyObject, other: Uint8Array): Buffer {
  try {
    const publicKey = createPublicKey({ key: Buffer.concat([SPKI, other]), format: 'der', type: 'spki' })
    const shared = diffieHellman({ privateKey, publicKey })
    if (shared.some((byte) => byte !== 0)) return shared
  } catch (cause) {
    throw new Error('sealing: no secret can be agreed on with this public key', { cause })
  }
  throw new Error('sealing: no secret can be agreed on with this public key')
}

const aad = (context: Context): Buffer => Buffer.from(canonical(context))
const raw = (key: KeyObject): Uint8Array => new Uint8Array(key.export({ format: 'der', type: 'spki' }).subarray(-RAW))
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
