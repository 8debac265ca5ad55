import { createMessage, encrypt, generateKey, readKey, readPrivateKey, revokeKey } from 'openpgp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dearmor } from '../../custody/armor.ts'
import {
  decryptWithKey,
  decryptWithSessionKey,
  encryptTo,
  generateKeyPair,
  publicHalf,
  readPublicKey,
  unwrapSessionKey,
} from '../../custody/openpgp.ts'
import { type PgpErrorCode, splitMessage } from '../../custody/pgp-packets.ts'
import { type Gpg, gpgMissing, openGpg } from './gpg.ts'

const data = Buffer.from(`visit,bp\n1,120/80\n${'x'.repeat(20_000)}`)
const homer = await generateKeyPair({ name: 'HomerKey' })
const owner = await generateKeyPair({ name: 'Data owner' })
const code = (error: PgpErrorCode) => expect.objectContaining({ name: 'PgpError', code: error })

function packetsOf(message: Uint8Array): Uint8Array {
  const split = splitMessage(message)
  if (split === undefined) throw new Error('the test needs an encrypted message')
  return split.packets
}

/** Opens a message as a worker does: with a session key that somebody else took from the packets. */
async function openAsWorker(message: Uint8Array) {
  return decryptWithSessionKey(message, await unwrapSessionKey(homer.secret, packetsOf(message)))
}

describe('a key of ours', () => {
  test('has version 4, one signing and one encryption part, and asks for no AEAD packets', async () => {
    const key = await readKey({ armoredKey: homer.public })
    expect(key.keyPacket.version).toBe(4)
    expect([key.getAlgorithmInfo().algorithm, key.subkeys[0]?.getAlgorithmInfo().algorithm]).toEqual(['eddsaLegacy', 'ecdh'])
    const features = (await key.getPrimaryUser()).selfCertification as unknown as { features: Uint8Array }
    expect([...features.features]).toEqual([1])
  })

  test('tells its public half', async () => {
    const { fingerprint, armored } = await publicHalf(homer.secret)
    expect(fingerprint).toBe(homer.fingerprint)
    expect(fingerprint).toMatch(/^[0-9a-f]{40}$/)
    expect(armored).toContain('BEGIN PGP PUBLIC KEY')
    expect((await readPublicKey(armored)).fingerprint).toBe(fingerprint)
  })
})

describe('readPublicKey refuses', async () => {
  const revoked = await generateKey({ type: 'ecc', curve: 'curve25519Legacy', userIDs: [{ name: 'r' }], format: 'object' }).then(
    async ({ privateKey }) => (await revokeKey({ key: privateKey, format: 'object' })).publicKey.armor(),
  )
  const long = new Date('2020-01-01')
  const options = { type: 'ecc' as const, curve: 'curve25519Legacy' as const, userIDs: [{ name: 'e' }], format: 'object' as const }
  const expired = (await generateKey({ ...options, date: long, keyExpirationTime: 3600 })).publicKey.armor()
  const signsOnly = (await generateKey({ ...options, subkeys: [{ sign: true }] })).publicKey.armor()
  const two = Buffer.concat([(await readKey({ armoredKey: homer.public })).write(), (await readKey({ armoredKey: owner.public })).write()])
  const cases: [string, string | Uint8Array, RegExp][] = [
    ['nothing', '', /is not an OpenPGP key/],
    ['text', 'ssh-ed25519 AAAA', /is not an OpenPGP key/],
    ['bytes', Buffer.from([0x99, 1, 2, 3]), /is not an OpenPGP key/],
    ['a secret key, without showing it', homer.secret, /is a secret key/],
    ['two keys', two, /holds 2 keys/],
    ['a revoked key', revoked, /cannot be used/],
    ['an expired key', expired, /cannot be used/],
    ['a key that only signs', signsOnly, /nothing can be encrypted to it/],
  ]
  test.each(cases)('%s', async (_, key, words) => {
    const error: unknown = await readPublicKey(key).catch((thrown: unknown) => thrown)
    expect(error).toEqual(code('bad-key'))
    expect(String(error)).toMatch(words)
    expect(String(error)).not.toContain('PRIVATE')
  })

  test('and takes a good one in either form', async () => {
    const binary = (await readKey({ armoredKey: owner.public })).write()
    expect(await readPublicKey(binary)).toEqual(await readPublicKey(owner.public))
    expect((await readPublicKey(Buffer.from(`\n${owner.public}`))).fingerprint).toBe(owner.fingerprint)
  })
})

