import { describe, expect, test } from 'vitest'
import { allows, ask, at, bucket, iam, identityOf, type Json, own, variable } from './ask.ts'
import type { Values } from './context.ts'
import { sessionOf } from './principal.ts'

describe('actions', () => {
  test.each<[unknown, string, boolean]>([
    ['*', 's3:GetObject', true],
    ['s3:*', 's3:GetObject', true],
    ['s3:*', 'sqs:SendMessage', false],
    ['s3:Get*', 's3:GetObject', true],
    ['s3:get*', 's3:GetObject', true],
    ['s3:Get*', 's3:PutObject', false],
    ['s3:GetObject?', 's3:GetObject', false],
    ['s3:???Object', 's3:PutObject', true],
    ['s3:*Version*', 's3:ListBucketVersions', true],
    [['s3:PutObject', 's3:GetObject'], 's3:GetObject', true],
    ['s3:GetObject', 's3:GetObjectVersion', false],
  ])('%j has %s: %s, and NotAction the reverse', (listed, action, has) => {
    expect(allows({ Action: listed }, { action })).toBe(has)
    expect(ask({ action }, { identity: identityOf({ NotAction: listed, Resource: '*' }) }).allowed).toBe(!has)
  })
})

describe('resources', () => {
  const queue = `arn:aws:sqs:us-west-2:${own}:jobs`
  test.each<[unknown, string, boolean]>([
    ['*', '*', true],
    [bucket, '*', false],
    [bucket, bucket, true],
    [bucket, at('a'), false],
    [`${bucket}/*`, at('a/b/c'), true],
    [`${bucket}/*`, bucket, false],
    [`${bucket}*`, at('a'), true],
    [at('?'), at('a'), true],
    [at('?'), at('ab'), false],
    [at('?'), at('/'), true],
    [at('a/*/c'), at('a/b/b/c'), true],
    [at('A'), at('a'), false],
    ['arn:aws:s3:::*', bucket, true],
    [`arn:aws:sqs:*:${own}:jobs`, queue, true],
    ['arn:aws:sqs:us-west-2:*:jobs', queue, true],
    ['arn:*:sqs:us-west-2:*:jobs', queue, true],
    ['arn:aws:sqs:us-west-?:*:jobs', queue, true],
    [`arn:aws:sns:*:${own}:jobs`, queue, false],
    [`arn:aws:logs:us-west-2:${own}:log-group:/a:*`, `arn:aws:logs:us-west-2:${own}:log-group:/a:log-stream:b`, true],
    [at('a+(b)[c].^$|\\'), at('a+(b)[c].^$|\\'), true],
    [at('a.b'), at('axb'), false],
    [at('line*'), at('line\nfeed'), true],
  ])('%j has %s: %s, and NotResource the reverse', (listed, resource, has) => {
    expect(allows({ Resource: listed }, { resource })).toBe(has)
    expect(ask({ resource }, { identity: identityOf({ Action: '*', NotResource: listed }) }).allowed).toBe(!has)
  })

  test('a wildcard that fits only if it runs over a colon is not guessed at', () => {
    expect(() => allows({ Resource: 'arn:aws:sqs:*:jobs:x' }, { resource: `arn:aws:sqs:us-west-2:${own}:jobs:x` })).toThrow(/over a colon/)
  })
})

describe('variables', () => {
  test.each<[string, string, boolean]>([
    [at(`${variable('aws:PrincipalTag/team')}/*`), at('red/x'), true],
    [at(`${variable('aws:principaltag/TEAM')}/*`), at('red/x'), true],
    [at(`${variable('aws:PrincipalTag/team')}/*`), at('blue/x'), false],
    [at(variable("aws:PrincipalTag/team, 'none'")), at('red'), true],
    [at(variable("aws:PrincipalTag/absent, 'none'")), at('none'), true],
    [at(variable('aws:PrincipalTag/absent')), at(''), false],
    [at(`a${variable('*')}`), at('a*'), true],
    [at(`a${variable('*')}`), at('ab'), false],
    [at(`a${variable('?')}${variable('$')}`), at('a?$'), true],
    [at('$a'), at('$a'), true],
  ])('%s fits %s: %s', (Resource, resource, fits) => {
    expect(allows({ Resource }, { resource })).toBe(fits)
  })

  test('stand for what the request says in conditions too', () => {
    const Condition = { StringNotEquals: { 'aws:SourceVpce': variable("aws:PrincipalTag/door, 'none'") } }
    const through = (tags: Readonly<Record<string, string>>, context: Values) =>
      allows({ Condition }, { principal: sessionOf(iam('role/bee'), 'i-1', tags), context })
    expect(through({ door: 'vpce-1' }, { 'aws:SourceVpce': 'vpce-1' })).toBe(false)
    expect(through({ door: 'vpce-2' }, { 'aws:SourceVpce': 'vpce-1' })).toBe(true)
    expect(through({ door: 'vpce-1' }, {})).toBe(true)
    expect(through({}, { 'aws:SourceVpce': 'vpce-1' })).toBe(true)
    expect(through({}, {})).toBe(true)
  })

  test.each<[string, Json]>([
    ['left out by NotResource', { NotResource: at(variable('aws:PrincipalTag/absent')) }],
    ['in a negated condition', { Resource: '*', Condition: { StringNotLike: { 'aws:SourceVpce': variable('aws:PrincipalTag/absent') } } }],
  ])('without value and default, %s, are not guessed at', (_, statement) => {
    expect(() => ask({ context: { 'aws:SourceVpce': 'x' } }, { identity: identityOf({ Action: '*', ...statement }) })).toThrow(
      /give it a default/,
    )
  })

  test('whose value has wildcards are not guessed at beside wildcards', () => {
    expect(() => allows({ Resource: at(`${variable('aws:PrincipalTag/wild')}/*`) })).toThrow(/wildcards/)
    expect(allows({ Resource: at(variable('aws:PrincipalTag/wild')) }, { resource: at('a*') })).toBe(true)
  })
})
