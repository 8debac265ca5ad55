/** Keys to log in with: from the inventory, from files, from an agent; in the order in which ssh offers them. */
import { readFileSync } from 'node:fs'
import ssh2, { type ParsedKey } from 'ssh2'
import { UsageError } from '../../errors.ts'
import type { Secret } from '../../secret.ts'

/** Asks a person; undefined: nobody answers. */
export type Ask = (question: string) => Promise<Secret | undefined>

export interface Wanted {
  /** A key that the inventory holds: used alone. */
  readonly given?: Secret | undefined
  /** Files of private keys; of each the public half beside it (`.pub`) is enough where an agent has the key. */
  readonly files: readonly string[]
  /** Whether a file that is not there is an error. */
  readonly strict: boolean
  /** No key of the agent that is not in `files`. */
  readonly only: boolean
  readonly agent: string | undefined
}

export interface Identity {
  /** For messages: the file, or what the agent calls it. */
  readonly name: string
  readonly key: ParsedKey
  /** Whether it can sign without asking anybody. */
  readonly ready: boolean
  sign(data: Buffer, hash: 'sha1' | 'sha256' | 'sha512' | undefined): Promise<Buffer>
}

/** A key was accepted that a passphrase guards: unlock it, then log in again. Nothing was started. */
export class Locked extends Error {
  readonly file: string
  constructor(file: string) {
    super(`${file} is encrypted`)
    this.file = file
  }
}

/** Keeps what was unlocked, so that a passphrase is asked for once, however many hosts take the key. */
export class Keyring {
  readonly #ask: Ask | undefined
  readonly #unlocked = new Map<string, ParsedKey>()
  /** Questions come one after the other. */
  #asking: Promise<void> = Promise.resolve()

  constructor(ask: Ask | undefined) {
    this.#ask = ask
  }

  /** The keys to offer to `host`. */
  async identities(host: string, { given, files, strict, only, agent }: Wanted): Promise<readonly Identity[]> {
    if (given !== undefined) return [ofFile(host, 'its private key', parsed(host, 'its private key', given.reveal()))]
    const found = files.flatMap((file) => this.#file(host, file, strict))
    const held = agent === undefined ? [] : await agentKeys(host, agent, !only)
    const same = (one: ParsedKey) => (other: { key: ParsedKey }) => other.key.getPublicSSH().equals(one.getPublicSSH())
    const first = found.flatMap(({ key }) => held.filter(same(key)))
    const others = only ? [] : held.filter(({ key }) => !found.some(same(key)))
    const rest = found.filter(({ key, identity }) => identity !== undefined && !held.some(same(key)))
    return [...first, ...others, ...rest.flatMap(({ identity }) => identity ?? [])]
  }

  /** Asks for the passphrase, three times at most. */
  async unlock(host: string, file: string): Promise<void> {
    const before = this.#asking
    const asked = before.then(() => this.#unlock(host, file))
    this.#asking = asked.catch(() => undefined)
    return asked
  }

  async #unlock(host: string, file: string): Promise<void> {
    if (this.#unlocked.has(file)) return
    const text = readFileSync(file, 'utf8')
    for (let tries = 0; tries < 3; tries += 1) {
      const passphrase = await this.#ask?.(`Passphrase for ${file}${tries === 0 ? '' : ' (that one was wrong)'}: `)
      if (passphrase === undefined) break
      const key = ssh2.utils.parseKey(text, passphrase.reveal())
      if (!(key instanceof Error)) {
        this.#unlocked.set(file, key)
        return
      }
      if (tries === 2) throw new UsageError(`${host}: none of three passphrases opens ${file}`)
    }
    throw new UsageError(
      `${host}: ${file} is encrypted, and nobody is there to give its passphrase. Add it to an agent with \`ssh-add ${file}\`, or run Skep at a terminal.`,
    )
  }

  #file(host: string, file: string, strict: boolean): readonly { readonly key: ParsedKey; readonly identity: Identity | undefined }[] {
    const text = textOf(file)
    const unlocked = this.#unlocked.get(file)
    if (unlocked !== undefined) return [{ key: unlocked, identity: ofFile(host, file, unlocked) }]
    const key = text === undefined ? undefined : ssh2.utils.parseKey(text)
    if (key !== undefined && !(key instanceof Error)) {
      return [{ key, identity: key.isPrivateKey() ? ofFile(host, file, key) : undefined }]
    }
    const half = publicHalf(text) ?? publicFile(file)
    if (text !== undefined && /passphrase/.test(key?.message ?? '') && half !== undefined) {
      const sign = async (): Promise<Buffer> => {
        throw new Locked(file)
      }
      return [{ key: half, identity: { name: file, key: half, ready: false, sign } }]
    }
    if (half !== undefined) return [{ key: half, identity: undefined }]
    if (!strict) return []
    const why = text === undefined ? 'there is no such file' : (key?.message ?? '')
    throw new UsageError(`${host}: its private key ${file} cannot be read: ${why}`)
  }
}

/** An agent, as ssh2 sees it, that has these keys. `failed` gets what keeps a key from signing. */
export function agentOf(identities: readonly Identity[], failed: (error: unknown) => void): ssh2.BaseAgent<ParsedKey> {
  return new Offered(identities, failed)
}

class Offered extends ssh2.BaseAgent<ParsedKey> {
  readonly #identities: readonly Identity[]
  readonly #failed: (error: unknown) => void

