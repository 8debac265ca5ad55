/** Thrown for everything that is wrong with a key or a message. Its words hold no data of either, so they may be shown. */
export type PgpErrorCode = 'wrong-key' | 'not-pgp' | 'tampered' | 'too-large' | 'bad-key' | 'too-short'

/** An OpenPGP message or key that cannot be used, and which way; the words hold nothing of it. */
export class PgpError extends Error {
  override readonly name = 'PgpError'
  readonly code: PgpErrorCode
  constructor(code: PgpErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** What stands before the encrypted data of a message. */
export interface SessionKeyPackets {
  /** The public-key encrypted session key packets, one behind the other, headers included. */
  readonly packets: Uint8Array
  /** Whom they are for: 16 hex digits each, all zero for a hidden recipient. */
  readonly keyIds: readonly string[]
}

const PUBLIC_KEY_SESSION_KEY = 1
const SYMMETRIC_KEY_SESSION_KEY = 3
const MARKER = 10
const ENCRYPTED_WITH_INTEGRITY = 18
const ENCRYPTED_WITH_AEAD = 20

/** More than any real message has: some forty recipients with the longest keys in use. */
export const MAX_PACKETS = 12_288

/**
 * The leading session-key packets of a message, from its first bytes. Undefined when these do not begin an OpenPGP message
 * that is encrypted to public keys and protected against change (in binary form). Throws `too-short` when the packets do not end
 * within the prefix, `not-pgp` when they are more than `MAX_PACKETS` bytes.
 */
export function splitMessage(prefix: Uint8Array): SessionKeyPackets | undefined {
  const found: Uint8Array[] = []
  const keyIds: string[] = []
  let at = 0
  for (;;) {
    const header = readHeader(prefix, at)
    if (header === undefined) return undefined
    if (header.tag === ENCRYPTED_WITH_INTEGRITY || header.tag === ENCRYPTED_WITH_AEAD) break
    // Only encrypted data may have a length that is told in parts.
    if (header.length === undefined) return undefined
    const end = header.body + header.length
    if (end > MAX_PACKETS) throw new PgpError('not-pgp', `the session-key packets are more than the ${MAX_PACKETS} bytes that are allowed`)
    if (header.tag === PUBLIC_KEY_SESSION_KEY) {
      if (header.length < 10) return undefined
      if (end > prefix.length) throw tooShort(prefix)
      if (prefix[header.body] !== 3) return undefined
      keyIds.push(Buffer.from(prefix.subarray(header.body + 1, header.body + 9)).toString('hex'))
      found.push(prefix.subarray(at, end))
    } else if (header.tag !== SYMMETRIC_KEY_SESSION_KEY && header.tag !== MARKER) return undefined
    at = end
  }
  return found.length === 0 ? undefined : { packets: new Uint8Array(Buffer.concat(found)), keyIds }
}

const tooShort = (prefix: Uint8Array): PgpError =>
  new PgpError('too-short', `the session-key packets do not end within the first ${prefix.length} bytes of the message`)

interface Header {
  readonly tag: number
  readonly body: number
  /** Undefined: until the end, or in parts. */
  readonly length: number | undefined
}

function readHeader(bytes: Uint8Array, at: number): Header | undefined {
  const first = byte(bytes, at)
  if ((first & 0x80) === 0) return undefined
  return (first & 0x40) === 0 ? oldHeader(bytes, at, first) : newHeader(bytes, at, first)
}

function oldHeader(bytes: Uint8Array, at: number, first: number): Header {
  const tag = (first >> 2) & 0x0f
  const kind = first & 3
  if (kind === 3) return { tag, body: at + 1, length: undefined }
  const size = 1 << kind
  return { tag, body: at + 1 + size, length: number(bytes, at + 1, size) }
}

function newHeader(bytes: Uint8Array, at: number, first: number): Header {
  const tag = first & 0x3f
  const size = byte(bytes, at + 1)
  if (size < 192) return { tag, body: at + 2, length: size }
  if (size < 224) return { tag, body: at + 3, length: ((size - 192) << 8) + byte(bytes, at + 2) + 192 }
  if (size < 255) return { tag, body: at + 2, length: undefined }
  return { tag, body: at + 6, length: number(bytes, at + 2, 4) }
}

function number(bytes: Uint8Array, at: number, size: number): number {
  let value = 0
  for (let index = 0; index < size; index++) value = value * 256 + byte(bytes, at + index)
  return value
}

function byte(bytes: Uint8Array, at: number): number {
  const value = bytes[at]
  if (value === undefined) throw tooShort(bytes)
  return value
}
