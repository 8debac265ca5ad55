import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CloudError } from '../../cloud/ports.ts'
import { afterRefusal, explain, failureOf } from '../../custody/failures.ts'
import type { Manifest } from '../../custody/messages.ts'
import { failureClasses, refusalCodes } from '../../custody/messages.ts'
import { attemptFile, consolidateJob, manifestKey, sampleKey, TABLE } from '../../custody/names.ts'
import { packetsHash, publishedPackets, samplePackets } from '../../custody/packets.ts'
import { MAX_PACKETS, PgpError, splitMessage } from '../../custody/pgp-packets.ts'
import { simWorld } from '../sim/cloud.ts'

/** A session-key packet's body: version 3, whom for, some bytes. */
const body = (id: string, length = 40) => Buffer.concat([Buffer.from([3]), Buffer.from(id, 'hex'), Buffer.alloc(length - 9, 7)])
const newForm = (tag: number, content: Uint8Array) => Buffer.concat([Buffer.from([0xc0 | tag, content.length]), content])
const newForm5 = (tag: number, content: Uint8Array) => Buffer.concat([Buffer.from([0xc0 | tag, 255]), u32(content.length), content])
const newForm2 = (tag: number, content: Uint8Array) =>
  Buffer.concat([Buffer.from([0xc0 | tag, 192 + ((content.length - 192) >> 8), (content.length - 192) & 255]), content])
const oldForm = (tag: number, content: Uint8Array) => Buffer.concat([Buffer.from([0x80 | (tag << 2), content.length]), content])
const oldForm2 = (tag: number, content: Uint8Array) => Buffer.concat([Buffer.from([0x81 | (tag << 2), 0, content.length]), content])
const u32 = (value: number) => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value].map((byte) => byte & 255))
/** Encrypted data of partial lengths, cut: a prefix ends anywhere in it. */
const encrypted = Buffer.from([0xd2, 0xea, 1, 2, 3])
const [alice, bob, nobody] = ['0123456789abcdef', 'fedcba9876543210', '0000000000000000']

