import { describe, expect, test } from 'vitest'
import { allows, bucket, iam, other, own } from './ask.ts'

/** Operator, key, wanted; then what it gives when the key is missing, and for each value. */
const operators: readonly (readonly [string, string, unknown, boolean, Readonly<Record<string, boolean>>])[] = [
  ['StringEquals', 's3:prefix', 'a', false, { a: true, A: false, b: false }],
  ['StringEquals', 's3:prefix', ['a', 'b'], false, { a: true, b: true, c: false }],
  ['StringEquals', 's3:prefix', 'a*', false, { ab: false, 'a*': true }],
  ['StringEqualsIfExists', 's3:prefix', 'a', true, { a: true, b: false }],
  ['StringNotEquals', 's3:prefix', 'a', true, { a: false, A: true, b: true }],
  ['StringNotEquals', 's3:prefix', ['a', 'b'], true, { a: false, b: false, c: true }],
  ['StringNotEqualsIfExists', 's3:prefix', 'a', true, { a: false, b: true }],
  ['StringEqualsIgnoreCase', 's3:prefix', 'aB', false, { Ab: true, b: false }],
  ['StringNotEqualsIgnoreCase', 's3:prefix', 'aB', true, { Ab: false, b: true }],
  ['StringLike', 's3:prefix', ['a*', '?b'], false, { a: true, axx: true, xb: true, b: false, A: false }],
  ['StringNotLike', 's3:prefix', ['a*', '?b'], true, { a: false, xb: false, b: true }],
  ['StringLikeIfExists', 's3:prefix', 'a*', true, { a: true, b: false }],
  ['StringEquals', 'aws:SourceArn', bucket, false, { [bucket]: true }],
  ['ArnEquals', 'aws:SourceArn', 'arn:aws:s3:::b*', false, { [bucket]: true, 'arn:aws:s3:::c': false }],
  ['ArnLike', 'aws:SourceArn', 'arn:aws:sqs:*:*:j?bs', false, { 'arn:aws:sqs:r:1:jobs': true, 'arn:aws:sns:r:1:jobs': false }],
  ['ArnNotLike', 'aws:SourceArn', 'arn:aws:s3:::b*', true, { [bucket]: false, 'arn:aws:s3:::c': true }],
  ['ArnNotEquals', 'aws:SourceArn', ['arn:aws:s3:::a', bucket], true, { [bucket]: false, 'arn:aws:s3:::c': true }],
  ['ArnNotEqualsIfExists', 'aws:SourceArn', bucket, true, { [bucket]: false, 'arn:aws:s3:::c': true }],
  ['Bool', 'aws:SecureTransport', 'false', false, { true: false, false: true }],
  ['Bool', 'aws:SecureTransport', true, false, { true: true, false: false }],
  ['BoolIfExists', 'aws:ViaAWSService', 'false', true, { true: false, false: true }],
  ['Null', 's3:if-none-match', 'true', true, { '*': false }],
  ['Null', 's3:if-none-match', true, true, { '*': false }],
  ['Null', 's3:if-none-match', 'false', false, { '*': true }],
  ['NumericEquals', 's3:TlsVersion', '1.2', false, { '1.2': true, '1.20': true, '1.3': false }],
  ['NumericNotEquals', 's3:TlsVersion', '1.2', true, { '1.2': false, '1.3': true }],
  ['NumericLessThan', 's3:TlsVersion', 1.2, false, { '1.1': true, '1.2': false, '1.10': true }],
  ['NumericLessThanIfExists', 's3:TlsVersion', '1.2', true, { '1.1': true, '1.2': false }],
  ['NumericLessThanEquals', 's3:TlsVersion', '1.2', false, { '1.2': true, '1.3': false }],
  ['NumericGreaterThan', 's3:max-keys', '9', false, { '10': true, '9': false }],
  ['NumericGreaterThanEquals', 's3:max-keys', ['9', '5'], false, { '5': true, '4': false }],
  ['DateLessThan', 'aws:CurrentTime', '2026-01-01T00:00:00Z', false, { '2025-12-31T23:59:59Z': true, '2026-01-01': false }],
  ['DateLessThanEquals', 'aws:CurrentTime', '2026-01-01', false, { '2026-01-01T00:00:00Z': true, '2026-01-02': false }],
  ['DateGreaterThan', 'aws:CurrentTime', '1767225600', false, { '2026-01-01T00:00:01Z': true, '2026-01-01': false }],
  ['DateGreaterThanEquals', 'aws:TokenIssueTime', '2026-01-01', false, { '2026-01-01': true, '2025-01-01': false }],
  ['DateEquals', 'aws:CurrentTime', '2026-01-01', false, { '2026-01-01T00:00:00.000Z': true, '2026-01-02': false }],
  ['DateNotEquals', 'aws:CurrentTime', '2026-01-01', true, { '2026-01-01': false, '2026-01-02': true }],
  ['IpAddress', 'aws:SourceIp', '203.0.113.0/24', false, { '203.0.113.9': true, '203.0.114.9': false, '::1': false }],
  [
    'IpAddress',
    'aws:SourceIp',
    ['203.0.113.7', '2001:db8::/32'],
    false,
    { '203.0.113.7': true, '203.0.113.8': false, '2001:db8::9': true },
  ],
  ['IpAddress', 'aws:SourceIp', '0.0.0.0/0', false, { '203.0.113.7': true }],
  ['NotIpAddress', 'aws:SourceIp', '203.0.113.0/24', true, { '203.0.113.9': false, '203.0.114.9': true }],
]

