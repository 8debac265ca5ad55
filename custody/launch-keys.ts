import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'

/** An SSH key pair for one launch: the private half is never written anywhere. */
export interface LaunchKey {
  /** "ssh-ed25519 AAAA…" */
  readonly publicKey: string
  /** OpenSSH's own PEM form. */
  readonly privateKey: string
}

/** Makes a fresh Ed25519 key pair in the forms that SSH software reads. */
export function makeLaunchKey(): LaunchKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = rawKey(publicKey, 'x')
  const blob = Buffer.concat([field('ssh-ed25519'), field(raw)])
  return { publicKey: `ssh-ed25519 ${blob.toString('base64')}`, privateKey: openSshPem(blob, raw, rawKey(privateKey, 'd')) }
}

const rawKey = (key: KeyObject, part: 'x' | 'd'): Buffer => Buffer.from(key.export({ format: 'jwk' })[part] ?? '', 'base64url')

/** An SSH string: four bytes of length, then the bytes. */
function field(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** The unencrypted `openssh-key-v1` container (PROTOCOL.key of OpenSSH). */
function openSshPem(blob: Buffer, publicRaw: Buffer, privateRaw: Buffer): string {
  const check = randomBytes(4)
  const secret = Buffer.concat([
    check,
    check,
    field('ssh-ed25519'),
    field(publicRaw),
    field(Buffer.concat([privateRaw, publicRaw])),
    field(''),
  ])
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1))
  const one = Buffer.from([0, 0, 0, 1])
  const none = field('none')
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    none,
    none,
    field(''),
    one,
    field(blob),
    field(Buffer.concat([secret, padding])),
  ])
  const lines = body.toString('base64').match(/.{1,70}/g) ?? []
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`
}

/** The launch keys of one agent's life, in memory only: an agent that starts anew holds none and lets such workers go. */
export class LaunchKeys {
  readonly #keys = new Map<string, LaunchKey>()

  make(worker: string): LaunchKey {
    const key = makeLaunchKey()
    this.#keys.set(worker, key)
    return key
  }

  get(worker: string): LaunchKey | undefined {
    return this.#keys.get(worker)
  }

  forget(worker: string): void {
    this.#keys.delete(worker)
  }

  held(): ReadonlySet<string> {
    return new Set(this.#keys.keys())
  }
}
