/** SSH keys in OpenSSH's own forms, made without loading an SSH library. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeWhole } from './durable.ts'
import { layout } from './layout.ts'

const TYPE = 'ssh-ed25519'

export interface SshKey {
  /** "-----BEGIN OPENSSH PRIVATE KEY-----…" */
  readonly private: string
  /** "ssh-ed25519 AAAA…" */
  readonly public: string
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const string = (value: string | Buffer): Buffer => Buffer.concat([uint32(Buffer.byteLength(value)), Buffer.from(value)])

/** A new ed25519 key. The private form is PROTOCOL.key of OpenSSH, unencrypted. */
export function makeSshKey(): SshKey {
  const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const point = Buffer.from(x, 'base64url')
  const seed = Buffer.from(d, 'base64url')
  const blob = Buffer.concat([string(TYPE), string(point)])
  const check = randomBytes(4)
  const secret = Buffer.concat([check, check, string(TYPE), string(point), string(Buffer.concat([seed, point])), string('')])
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (secret.length % 8)) % 8))
  const head = [Buffer.from('openssh-key-v1\0'), string('none'), string('none'), string(''), uint32(1)]
  const whole = Buffer.concat([...head, string(blob), string(Buffer.concat([secret, padding]))])
  const lines = whole.toString('base64').match(/.{1,70}/g) ?? []
  return {
    private: ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n'),
    public: `${TYPE} ${blob.toString('base64')}`,
  }
}

/** The public half of what `makeSshKey` made, read out of the private form: its blob stands at a fixed place. */
export function publicHalf(privateKey: string): string {
  const whole = Buffer.from(privateKey.replace(/-----[^-]+-----/g, ''), 'base64')
  const at = 'openssh-key-v1\0'.length + 2 * string('none').length + string('').length + 4
  const length = whole.length >= at + 4 ? whole.readUInt32BE(at) : 0
  const blob = whole.subarray(at + 4, at + 4 + length)
  if (!blob.subarray(0, string(TYPE).length).equals(string(TYPE)))
    throw new Error(
      'reading an SSH key: expected an unencrypted ed25519 key as skep makes it, got another form; remove it and run skep key init',
    )
  return `${TYPE} ${blob.toString('base64')}`
}

export const keyHostKeyPath = (dir: string): string => join(layout(dir).keyHost, 'ssh-host-key.pem')
const keyHostPublicPath = (dir: string): string => join(layout(dir).trust, 'key-host.pub')

/** The key host's SSH host key, kept for good; its public half lies with the other public halves. */
export function createKeyHostKey(dir: string): void {
  writeWhole(keyHostKeyPath(dir), makeSshKey().private, { ifAbsent: true })
  writeWhole(keyHostPublicPath(dir), `${publicHalf(readFileSync(keyHostKeyPath(dir), 'utf8'))}\n`, { ifAbsent: true })
}

/** What to pin the key host's door to: "ssh-ed25519 AAAA…". */
export const keyHostPublicKey = (dir: string): string => readFileSync(keyHostPublicPath(dir), 'utf8').trim()
