import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseIncoming, sampleKey } from '../../custody/names.ts'
import { readS3Event, type Told } from '../../intake/s3-events.ts'
import { INPUT, s3Event, s3Record, s3TestEvent } from './s3-event-records.ts'

const RUN = '00000000-0000-4000-8000-000000000001'
const SAMPLE = '00000000-0000-4000-8000-000000000002'
const read = (payload: unknown): readonly Told[] => readS3Event(payload, INPUT)
const put = (key: string, version = 'v1', size = 10): Told => ({ kind: 'put', event: { key, version, size } })
const refused = (why: string) => [{ kind: 'refused', why }]

describe('an event of S3', () => {
  test.each(['ObjectCreated:Put', 'ObjectCreated:Post', 'ObjectCreated:Copy', 'ObjectCreated:CompleteMultipartUpload'])(
    '%s tells of a put',
    (eventName) => {
      expect(read(s3Event(s3Record({ key: sampleKey(RUN, SAMPLE), eventName })))).toEqual([put(sampleKey(RUN, SAMPLE))])
    },
  )

  test.each(['ObjectRemoved:Delete', 'ObjectRemoved:DeleteMarkerCreated', 'LifecycleExpiration:Delete'])(
    '%s tells of a removal',
    (eventName) => {
      expect(read(s3Event(s3Record({ eventName, size: null, versionId: null })))).toEqual([{ kind: 'removed' }])
    },
  )

  test('may be S3 asking whether anybody is there', () => {
    expect(read(s3TestEvent())).toEqual([{ kind: 'test' }])
    expect(read(s3TestEvent('another'))).toEqual(refused('bucket'))
  })

  test('may have many records; those that are off hide none of the others, and the order is kept', () => {
    const event = s3Event(s3Record({ key: 'a' }), { eventName: 1 }, s3Record({ key: 'b', bucket: 'another' }), s3Record({ key: 'c' }))
    expect(read(event)).toEqual([put('a'), ...refused('shape'), ...refused('bucket'), put('c')])
  })

  test('may have fields that came later: they are not looked at', () => {
    expect(read(s3Event(s3Record({ key: 'a', more: { eventVersion: '2.9', glacierEventData: {}, novelty: { deep: true } } })))).toEqual([
      put('a'),
    ])
  })

  test('keeps the version and the size, an empty seal too', () => {
    const key = `incoming/${RUN}/3.seal`
    expect(read(s3Event(s3Record({ key, size: 0, versionId: 'mY.v-2_x' })))).toEqual([put(key, 'mY.v-2_x', 0)])
  })

  const off: readonly (readonly [title: string, record: unknown, why: string])[] = [
    ['without a size', s3Record({ size: null }), 'shape'],
    ['with a size below zero', s3Record({ size: -1 }), 'shape'],
    ['with half a byte', s3Record({ size: 1.5 }), 'shape'],
    ['without a version', s3Record({ versionId: null }), 'version'],
    ['from when versions were suspended', s3Record({ versionId: 'null' }), 'version'],
    ['with an endless version', s3Record({ versionId: 'v'.repeat(1025) }), 'shape'],
    ['with an empty key', s3Record({ key: '' }), 'shape'],
    ['with an endless key', s3Record({ key: 'k'.repeat(3073) }), 'shape'],
    ['with a key longer than S3 allows', s3Record({ key: 'k'.repeat(1025) }), 'key'],
    ['of another source', s3Record({ more: { eventSource: 'aws:sqs' } }), 'shape'],
    ['of a major version to come', s3Record({ more: { eventVersion: '3.0' } }), 'shape'],
    ['of another kind', s3Record({ eventName: 'ObjectTagging:Put' }), 'event'],
    ['of a kind that is no word', s3Record({ eventName: 'ObjectCreated:\u001b[31m' }), 'shape'],
    ['that is text', 'incoming/x', 'shape'],
    ['that is nothing', null, 'shape'],
  ]
  test.each(off)('%s is refused', (_, record, why) => {
    expect(read(s3Event(record))).toEqual(refused(why))
  })

  test.each([
    undefined,
    null,
    'text',
    7,
    [],
    {},
    { Records: [] },
    { Records: {} },
    { Records: Array(1001).fill(s3Record()) },
    { detail: {} },
  ])('that is no event at all, %j, is refused', (payload) => {
    expect(read(payload)).toEqual(refused('shape'))
  })
})

describe('ctl:M7 a key', () => {
  test.each([
    ['incoming/a+b.pgp', 'incoming/a b.pgp'],
    ['incoming/a%2Bb.pgp', 'incoming/a+b.pgp'],
    ['incoming%2Fa.pgp', 'incoming/a.pgp'],
    ['incoming/a%252Fb.pgp', 'incoming/a%2Fb.pgp'],
    ['incoming/%E2%82%AC.pgp', 'incoming/€.pgp'],
    ['incoming/..%2F..%2Fetc%2Fpasswd', 'incoming/../../etc/passwd'],
    ['incoming/%00', 'incoming/\0'],
  ])('%s is decoded once', (key, decoded) => {
    expect(read(s3Event(s3Record({ key })))).toEqual([put(decoded)])
  })

  test.each(['incoming/%', 'incoming/%zz', 'incoming/%C3', 'incoming/%FF%FE', 'incoming/\ud800'])('%j is no text and is refused', (key) => {
    expect(read(s3Event(s3Record({ key })))).toEqual(refused('key'))
  })

  test('that was encoded twice does not become a good name', () => {
    const [told] = read(s3Event(s3Record({ key: encodeURIComponent(encodeURIComponent(sampleKey(RUN, SAMPLE))) })))
    expect(told?.kind === 'put' && parseIncoming(told.event.key)).toBeUndefined()
  })
})

test('whatever comes, each record has an answer, nothing is thrown, and a refusal is one of our own words', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.anything(), fc.constant(s3Record({ key: 'a' }))), { minLength: 1, maxLength: 20 }), (records) => {
      const told = read({ Records: records })
      expect(told).toHaveLength(records.length)
      for (const one of told) {
        if (one.kind === 'refused') expect(['shape', 'event', 'bucket', 'key', 'version']).toContain(one.why)
        else expect(one).toEqual(put('a'))
      }
    }),
  )
})
