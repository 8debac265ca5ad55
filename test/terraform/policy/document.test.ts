import { describe, expect, test } from 'vitest'
import { ask, at, grantAll, iam, type Json, one, own, variable } from './ask.ts'
import type { Request } from './decide.ts'
import { type Kind, parsePolicy } from './document.ts'

const everybody = { Principal: '*', ...grantAll }
/** What is wrong, in what kind of policy, and what is said of it. */
const refused: readonly (readonly [string, Kind, Json, RegExp])[] = [
  ['an unknown element', 'identity', { ...grantAll, Condtion: {} }, /unknown element Condtion/],
  ['an unknown effect', 'identity', { ...grantAll, Effect: 'allow' }, /expected Allow or Deny, got allow/],
  ['no action', 'identity', { Resource: '*' }, /no Action/],
  ['both Action and NotAction', 'identity', { ...grantAll, NotAction: '*' }, /exclude each other/],
  ['an empty list', 'identity', { Action: [], Resource: '*' }, /empty list/],
  ['an action without service', 'identity', { Action: 'GetObject', Resource: '*' }, /expected an action such as/],
  ['an action of any service', 'identity', { Action: '*:Get*', Resource: '*' }, /of one service/],
  ['a variable in an action', 'identity', { Action: `s3:${variable('aws:PrincipalTag/x')}`, Resource: '*' }, /expected an action/],
  ['no resource', 'identity', { Action: '*' }, /Resource: expected one/],
  ['a resource in a trust policy', 'trust', { ...everybody }, /Resource: expected none/],
  ['a resource that is no ARN', 'identity', { Action: '*', Resource: 'box/*' }, /expected an ARN of six parts/],
  ['a resource of fewer parts', 'identity', { Action: '*', Resource: 'arn:aws:s3:*' }, /expected an ARN of six parts/],
  ['a wildcard for the service', 'identity', { Action: '*', Resource: 'arn:aws:*:::x' }, /the service of an ARN/],
  ['a variable for the account', 'identity', { Action: '*', Resource: `arn:aws:sqs:r:${variable('aws:PrincipalAccount')}:q` }, /last part/],
  ['a principal in an identity policy', 'identity', everybody, /Principal: expected none/],
  ['no principal in a bucket policy', 'resource', grantAll, /Principal: expected one/],
  ['a principal of another kind', 'resource', { ...everybody, Principal: { Federated: 'x' } }, /unknown element Federated/],
  ['a principal with a wildcard', 'resource', { ...everybody, Principal: { AWS: iam('role/*') } }, /without wildcards/],
  ['the id that a deleted role leaves', 'resource', { ...everybody, Principal: { AWS: 'AROAEXAMPLE' } }, /expected AWS with/],
  ['NotPrincipal with Allow', 'resource', { NotPrincipal: { AWS: own }, ...grantAll }, /NotPrincipal goes with Deny/],
  [
    'an unknown operator',
    'identity',
    { ...grantAll, Condition: { StringMatches: { 's3:prefix': 'a' } } },
    /operator StringMatches: unknown/,
  ],
  ['an operator nobody here uses', 'identity', { ...grantAll, Condition: { BinaryEquals: { 's3:prefix': 'a' } } }, /unknown/],
  [
    'an undeclared key',
    'identity',
    { ...grantAll, Condition: { StringEquals: { 's3:prefixx': 'a' } } },
    /condition key s3:prefixx: not declared/,
  ],
  ['a tag key without a tag', 'identity', { ...grantAll, Condition: { StringEquals: { 'aws:PrincipalTag/': 'a' } } }, /not declared/],
  [
    'an operator for another type',
    'identity',
    { ...grantAll, Condition: { Bool: { 's3:prefix': 'true' } } },
    /holds a value of type string/,
  ],
  ['a value of another type', 'identity', { ...grantAll, Condition: { NumericLessThan: { 's3:TlsVersion': 'old' } } }, /type numeric/],
  ['Bool with something else', 'identity', { ...grantAll, Condition: { Bool: { 'aws:SecureTransport': 'no' } } }, /type bool/],
  ['Null with something else', 'identity', { ...grantAll, Condition: { Null: { 's3:prefix': 'no' } } }, /expected true or false/],
  ['Null with IfExists', 'identity', { ...grantAll, Condition: { NullIfExists: { 's3:prefix': 'true' } } }, /unknown/],
  ['no values', 'identity', { ...grantAll, Condition: { StringEquals: { 's3:prefix': [] } } }, /no values/],
  [
    'a network that is none',
    'identity',
    { ...grantAll, Condition: { IpAddress: { 'aws:SourceIp': '203.0.113.0/33' } } },
    /expected an address/,
  ],
  [
    'one value where there may be several',
    'identity',
    { ...grantAll, Condition: { StringEquals: { 'aws:TagKeys': 'a' } } },
    /needs ForAllValues/,
  ],
  [
    'several where there is one',
    'identity',
    { ...grantAll, Condition: { 'ForAnyValue:StringEquals': { 's3:prefix': 'a' } } },
    /are not for/,
  ],
  [
    'a set and IfExists',
    'identity',
    { ...grantAll, Condition: { 'ForAnyValue:StringEqualsIfExists': { 'aws:TagKeys': 'a' } } },
    /together/,
  ],
  ['an undeclared variable', 'identity', { Action: '*', Resource: at(variable('aws:nonsense')) }, /aws:nonsense: not declared/],
  ['a variable of several values', 'identity', { Action: '*', Resource: at(variable('aws:TagKeys')) }, /can not be a variable/],
  ['an open brace', 'identity', { Action: '*', Resource: at('$' + '{aws:PrincipalArn') }, /closing brace/],
  ['an odd default', 'identity', { Action: '*', Resource: at(variable('aws:PrincipalArn, none')) }, /expected a variable such as/],
]

describe('is not read:', () => {
  test.each(refused)('%s', (_, kind, statement, says) => {
    expect(() => parsePolicy('p', kind, one(statement))).toThrow(says)
    expect(() => parsePolicy('p', kind, one(statement))).toThrow(/^policy p: /)
  })

  test.each<[string, unknown, RegExp]>([
    ['an older version', { Version: '2008-10-17', Statement: [] }, /expected 2012-10-17/],
    ['no version', { Statement: [] }, /expected 2012-10-17/],
    ['an unknown element', { Version: '2012-10-17', Statements: [] }, /unknown element Statements/],
    ['a Sid twice', { Version: '2012-10-17', Statement: [1, 2].map(() => ({ Sid: 'A', Effect: 'Allow', ...grantAll })) }, /stands twice/],
    ['a list', [], /expected an object/],
  ])('%s', (_, document, says) => {
    expect(() => parsePolicy('p', 'identity', document)).toThrow(says)
  })

  test.each<[string, Partial<Request>, RegExp]>([
    ['an action with a wildcard', { action: 's3:Get*' }, /expected one action/],
    ['an undeclared key', { context: { 'aws:Mood': 'x' } }, /not declared/],
    ['a value of another type', { context: { 'aws:SourceIp': 'x' } }, /type ip/],
    ['two values of a key that has one', { context: { 's3:prefix': ['a', 'b'] } }, /expected one value/],
    ['a key with no value', { context: { 'aws:TagKeys': [] } }, /expected some values/],
  ])('a request with %s', (_, request, says) => {
    expect(() => ask(request, {})).toThrow(says)
  })
})
