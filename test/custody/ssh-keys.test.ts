import { utils } from 'ssh2'
import { expect, test } from 'vitest'
import { makeSshKey, publicHalf } from '../../custody/ssh-keys.ts'

const zeroFirst = (publicKey: string): boolean => {
  const blob = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64')
  return blob[blob.length - 32] === 0
}

test('every key is one that an SSH library reads, also the one in 256 that begins with a zero byte', () => {
  let withZero = 0
  for (let made = 0; made < 2_000 || withZero === 0; made += 1) {
    const key = makeSshKey()
    if (zeroFirst(key.publicKey)) withZero += 1
    const parsed = utils.parseKey(key.privateKey)
    if (parsed instanceof Error) throw new Error(`the key ${key.publicKey} is not read: ${parsed.message}`)
    expect(`ssh-ed25519 ${parsed.getPublicSSH().toString('base64')}`).toBe(key.publicKey)
    expect(publicHalf(key.privateKey)).toBe(key.publicKey)
  }
})