describe('conditions', () => {
  test.each(operators)('%s %s %j', (operator, key, wanted, whenMissing, given) => {
    const Condition = { [operator]: { [key]: wanted } }
    expect(allows({ Condition })).toBe(whenMissing)
    const came = Object.keys(given).map((value) => [value, allows({ Condition }, { context: { [key]: value } })])
    expect(Object.fromEntries(came)).toEqual(given)
  })

  test.each<[string, unknown, boolean, readonly (readonly [string, boolean])[]]>([
    [
      'ForAllValues:StringEquals',
      ['a', 'b'],
      true,
      [
        ['a', true],
        ['a b', true],
        ['a c', false],
      ],
    ],
    [
      'ForAnyValue:StringEquals',
      ['a', 'b'],
      false,
      [
        ['a c', true],
        ['c', false],
      ],
    ],
    [
      'ForAllValues:StringNotEquals',
      ['a', 'b'],
      true,
      [
        ['c', true],
        ['c a', false],
      ],
    ],
    [
      'ForAnyValue:StringNotEquals',
      ['a', 'b'],
      false,
      [
        ['c a', true],
        ['a b', false],
      ],
    ],
    [
      'ForAllValues:StringLike',
      'a*',
      true,
      [
        ['a ab', true],
        ['a b', false],
      ],
    ],
    [
      'ForAnyValue:StringNotLike',
      'a*',
      false,
      [
        ['a ab', false],
        ['a b', true],
      ],
    ],
  ])('%s %j over several values', (operator, wanted, whenMissing, given) => {
    const Condition = { [operator]: { 'aws:TagKeys': wanted } }
    expect(allows({ Condition })).toBe(whenMissing)
    for (const [values, holds] of given)
      expect([values, allows({ Condition }, { context: { 'aws:TagKeys': values.split(' ') } })]).toEqual([values, holds])
  })

  test('must all hold, keys in any case', () => {
    const Condition = { Bool: { 'AWS:securetransport': 'true' }, StringEquals: { 's3:prefix': 'a', 's3:delimiter': '/' } }
    const said = { 'aws:SecureTransport': 'true', 's3:prefix': 'a', 's3:delimiter': '/' }
    expect(allows({ Condition }, { context: said })).toBe(true)
    for (const key of Object.keys(said))
      expect(allows({ Condition }, { context: { ...said, [key]: key.startsWith('aws') ? 'false' : 'x' } })).toBe(false)
  })

  test('see who asks without being told', () => {
    const ifIs = (key: string, value: string) => ({ Condition: { StringEquals: { [key]: value } } })
    expect(allows(ifIs('aws:PrincipalArn', iam('role/bee')))).toBe(true)
    expect(allows(ifIs('aws:PrincipalAccount', own))).toBe(true)
    expect(allows(ifIs('aws:PrincipalTag/team', 'red'))).toBe(true)
    expect(allows(ifIs('aws:ResourceAccount', own))).toBe(true)
    expect(allows(ifIs('aws:ResourceAccount', other))).toBe(false)
    expect(() => allows({}, { context: { 'aws:PrincipalArn': iam('role/queen') } })).toThrow(/said twice/)
  })
})