describe('splitMessage', () => {
  const marker = newForm(10, Buffer.from('PGP'))
  const password = newForm(3, Buffer.from([4, 9, 3, 8]))
  const found: [string, Buffer[], string[]][] = [
    ['a new-form packet', [newForm(1, body(alice))], [alice]],
    ['an old-form packet', [oldForm(1, body(alice))], [alice]],
    ['an old-form packet with a two-byte length', [oldForm2(1, body(alice))], [alice]],
    ['a new-form packet with a two-byte length', [newForm2(1, body(alice, 300))], [alice]],
    ['a new-form packet with a five-byte length', [newForm5(1, body(alice))], [alice]],
    ['several recipients, one hidden', [newForm(1, body(alice)), oldForm(1, body(nobody)), newForm(1, body(bob))], [alice, nobody, bob]],
  ]
  test.each(found)('finds %s', (_, packets, keyIds) => {
    const split = splitMessage(Buffer.concat([...packets, encrypted]))
    expect(split?.keyIds).toEqual(keyIds)
    expect(Buffer.from(split?.packets ?? []).equals(Buffer.concat(packets))).toBe(true)
  })

  test('leaves out markers and passwords', () => {
    const packet = newForm(1, body(alice))
    const split = splitMessage(Buffer.concat([marker, password, packet, marker, encrypted]))
    expect(Buffer.from(split?.packets ?? []).equals(packet)).toBe(true)
  })

  const none: [string, Buffer][] = [
    ['plain text', Buffer.from('id,bp\n1,120/80\n')],
    ['encrypted data without a session key', encrypted],
    ['a password only', Buffer.concat([password, encrypted])],
    ['data without protection against change', Buffer.concat([newForm(1, body(alice)), Buffer.from([0xc9, 2, 1, 2])])],
    ['a public key', newForm(6, body(alice))],
    ['a packet of a later version', Buffer.concat([newForm(1, Buffer.concat([Buffer.from([6]), body(alice)])), encrypted])],
    ['a session key of partial lengths', Buffer.concat([Buffer.from([0xc1, 0xe4]), body(alice)])],
    ['a session key of no length', Buffer.concat([Buffer.from([0x87]), body(alice)])],
    ['an empty session key', Buffer.concat([newForm(1, Buffer.alloc(0)), encrypted])],
  ]
  test.each(none)('finds nothing in %s', (_, bytes) => expect(splitMessage(bytes)).toBeUndefined())

  test('says when the packets go on behind the prefix, wherever it ends', () => {
    const packets = Buffer.concat([newForm(1, body(alice)), oldForm(1, body(bob))])
    for (let length = 0; length <= packets.length; length++)
      expect(() => splitMessage(packets.subarray(0, length))).toThrow(expect.objectContaining({ code: 'too-short' }))
  })

  test('refuses more than is allowed, whatever lengths are claimed', () => {
    const many = Buffer.concat([...Array.from({ length: 400 }, () => newForm(1, body(alice))), encrypted])
    expect(many.length).toBeGreaterThan(MAX_PACKETS)
    for (const bytes of [many, Buffer.from([0xc1, 255, 255, 255, 255, 255, 3]), Buffer.from([0x86, 255, 255, 255, 255, 3])])
      expect(() => splitMessage(bytes)).toThrow(expect.objectContaining({ code: 'not-pgp' }))
  })

  test('answers any bytes in one of its three ways', () => {
    const close = fc
      .array(fc.constantFrom(0xc1, 0x84, 0xd2, 0xca, 0, 3, 40, 192, 255, 0xe4), { maxLength: 60 })
      .map((bytes) => Uint8Array.from(bytes))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), close), (bytes) => {
        try {
          const split = splitMessage(bytes)
          expect(split === undefined || split.keyIds.length > 0).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(PgpError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('the packets of a job', () => {
  const run = '11111111-1111-4111-8111-111111111111'
  const units = ['33333333-3333-4333-8333-333333333333', '22222222-2222-4222-8222-222222222222']
  const message = (id: string) => Buffer.concat([newForm(1, body(id)), encrypted])
  const manifest = (unit: string, change: Partial<Manifest> = {}): Manifest => ({
    v: 1,
    run,
    unit,
    job: 'a'.repeat(40),
    attempt: 1,
    instance: 'i-00000000000000001',
    audit: { seq: 1, hash: 'b'.repeat(64) },
    ownerFingerprint: 'c'.repeat(40),
    files: [{ key: attemptFile(run, unit, 1, 1), size: 5, sha256: 'd'.repeat(64) }],
    ...change,
  })
  const json = (value: object) => Buffer.from(JSON.stringify(value))

  test('of a sample are read from the version that the ticket names', async () => {
    const { objects, open } = simWorld()
    const { key, version } = await objects.put('input', sampleKey(run, units[0] ?? ''), message(alice))
    const host = open('keyHost').objects
    expect(await samplePackets(host, { key, version })).toEqual({ key, version, packets: newForm(1, body(alice)).toString('base64') })
    await expect(samplePackets(host, { key, version: 'another' })).rejects.toMatchObject({ code: 'NotFound' })
  })

  test.each([
    ['text', 'id,bp\n'],
    ['nothing', ''],
    ['a cut message', newForm(1, body(alice)).subarray(0, 20)],
  ])('of an object that is %s are refused', async (_, bytes) => {
    const { objects, open } = simWorld()
    const { key, version } = await objects.put('input', sampleKey(run, units[0] ?? ''), Buffer.from(bytes))
    await expect(samplePackets(open('keyHost').objects, { key, version })).rejects.toMatchObject({ code: 'not-pgp' })
  })

  test('of a consolidation are those of published results only, first files, in order', async () => {
    const { objects, open } = simWorld()
    for (const unit of units) {
      const id = unit === units[0] ? alice : bob
      await objects.put('output', attemptFile(run, unit, 1, 1), message(id))
      await objects.put('output', attemptFile(run, unit, 1, 2), message(nobody))
      await objects.put('output', attemptFile(run, unit, 2, 1), message(nobody))
      await objects.put('output', manifestKey(run, unit), json(manifest(unit)))
    }
    await objects.put('output', manifestKey(run, TABLE), json(manifest(TABLE)))
    await objects.put('output', `runs/${run}/samples/result.json`, Buffer.from('{}'))
    const packets = await publishedPackets(open('keyHost').objects, run)
    expect(packets.map(({ key }) => key)).toEqual([attemptFile(run, units[1] ?? '', 1, 1), attemptFile(run, units[0] ?? '', 1, 1)])
    expect(packetsHash(packets.toReversed())).toBe(packetsHash(packets))
    expect(consolidateJob(run)).toMatch(/^[0-9a-f]{40}$/)
  })

  const [unit = '', other = ''] = units
  const strange: [string, Uint8Array][] = [
    ['no JSON', Buffer.from('{')],
    ['something else', json({ v: 1 })],
    ['of another run', json(manifest(unit, { run: other }))],
    ['of another unit', json(manifest(other))],
    [
      'naming a file of another unit',
      json(manifest(unit, { files: [{ key: attemptFile(run, other, 1, 1), size: 5, sha256: 'd'.repeat(64) }] })),
    ],
  ]
  test.each(strange)('are not taken by a manifest that is %s', async (_, bytes) => {
    const { objects, open } = simWorld()
    await objects.put('output', manifestKey(run, unit), bytes)
    await objects.put('output', attemptFile(run, other, 1, 1), message(alice))
    await expect(publishedPackets(open('keyHost').objects, run)).rejects.toMatchObject({ code: 'InvalidArgument' })
  })
})

describe('failures', () => {
  test.each(failureClasses)('%s is explained in two sentences without technical refuse', (failure) => {
    const { happened, todo } = explain(failure)
    for (const text of [happened, todo]) expect(text).toMatch(/^[A-Z].*\.$/)
  })

  test.each(refusalCodes)('after %s a worker knows what to do', (code) => {
    const next = afterRefusal(code)
    expect([...failureClasses, 'retry-new-challenge', 'retry-same', 'fatal']).toContain(next)
  })

  const errors: [unknown, string | undefined][] = [
    [new PgpError('tampered', ''), 'tampered'],
    [new PgpError('too-short', ''), 'not-pgp'],
    [new PgpError('too-large', ''), 'too-large'],
    [new PgpError('bad-key', ''), undefined],
    [new CloudError('NotFound', ''), 'input-missing'],
    [new CloudError('Unavailable', ''), undefined],
    [new Error('x'), undefined],
  ]
  test.each(errors)('%o is a failure of class %s', (error, failure) => expect(failureOf(error)).toBe(failure))
})
