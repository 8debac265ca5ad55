/** SSH keys in OpenSSH's own forms, made without an SSH library: ssh2's own generator drops a leading zero byte, so that one key in 256 is broken. */
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'

const TYPE = 'ssh-ed25519'

export interface SshKey {
  /** "ssh-ed25519 AAAA…" */
  readonly publicKey: string
  /** OpenSSH's own PEM form, unencrypted. */
  readonly privateKey: string
}

/** Makes a fresh Ed25519 key pair in the forms that SSH software reads. */
export function makeSshKey(): SshKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const point = rawKey(publicKey, 'x')
  const blob = Buffer.concat([field(TYPE), field(point)])
  return { publicKey: `${TYPE} ${blob.toString('base64')}`, privateKey: pem(blob, point, rawKey(privateKey, 'd')) }
}

const rawKey = (key: KeyObject, part: 'x' | 'd'): Buffer => Buffer.from(key.export({ format: 'jwk' })[part] ?? '', 'base64url')

/** An SSH string: four bytes of length, then the bytes. */
function field(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** What stands before the public blob in the `openssh-key-v1` container (PROTOCOL.key of OpenSSH) of one unencrypted key. */
const head = Buffer.concat([Buffer.from('openssh-key-v1\0'), field('none'), field('none'), field(''), Buffer.from([0, 0, 0, 1])])

function pem(blob: Buffer, point: Buffer, seed: Buffer): string {
  const check = randomBytes(4)
  const secret = Buffer.concat([check, check, field(TYPE), field(point), field(Buffer.concat([seed, point])), field('')])
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1))
  const body = Buffer.concat([head, field(blob), field(Buffer.concat([secret, padding]))])
  const lines = body.toString('base64').match(/.{1,70}/g) ?? []
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n')
}

/** The public half of what `makeSshKey` made, read out of the private form: its blob stands at a fixed place. */
export function publicHalf(privateKey: string): string {
  const whole = Buffer.from(privateKey.replace(/-----[^-]+-----/g, ''), 'base64')
  const length = whole.length >= head.length + 4 ? whole.readUInt32BE(head.length) : 0
  const blob = whole.subarray(head.length + 4, head.length + 4 + length)
  if (!blob.subarray(0, field(TYPE).length).equals(field(TYPE)))
    throw new Error(
      'reading an SSH key: expected an unencrypted ed25519 key as skep makes it, got another form; remove it and run skep key init',
    )
  return `${TYPE} ${blob.toString('base64')}`
}
