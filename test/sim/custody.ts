import { createHmac, createPrivateKey, createPublicKey, type KeyObject, sign, timingSafeEqual } from 'node:crypto'
import type { Notices, Proof, Role, Secrets, SigningKey, Trail } from '../../cloud/ports.ts'
import { CloudError } from '../../cloud/ports.ts'
import { byBytes, invalid } from './checks.ts'
import type { Random } from './random.ts'

/** Secrets in memory. */
export class SimSecrets implements Secrets {
  readonly #values = new Map<string, Buffer>()

  async get(name: string): Promise<Uint8Array | undefined> {
    const value = this.#values.get(secretName(name))
    return value && Uint8Array.from(value)
  }

  async put(name: string, value: Uint8Array, options: { ifAbsent?: boolean } = {}): Promise<void> {
    if (options.ifAbsent && this.#values.has(secretName(name))) throw new CloudError('PreconditionFailed', `secrets.put: ${name} is there`)
    this.#values.set(secretName(name), Buffer.from(value))
  }

  async list(prefix: string): Promise<readonly string[]> {
    return [...this.#values.keys()].filter((name) => name.startsWith(prefix)).toSorted(byBytes)
  }
}

function secretName(name: string): string {
  if (!/^[a-z0-9/-]+$/.test(name)) throw invalid('secrets: expected a name of a-z, 0-9, / and -')
  return name
}

/** The chain's lines in memory. */
export class SimTrail implements Trail {
  readonly #lines: string[] = []

  async lines(): Promise<readonly string[]> {
    return [...this.#lines]
  }

  async append(seq: number, line: string): Promise<boolean> {
    if (/[\r\n]/.test(line)) throw invalid(`trail.append ${seq}: a line holds no line feed`)
    if (!Number.isSafeInteger(seq) || seq < 1 || seq > this.#lines.length + 1) throw invalid(`trail.append: ${seq} comes after no line`)
    if (seq <= this.#lines.length) return false
    this.#lines.push(line)
    return true
  }
}

/** Notices as they were published, repeats included. */
export class SimNotices implements Notices {
  readonly published: { readonly id: string; readonly subject: string; readonly text: string }[] = []

  async publish(notice: { readonly id: string; readonly subject: string; readonly text: string }): Promise<void> {
    this.published.push({ ...notice })
  }
}

const auditKey: Partial<Record<Role, string>> = { intake: 'audit-intake', agent: 'audit-agent', keyHost: 'audit-key-host' }

/** Real Ed25519 keys, made of the seed. */
export class SimKeys {
  readonly #keys: ReadonlyMap<string, KeyObject>

  constructor(random: Random) {
    const ids = ['ticket', 'answer', 'audit-intake', 'audit-agent', 'audit-key-host']
    this.#keys = new Map(ids.map((id) => [id, privateKey(random.bytes(32))]))
  }

  sign(role: Role, key: SigningKey, bytes: Uint8Array): { keyId: string; signature: Uint8Array } {
    const keyId = key === 'audit' ? (auditKey[role] ?? 'audit') : key
    return { keyId, signature: Uint8Array.from(sign(null, bytes, this.#of(keyId))) }
  }

  publicKey(keyId: string): string {
    return createPublicKey(this.#of(keyId)).export({ type: 'spki', format: 'pem' }).toString()
  }

  #of(keyId: string): KeyObject {
    const key = this.#keys.get(keyId)
    if (key === undefined) throw new CloudError('NotFound', `signer: no key ${JSON.stringify(keyId)}`)
    return key
  }
}

const privateKey = (seed: Buffer): KeyObject =>
  createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' })

/** Proofs by a secret that only the simulated cloud has. */
export class SimAttestor {
  readonly #secret: Buffer

  constructor(random: Random) {
    this.#secret = random.bytes(32)
  }

  prove(instance: string, binding: string): Proof {
    if (!/^[0-9a-f]{64}$/.test(binding)) throw invalid('attestor.prove: expected a lower-case hex SHA-256')
    return { kind: 'sim', instance, evidence: this.#evidence(instance, binding).toString('hex') }
  }

  verify({ kind, instance, evidence }: Proof, binding: string): { instance: string } {
    const expected = this.#evidence(instance, binding)
    const given = Buffer.from(evidence, 'hex')
    if (kind !== 'sim' || given.length !== expected.length || !timingSafeEqual(given, expected) || given.toString('hex') !== evidence) {
      throw new CloudError('InvalidIdentity', `attestor.verify: the proof does not show ${JSON.stringify(instance)} asking for this`)
    }
    return { instance }
  }

  #evidence = (instance: string, binding: string): Buffer => createHmac('sha256', this.#secret).update(`${instance}\n${binding}`).digest()
}
