import { describe, expect, test } from 'vitest'
import { ask, bee, grantAll, iam, identityOf, type Json, other, own, resourceOf } from './ask.ts'
import type { Decision, Request } from './decide.ts'
import { type Kind, parsePolicy } from './document.ts'
import { anonymous, type Principal, rootOf, serviceOf, sessionOf, userOf } from './principal.ts'

describe('principals', () => {
  const user = userOf(iam('user/ann'))
  test.each<[unknown, Principal, Decision['allowed']]>([
    ['*', bee, true],
    ['*', anonymous, true],
    ['*', serviceOf('sns.amazonaws.com'), true],
    [{ AWS: '*' }, anonymous, true],
    [{ AWS: iam('role/bee') }, bee, true],
    [{ AWS: iam('role/queen') }, bee, false],
    [{ AWS: [iam('role/queen'), iam('role/bee')] }, bee, true],
    [{ AWS: `arn:aws:sts::${own}:assumed-role/bee/i-1` }, bee, true],
    [{ AWS: `arn:aws:sts::${own}:assumed-role/bee/i-2` }, bee, false],
    [{ AWS: iam('role/deep/path/bee') }, sessionOf(iam('role/deep/path/bee'), 'i-1'), true],
    [{ AWS: iam('role/bee') }, sessionOf(iam('role/deep/path/bee'), 'i-1'), false],
    [{ AWS: iam('user/ann') }, user, true],
    [{ AWS: iam('user/ann') }, bee, false],
    [{ AWS: iam('root') }, rootOf(iam('root')), true],
    [{ AWS: iam('root', other) }, bee, false],
    [{ Service: 'sns.amazonaws.com' }, serviceOf('sns.amazonaws.com'), true],
    [{ Service: 'sns.amazonaws.com' }, serviceOf('s3.amazonaws.com'), false],
    [{ Service: 'sns.amazonaws.com' }, bee, false],
    [{ AWS: iam('role/bee'), Service: 'sns.amazonaws.com' }, bee, true],
  ])('%j lets %j in: %s', (Principal, principal, allowed) => {
    expect(ask({ principal }, { resource: resourceOf('resource', { Principal, Action: '*', Resource: '*' }) }).allowed).toBe(
      principal.kind === 'root' ? true : allowed,
    )
    const denied = ask(
      { principal },
      {
        identity: identityOf({ Action: '*', Resource: '*' }),
        resource: resourceOf('resource', { Effect: 'Deny', Principal, Action: '*', Resource: '*' }),
      },
    )
    expect(denied.by).toEqual(allowed ? ['thing#R1'] : principal.kind === 'service' ? [] : ['role#S1'])
  })

  test('an account that is denied takes all its principals with it', () => {
    const resource = resourceOf('resource', { Effect: 'Deny', Principal: { AWS: own }, Action: '*', Resource: '*' })
    for (const principal of [bee, user, rootOf(iam('root'))]) expect(ask({ principal }, { resource }).by).toEqual(['thing#R1'])
  })

  test('NotPrincipal spares whom it names as account, role and session, and nothing by half', () => {
    const sparing = (...names: readonly string[]) =>
      ask(
        {},
        {
          identity: identityOf({ Action: '*', Resource: '*' }),
          resource: resourceOf('resource', { Effect: 'Deny', NotPrincipal: { AWS: names }, Action: '*', Resource: '*' }),
        },
      ).allowed
    expect(sparing(iam('root'), iam('role/bee'), `arn:aws:sts::${own}:assumed-role/bee/i-1`)).toBe(true)
    expect(sparing(iam('root', other), iam('role/queen'))).toBe(false)
    expect(() => sparing(iam('root'), iam('role/bee'))).toThrow(/only a part/)
  })
})

const everybody = { Principal: '*', ...grantAll }
const account = (name = own) => ({ Principal: { AWS: iam('root', name) }, ...grantAll })
const role = { Principal: { AWS: iam('role/bee') }, ...grantAll }
const foreign = { account: other }