describe('a message', () => {
  test('comes back whole, with the name that the sender gave it', async () => {
    const message = await encryptTo([homer.public, owner.public], data, 'Zoë’s file.csv')
    for (const secret of [homer.secret, owner.secret]) {
      const opened = await decryptWithKey(message, secret)
      expect(Buffer.from(opened.data).equals(data)).toBe(true)
      expect(opened.filename).toBe('Zoë’s file.csv')
    }
    expect(Buffer.from((await openAsWorker(message)).data).equals(data)).toBe(true)
  })

  test('with any one bit changed is never opened', async () => {
    const message = await encryptTo([homer.public], Buffer.from('systolic 120, diastolic 80, and so on for a while'), 'f')
    const key = await unwrapSessionKey(homer.secret, packetsOf(message))
    const start = packetsOf(message).length
    for (let at = start; at < message.length; at++) {
      const changed = Uint8Array.from(message)
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
      await expect(decryptWithSessionKey(changed, key), `byte ${at}`).rejects.toMatchObject({ name: 'PgpError' })
    }
    const inside = Uint8Array.from(message)
    inside[message.length - 10] = (inside[message.length - 10] ?? 0) ^ 1
    await expect(decryptWithSessionKey(inside, key)).rejects.toEqual(code('tampered'))
  })

  test('cut anywhere is never opened', async () => {
    const message = await encryptTo([homer.public], data, 'f')
    const key = await unwrapSessionKey(homer.secret, packetsOf(message))
    for (const length of [packetsOf(message).length + 30, 8000, message.length - 23, message.length - 1])
      await expect(decryptWithSessionKey(message.subarray(0, length), key), String(length)).rejects.toEqual(code('tampered'))
    await expect(decryptWithSessionKey(message.subarray(0, 50), key)).rejects.toEqual(code('not-pgp'))
  })

  test('for somebody else is refused as such', async () => {
    const message = await encryptTo([owner.public], data, 'f')
    await expect(unwrapSessionKey(homer.secret, packetsOf(message))).rejects.toEqual(code('wrong-key'))
    await expect(decryptWithKey(message, homer.secret)).rejects.toEqual(code('wrong-key'))
  })

  test('opened with another session key is refused', async () => {
    const message = await encryptTo([homer.public], data, 'f')
    const { algorithm } = await unwrapSessionKey(homer.secret, packetsOf(message))
    await expect(decryptWithSessionKey(message, { algorithm, sessionKey: new Uint8Array(32) })).rejects.toEqual(code('tampered'))
    await expect(decryptWithSessionKey(message, { algorithm: 'rot13', sessionKey: new Uint8Array(32) })).rejects.toEqual(code('not-pgp'))
  })

  test('that unpacks to more than is allowed is refused while it unpacks', async () => {
    const { compression } = (await import('openpgp')).enums
    const bomb = await encrypt({
      message: await createMessage({ binary: new Uint8Array(3_000_000) }),
      encryptionKeys: await readKey({ armoredKey: homer.public }),
      format: 'binary',
      config: { preferredCompressionAlgorithm: compression.zlib },
    })
    expect(bomb.length).toBeLessThan(20_000)
    const key = await unwrapSessionKey(homer.secret, packetsOf(bomb))
    await expect(decryptWithSessionKey(bomb, key, 1_000_000)).rejects.toEqual(code('too-large'))
    expect((await decryptWithSessionKey(bomb, key)).data).toHaveLength(3_000_000)
  })

  test('without protection against change is not taken for one', async () => {
    const message = await encryptTo([homer.public], data, 'f')
    const packets = packetsOf(message)
    const unprotected = Buffer.concat([packets, Buffer.from([0xc9, 5, 1, 2, 3, 4, 5])])
    expect(splitMessage(unprotected)).toBeUndefined()
    await expect(decryptWithKey(unprotected, homer.secret)).rejects.toEqual(code('not-pgp'))
  })

  test('in armor is taken out of it; what is no armor stays as it is; broken armor is refused', async () => {
    const message = await encryptTo([homer.public], data, 'f')
    const encryptionKeys = await readKey({ armoredKey: homer.public })
    const armored = Buffer.from(await encrypt({ message: await createMessage({ binary: data }), encryptionKeys }))
    expect(Buffer.from((await openAsWorker(dearmor(armored))).data).equals(data)).toBe(true)
    expect(dearmor(message)).toBe(message)
    expect(() => dearmor(armored.subarray(0, 300))).toThrow(code('not-pgp'))
    expect(() => dearmor(Buffer.from(homer.public))).toThrow(code('not-pgp'))
  })
})

