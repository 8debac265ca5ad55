import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { printable } from '../../custody/names.ts'
import { CloudError, type Role, type Signer, type SigningKey } from '../ports.ts'
import { codeOf, writeWhole } from './durable.ts'
import { layout } from './layout.ts'
import type { Gate } from './rights.ts'

const keyIds = ['ticket', 'answer', 'audit-intake', 'audit-agent', 'audit-key-host'] as const
type KeyId = (typeof keyIds)[number]

const auditKeys: { readonly [R in Role]?: KeyId } = { intake: 'audit-intake', agent: 'audit-agent', keyHost: 'audit-key-host' }

/** The key host keeps its own keys; those of intake and agent lie together. */
function privateOf(dir: string, keyId: KeyId): string {
  const keptByKeyHost = keyId === 'answer' || keyId === 'audit-key-host'
  return join(keptByKeyHost ? layout(dir).keyHost : layout(dir).signer, `${keyId}.pem`)
}

const publicOf = (dir: string, keyId: string): string => join(layout(dir).trust, `${keyId}.pub`)

/** Makes the signing keys that are not there yet. A public half is always made from the private half that lies there. */
export function createSigningKeys(dir: string): void {
  for (const keyId of keyIds) {
    const path = privateOf(dir, keyId)
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    writeWhole(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { ifAbsent: true })
    writeWhole(publicOf(dir, keyId), createPublicKey(readFileSync(path)).export({ type: 'spki', format: 'pem' }), { ifAbsent: true })
  }
}

/** ECDSA on P-256 over SHA-256, in DER: what a cloud's key management would give. */
export class LocalSigner implements Signer {
  readonly #dir: string
  readonly #gate: Gate

  constructor(dir: string, gate: Gate) {
    this.#dir = dir
    this.#gate = gate
  }

  async sign(key: SigningKey, bytes: Uint8Array): Promise<{ readonly keyId: string; readonly signature: Uint8Array }> {
    this.#gate.sign(key)
    const keyId = key === 'audit' ? auditKeys[this.#gate.role] : key
    if (keyId === undefined) throw new CloudError('AccessDenied', `role ${this.#gate.role} has no key to sign audit records with`)
    try {
      return { keyId, signature: sign('sha256', bytes, createPrivateKey(readFileSync(privateOf(this.#dir, keyId)))) }
    } catch (error) {
      throw new CloudError(
        'Unavailable',
        `signing with the key ${keyId}: expected its file, got ${codeOf(error) ?? 'none that can be used'}; run skep key init`,
        {
          cause: error,
        },
      )
    }
  }

  async publicKey(keyId: string): Promise<string> {
    if (!keyIds.some((known) => known === keyId))
      throw new CloudError('NotFound', `finding a public key: expected one of ${keyIds.join(', ')}, got ${printable(keyId.slice(0, 64))}`)
    try {
      return readFileSync(publicOf(this.#dir, keyId), 'utf8')
    } catch (error) {
      throw new CloudError('NotFound', `finding the public key ${keyId}: its file is not there (${codeOf(error)}); run skep key init`, {
        cause: error,
      })
    }
  }
}