/** Which policies there are, and who then gets through. */
const decisions: readonly (readonly [string, Partial<Request>, readonly Json[], Kind, readonly Json[] | undefined, Partial<Decision>])[] = [
  ['nothing: implicit', {}, [], 'resource', undefined, { allowed: false, by: [], missing: ['identity'] }],
  ['own account, identity alone', {}, [grantAll], 'resource', undefined, { allowed: true, by: ['role#S1'] }],
  ['own account, resource alone', {}, [], 'resource', [role], { allowed: true, by: ['thing#R1'] }],
  ['own account, resource names the account only', {}, [], 'resource', [account()], { allowed: false, missing: ['identity'] }],
  [
    'own account, a deny in the identity policy',
    {},
    [grantAll, { Effect: 'Deny', ...grantAll }],
    'resource',
    [everybody],
    { allowed: false, by: ['role#S2'] },
  ],
  [
    'own account, a deny at the resource',
    {},
    [grantAll],
    'resource',
    [everybody, { Effect: 'Deny', ...everybody }],
    { allowed: false, by: ['thing#R2'] },
  ],
  [
    'every deny is told',
    {},
    [{ Effect: 'Deny', ...grantAll }],
    'resource',
    [{ Effect: 'Deny', ...everybody }],
    { by: ['role#S1', 'thing#R1'] },
  ],
  ['another account, identity alone', foreign, [grantAll], 'resource', undefined, { allowed: false, missing: ['resource'] }],
  ['another account, resource alone', foreign, [], 'resource', [everybody], { allowed: false, missing: ['identity'] }],
  ['another account, both', foreign, [grantAll], 'resource', [role], { allowed: true }],
  ['another account, resource names our account', foreign, [grantAll], 'resource', [account()], { allowed: true }],
  [
    'another account, resource names a third',
    foreign,
    [grantAll],
    'resource',
    [account('777788889999')],
    { allowed: false, missing: ['resource'] },
  ],
  ['a key that says nothing of the account', {}, [grantAll], 'key', [], { allowed: false, missing: ['resource'] }],
  ['a key that leaves it to the account', {}, [grantAll], 'key', [account()], { allowed: true, by: ['role#S1', 'thing#R1'] }],
  ['a key that leaves it to the account, which says nothing', {}, [], 'key', [account()], { allowed: false, missing: ['identity'] }],
  ['a key that names the role', {}, [], 'key', [role], { allowed: true, by: ['thing#R1'] }],
  ['a key of another account, both', foreign, [grantAll], 'key', [account()], { allowed: true }],
  ['a key of another account, key alone', foreign, [], 'key', [role], { allowed: false, missing: ['identity'] }],
  ['the root user, a bucket', { principal: rootOf(iam('root')) }, [], 'resource', undefined, { allowed: true }],
  [
    'the root user, a bucket that denies',
    { principal: rootOf(iam('root')) },
    [],
    'resource',
    [{ Effect: 'Deny', ...everybody }],
    { allowed: false },
  ],
  [
    'the root user, a key that does not name it',
    { principal: rootOf(iam('root')) },
    [],
    'key',
    [role],
    { allowed: false, missing: ['resource'] },
  ],
  [
    'a service, by the resource only',
    { principal: serviceOf('sns.amazonaws.com') },
    [],
    'resource',
    [account()],
    { allowed: false, missing: ['resource'] },
  ],
  ['nobody in particular', { principal: anonymous }, [], 'resource', [account()], { allowed: false, missing: ['resource'] }],
]

describe('the decision', () => {
  test.each(decisions)('%s', (_, request, identity, kind, resource, expected) => {
    expect(ask(request, { identity: identityOf(...identity), resource: resource && resourceOf(kind, ...resource) })).toMatchObject(expected)
  })

  test('a role is taken on by whom its trust names, or by whom the account lets if trust names the account', () => {
    const taking = (identity: readonly Json[], trust: Json, principal = bee) =>
      ask(
        { principal, action: 'sts:AssumeRole', resource: iam('role/queen') },
        {
          identity: identityOf(...identity),
          resource: resourceOf('trust', { Action: 'sts:AssumeRole', ...trust }),
        },
      )
    expect(taking([], { Principal: { AWS: iam('role/bee') } })).toMatchObject({ allowed: true })
    expect(taking([], { Principal: { AWS: own } })).toMatchObject({ allowed: false, missing: ['identity'] })
    expect(taking([], { Principal: { AWS: own } }, rootOf(iam('root')))).toMatchObject({ allowed: false, missing: ['identity'] })
    expect(taking([grantAll], { Principal: { AWS: own } })).toMatchObject({ allowed: true })
    expect(taking([grantAll], { Principal: { Service: 'ec2.amazonaws.com' } })).toMatchObject({ allowed: false, missing: ['resource'] })
  })

  test('who one is may be asked by everybody who signs', () => {
    const who = { action: 'sts:GetCallerIdentity', resource: '*' }
    expect(ask(who, {})).toMatchObject({ allowed: true })
    expect(ask(who, { identity: identityOf({ Effect: 'Deny', ...grantAll }) })).toMatchObject({ allowed: true })
    expect(ask({ ...who, principal: anonymous }, {})).toMatchObject({ allowed: false })
  })

  test('an endpoint lets through what its policy allows, and says its id and its network', () => {
    const policy = (...statements: readonly Json[]) => parsePolicy('door', 'endpoint', { Version: '2012-10-17', Statement: statements })
    const through = (statement: Json, identity: Json = grantAll) =>
      ask(
        { through: { id: 'vpce-1', vpc: 'vpc-1', policy: policy({ Sid: 'D', Effect: 'Allow', ...everybody, ...statement }) } },
        { identity: identityOf(identity) },
      )
    expect(through({})).toMatchObject({ allowed: true, by: ['role#S1', 'door#D'] })
    expect(through({ Action: 's3:PutObject' })).toMatchObject({ allowed: false, missing: ['endpoint'] })
    expect(through({ Effect: 'Deny' })).toMatchObject({ allowed: false, by: ['door#D'] })
    expect(
      through({}, { ...grantAll, Condition: { StringEquals: { 'aws:SourceVpce': 'vpce-1', 'aws:SourceVpc': 'vpc-1' } } }),
    ).toMatchObject({ allowed: true })
    expect(through({}, { Action: 's3:PutObject', Resource: '*' })).toMatchObject({ allowed: false, missing: ['identity'] })
  })
})
