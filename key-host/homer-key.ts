/** HomerKey: the key that all samples are encrypted to. It is made here, kept here and never leaves. */
import { isCloudError, type Secrets } from '../cloud/ports.ts'
import { generateKeyPair, type PublicKey, publicHalf } from '../custody/openpgp.ts'

const NAME = 'homer-key'

/** Makes HomerKey unless there is one, and says which is the case. */
export async function makeHomerKey(secrets: Secrets): Promise<PublicKey & { readonly made: boolean }> {
  const there = await secrets.get(NAME)
  if (there !== undefined) return { ...(await publicHalf(textOf(there))), made: false }
  const pair = await generateKeyPair({ name: 'Skep HomerKey' })
  try {
    await secrets.put(NAME, Buffer.from(pair.secret), { ifAbsent: true })
    return { armored: pair.public, fingerprint: pair.fingerprint, made: true }
  } catch (error) {
    if (!isCloudError(error, 'PreconditionFailed')) throw error
    return makeHomerKey(secrets)
  }
}

/** The secret key, armored; undefined before it was made. */
export async function homerKey(secrets: Secrets): Promise<string | undefined> {
  const secret = await secrets.get(NAME)
  return secret && textOf(secret)
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')