  constructor(identities: readonly Identity[], failed: (error: unknown) => void) {
    super()
    this.#identities = identities
    this.#failed = failed
  }

  override getIdentities(callback: ssh2.IdentityCallback<ParsedKey>): void {
    callback(
      null,
      this.#identities.map(({ key }) => key),
    )
  }

  override sign(key: ParsedKey, data: Buffer, options: ssh2.SigningRequestOptions | ssh2.SignCallback, callback?: ssh2.SignCallback): void {
    const done = typeof options === 'function' ? options : callback
    const hash = typeof options === 'function' ? undefined : options.hash
    const blob = key.getPublicSSH()
    const identity = this.#identities.find((one) => one.key.getPublicSSH().equals(blob))
    const signed = identity?.sign(data, hash) ?? Promise.reject(new Error('it was not offered'))
    signed.then(
      (signature) => done?.(null, signature),
      (error: unknown) => {
        this.#failed(error)
        done?.(error instanceof Error ? error : new Error(String(error)))
      },
    )
  }
}

function ofFile(host: string, name: string, key: ParsedKey): Identity {
  const sign: Identity['sign'] = async (data, hash) => {
    const signature: Buffer | Error = key.sign(data, hash)
    if (signature instanceof Error) throw new UsageError(`${host}: ${name} cannot sign: ${signature.message}`, { cause: signature })
    return signature
  }
  return { name, key, ready: true, sign }
}

function parsed(host: string, what: string, text: string): ParsedKey {
  const key = ssh2.utils.parseKey(text)
  if (!(key instanceof Error) && key.isPrivateKey()) return key
  const why = key instanceof Error ? key.message : 'it is a public key'
  throw new UsageError(`${host}: ${what} cannot be read: ${why}`)
}

async function agentKeys(host: string, socket: string, optional: boolean): Promise<readonly Identity[]> {
  const agent = ssh2.createAgent(socket)
  const keys = await new Promise<readonly ParsedKey[]>((resolve, reject) => {
    agent.getIdentities((error, found) => {
      if (error) reject(error)
      else resolve((found ?? []).flatMap((key) => asKey(key)))
    })
  }).catch((cause: Error) => {
    // Without an agent its keys are missing, which the login will tell; a stale socket in the environment is no reason to give up.
    if (optional) return []
    throw new UsageError(`${host}: the agent at ${socket} does not answer: ${cause.message}`, { cause })
  })
  return keys.map((key) => ({
    name: `${key.comment === '' ? key.type : key.comment} of the agent`,
    key,
    ready: true,
    sign: (data, hash) =>
      new Promise((resolve, reject) => {
        agent.sign(key, data, hash === undefined ? {} : { hash }, (error, signature) => {
          if (error || signature === undefined)
            reject(new UsageError(`${host}: the agent did not sign: ${error?.message}`, { cause: error }))
          else resolve(signature)
        })
      }),
  }))
}

function asKey(key: unknown): readonly ParsedKey[] {
  const found = ssh2.utils.parseKey(key as Buffer)
  return found instanceof Error ? [] : [found]
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function publicFile(file: string): ParsedKey | undefined {
  const key = ssh2.utils.parseKey(textOf(`${file}.pub`) ?? '')
  return key instanceof Error ? undefined : key
}

/** The public half that an encrypted key in OpenSSH's form carries in the clear. */
function publicHalf(text: string | undefined): ParsedKey | undefined {
  if (text?.includes('-----BEGIN OPENSSH PRIVATE KEY-----') !== true) return undefined
  const bytes = Buffer.from(text.replaceAll(/-----[^-]+-----/g, ''), 'base64')
  let at = 'openssh-key-v1\0'.length
  const field = (): Buffer => {
    const length = at + 4 <= bytes.length ? bytes.readUInt32BE(at) : 0
    const found = bytes.subarray(at + 4, at + 4 + length)
    at += 4 + length
    return found
  }
  for (const _ of ['cipher', 'kdf', 'its options']) field()
  at += 4 // how many keys: one
  const key = ssh2.utils.parseKey(field())
  return key instanceof Error ? undefined : key
}
