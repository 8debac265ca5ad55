/** Signatures on tickets and answers. What is signed is a hash with its purpose in front, so no signature fits anything else. */
import { createPublicKey, verify } from 'node:crypto'
import type { Json, Signer, SigningKey } from '../cloud/ports.ts'
import { isCloudError } from '../cloud/ports.ts'
import { digest } from './canonical.ts'
import type { ReleaseAnswer, Signature, SignedTicket, Ticket } from './messages.ts'

/** Intake: the leave to work on a sample, or to consolidate a run. */
export async function signTicket(signer: Signer, ticket: Ticket): Promise<SignedTicket> {
  return { ticket, by: await signBody(signer, 'ticket', ticket) }
}

/** True when intake signed this very ticket. */
export const verifyTicket = (signer: Signer, signed: SignedTicket): Promise<boolean> =>
  verifyBody(signer, 'ticket', signed.ticket, signed.by)

/** Key host: its answer to a worker. */
export async function signAnswer(signer: Signer, body: ReleaseAnswer['body']): Promise<ReleaseAnswer> {
  return { body, by: await signBody(signer, 'answer', body) }
}

/** True when the key host signed this very answer. */
export const verifyAnswer = (signer: Signer, answer: ReleaseAnswer): Promise<boolean> =>
  verifyBody(signer, 'answer', answer.body, answer.by)

/** Verifies with any public key in SPKI PEM that we use: Ed25519, or ECDSA P-256 with SHA-256 (DER, as KMS signs). */
export function verifySignature(pem: string, bytes: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey(pem)
  if (key.asymmetricKeyType === 'ed25519') return verify(null, bytes, key, signature)
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1')
    return verify('sha256', bytes, key, signature)
  throw new Error(`verifying a signature: expected an Ed25519 or P-256 public key, got ${key.asymmetricKeyType ?? 'another kind'}`)
}

async function signBody(signer: Signer, key: SigningKey, body: Json): Promise<Signature> {
  const { keyId, signature } = await signer.sign(key, signedBytes(key, body))
  return { keyId, signature: Buffer.from(signature).toString('base64') }
}

async function verifyBody(signer: Signer, key: 'ticket' | 'answer', body: Json, by: Signature): Promise<boolean> {
  if (by.keyId !== key) return false
  try {
    return verifySignature(await signer.publicKey(key), signedBytes(key, body), Buffer.from(by.signature, 'base64'))
  } catch (error) {
    if (isCloudError(error, 'NotFound')) return false
    throw error
  }
}

const signedBytes = (purpose: SigningKey, body: Json): Uint8Array => Buffer.from(`skep ${purpose} v1 ${digest(body)}`)