describe.skipIf(gpgMissing !== undefined)(`with real gpg${gpgMissing === undefined ? '' : ` (skipped: ${gpgMissing})`}`, () => {
  let gpg: Gpg
  beforeAll(() => {
    gpg = openGpg()
    gpg.run(['--import'], homer.public)
    gpg.run(['--import'], owner.public)
  })
  afterAll(() => gpg.close())

  const to = (...keys: { fingerprint: string }[]) => keys.flatMap(({ fingerprint }) => ['--recipient', fingerprint])
  const forms: [string, () => string[], number][] = [
    ['one recipient', () => to(homer), 1],
    ['two recipients', () => to(owner, homer), 2],
    ['a hidden recipient', () => ['--hidden-recipient', homer.fingerprint], 1],
    ['a hidden recipient beside another', () => ['--hidden-recipient', owner.fingerprint, '--hidden-recipient', homer.fingerprint], 2],
    ['armor', () => ['--armor', ...to(homer)], 1],
    ['compression', () => ['--compress-algo', 'zlib', ...to(homer)], 1],
    ['AES-128', () => ['--cipher-algo', 'AES128', ...to(homer)], 1],
    ['a password as well', () => ['--symmetric', '--passphrase', 'x', '--pinentry-mode', 'loopback', ...to(homer)], 1],
  ]
  test.each(forms)('opens what gpg encrypted with %s', async (_, args, count) => {
    const message = dearmor(gpg.run([...args(), '--encrypt'], data))
    expect(splitMessage(message.subarray(0, 4096))?.keyIds).toHaveLength(count)
    expect(Buffer.from((await openAsWorker(message)).data).equals(data)).toBe(true)
  })

  test('opens a large file, whose packets have partial lengths, and refuses it changed or cut', async () => {
    const large = Buffer.alloc(3_000_000, 'blood pressure, ')
    const message = gpg.run([...to(homer), '--compress-algo', 'none', '--output', '-', '--encrypt', gpg.file('large.csv', large)])
    const opened = await openAsWorker(message)
    expect(Buffer.from(opened.data).equals(large)).toBe(true)
    expect(opened.filename).toBe('large.csv')
    const changed = Buffer.from(message)
    changed[2_000_000] = (changed[2_000_000] ?? 0) ^ 1
    await expect(openAsWorker(changed)).rejects.toEqual(code('tampered'))
    await expect(openAsWorker(message.subarray(0, 2_000_000))).rejects.toEqual(code('tampered'))
  })

  test('what is not an encrypted message is told apart', () => {
    const signedOnly = gpg.run(['--store'], data)
    const password = gpg.run(['--symmetric', '--passphrase', 'x', '--pinentry-mode', 'loopback'], data)
    const cases = { 'a plain packet': signedOnly, 'a password only': password, text: Buffer.from('visit,bp\n'), nothing: Buffer.alloc(0) }
    const seen = Object.entries(cases).map(([name, bytes]) => {
      try {
        return [name, splitMessage(bytes)]
      } catch (error) {
        return [name, error instanceof Error ? error.message : error]
      }
    })
    expect(Object.fromEntries(seen)).toEqual({
      'a plain packet': undefined,
      'a password only': undefined,
      text: undefined,
      nothing: 'the session-key packets do not end within the first 0 bytes of the message',
    })
  })

  test('gpg takes our secret keys and opens what we encrypted, for the owner and for HomerKey', async () => {
    const message = await encryptTo([owner.public, homer.public], data, 'result.csv')
    for (const key of [owner, homer]) {
      const other = openGpg()
      try {
        other.run(['--import'], key.secret)
        expect(other.run(['--decrypt'], message).equals(data)).toBe(true)
      } finally {
        other.close()
      }
    }
  })

  test('what gpg encrypted to a key of its own making is read by it from us as well', async () => {
    gpg.run(['--passphrase', '', '--quick-generate-key', 'Own key <own@example.org>', 'default', 'default', 'never'])
    gpg.run(['--passphrase', '', '--quick-generate-key', 'Other key <other@example.org>', 'future-default', 'default', 'never'])
    for (const name of ['own@example.org', 'other@example.org']) {
      const key = await readPublicKey(gpg.run(['--export', name]))
      const message = await encryptTo([key.armored, homer.public], data, 'result.csv')
      expect(gpg.run(['--decrypt'], message).equals(data), name).toBe(true)
    }
  })
})

test('a locked or foreign secret key is refused in words', async () => {
  const locked = await generateKey({ type: 'ecc', curve: 'curve25519Legacy', userIDs: [{ name: 'l' }], passphrase: 'x', format: 'armored' })
  expect((await readPrivateKey({ armoredKey: locked.privateKey })).isDecrypted()).toBe(false)
  await expect(publicHalf(locked.privateKey)).rejects.toThrow(/locked by a passphrase/)
  await expect(publicHalf('nonsense')).rejects.toEqual(code('bad-key'))
})
