import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Box, Context } from '../../custody/messages.ts'
import { newSealKey, openSeal, seal } from '../../custody/seal.ts'

const context: Context = {
  v: 1,
  job: 'a'.repeat(40),
  attempt: 1,
  instance: 'i-00000000000000001',
  nonce: Buffer.alloc(32, 1).toString('base64'),
  wpkHash: 'b'.repeat(64),
  pkeskHash: 'c'.repeat(64),
}
const mine = newSealKey()
const plain = Buffer.from('session key')
const refused = /not for this key and this request|it is not one|no secret can be agreed on|raw X25519/

describe('a sealed box', () => {
  test('opens for its key under its context, whatever is in it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (content) => {
        const box = seal(mine.publicKey, content, context)
        expect(Buffer.from(openSeal(box, mine, context)).equals(content)).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  test('never shows its content, and is another each time', () => {
    const boxes = [1, 2].map(() => seal(mine.publicKey, plain, context))
    expect(boxes[0]).not.toEqual(boxes[1])
    for (const form of ['utf8', 'base64', 'hex'] as const) expect(JSON.stringify(boxes)).not.toContain(plain.toString(form))
  })

  const others: [string, Partial<Context>][] = [
    ['job', { job: 'd'.repeat(40) }],
    ['attempt', { attempt: 2 }],
    ['instance', { instance: 'i-00000000000000002' }],
    ['nonce', { nonce: Buffer.alloc(32, 2).toString('base64') }],
    ['public key', { wpkHash: 'd'.repeat(64) }],
    ['packets', { pkeskHash: 'd'.repeat(64) }],
  ]
  test.each(others)('does not open under another %s', (_, other) => {
    expect(() => openSeal(seal(mine.publicKey, plain, context), mine, { ...context, ...other })).toThrow(refused)
  })

  test('does not open for another key', () => {
    expect(() => openSeal(seal(mine.publicKey, plain, context), newSealKey(), context)).toThrow(refused)
  })

  test.each(['epk', 'iv', 'ciphertext'] as const)('does not open when its %s is changed, cut or empty', (part) => {
    const box = seal(mine.publicKey, plain, context)
    const bytes = Buffer.from(box[part], 'base64')
    const changed = Buffer.from(bytes)
    changed[3] = (changed[3] ?? 0) ^ 1
    for (const wrong of [changed, bytes.subarray(0, -1), Buffer.alloc(0)]) {
      const broken: Box = { ...box, [part]: wrong.toString('base64') }
      expect(() => openSeal(broken, mine, context)).toThrow(refused)
    }
  })
})

/** Points of small order on Curve25519: whatever the secret is, the shared secret is zero. */
const smallOrder = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
]

describe('a public key that gives a secret everybody knows', () => {
  test.each(smallOrder)('is refused when sealing and when opening: %s', (point) => {
    const wpk = Buffer.from(point, 'hex')
    expect(() => seal(wpk, plain, context)).toThrow(/no secret can be agreed on/)
    expect(() => openSeal({ ...seal(mine.publicKey, plain, context), epk: wpk.toString('base64') }, mine, context)).toThrow(
      /no secret can be agreed on/,
    )
  })

  test.each([0, 31, 33])('and so is one of %i bytes', (length) => {
    expect(() => seal(new Uint8Array(length).fill(9), plain, context)).toThrow(/raw X25519 public key of 32 bytes/)
  })
})
