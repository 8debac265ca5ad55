/** Policies and requests of a small alphabet, so that they meet often. */
import fc from 'fast-check'
import { iam, other, own, variable } from './ask.ts'
import type { Values } from './context.ts'
import type { Request } from './decide.ts'
import { anonymous, type Principal, rootOf, serviceOf, sessionOf, userOf } from './principal.ts'

import { requestOf } from './table/ask.ts'
import { people, type Who } from './table/people.ts'
import { chapters } from './table.ts'
import type { World } from './world.ts'

type Json = Readonly<Record<string, unknown>>

/** One request with the policies about it, as documents, so that any judge can read them. */
export interface Case {
  readonly principal: Principal
  readonly action: string
  readonly resource: string
  readonly account: string
  readonly context: Values
  readonly identity: Json | undefined
  readonly attached: Json | undefined
  readonly endpoint: Json | undefined
}

export type About = 'bucket' | 'key' | 'role'

const team = { team: 'red' }
const principals: readonly Principal[] = [
  sessionOf(iam('role/bee'), 'i-1', team),
  sessionOf(iam('role/bee'), 'i-2'),
  sessionOf(iam('role/queen'), 'i-1', team),
  sessionOf(iam('role/bee', other), 'i-1', team),
  userOf(iam('user/ann'), team),
  rootOf(iam('root')),
  serviceOf('sns.amazonaws.com'),
  anonymous,
]

const names: readonly Json[] = [
  { AWS: '*' },
  { AWS: iam('role/bee') },
  { AWS: `arn:aws:sts::${own}:assumed-role/bee/i-1` },
  { AWS: iam('root') },
  { AWS: own },
  { AWS: [iam('user/ann'), iam('root', other)] },
  { AWS: iam('role/bee', other) },
  { Service: ['sns.amazonaws.com', 'logs.amazonaws.com'] },
]

const key = `arn:aws:kms:us-west-2:${own}:key/0b1c`
const box = 'arn:aws:s3:::box'
const about: Readonly<
  Record<
    About,
    { readonly asks: readonly (readonly [string, string])[]; readonly actions: readonly unknown[]; readonly resources: readonly unknown[] }
  >
> = {
  bucket: {
    asks: [
      ['s3:GetObject', `${box}/a`],
      ['s3:PutObject', `${box}/red/c`],
      ['s3:PutObject', `${box}/a`],
      ['s3:ListBucket', box],
      ['s3:ListAllMyBuckets', '*'],
    ],
    actions: ['*', 's3:*', 's3:Get*', 's3:?utObject', ['s3:ListBucket', 's3:GetObject'], 's3:list*', 'sqs:*'],
    resources: [
      '*',
      box,
      `${box}/*`,
      `${box}/?`,
      [box, `${box}/a`],
      'arn:aws:s3:::*',
      `${box}/${variable('aws:PrincipalTag/team')}/*`,
      `${box}/${variable("aws:PrincipalTag/team, 'a'")}`,
      `${box}/*/c`,
    ],
  },
  key: {
    asks: [
      ['kms:Decrypt', key],
      ['kms:Sign', key],
      ['kms:DescribeKey', key],
    ],
    actions: ['*', 'kms:*', 'kms:Decrypt', ['kms:Sign', 'kms:Decrypt'], 'kms:D*', 's3:*'],
    resources: ['*', key, `arn:aws:kms:us-west-2:${own}:key/*`, `arn:aws:kms:*:${own}:key/0b1c`, `arn:aws:kms:us-west-2:${other}:key/*`],
  },
  role: {
    asks: [['sts:AssumeRole', iam('role/queen')]],
    actions: ['*', 'sts:AssumeRole', 'sts:*', 'sts:TagSession'],
    resources: ['*', iam('role/queen'), iam('role/*'), iam('role/bee')],
  },
}

const said: Readonly<Record<string, readonly string[]>> = {
  'aws:SecureTransport': ['true', 'false'],
  'aws:SourceIp': ['203.0.113.7', '198.51.100.9', '2001:db8::9'],
  'aws:SourceArn': [box, `arn:aws:sns:us-west-2:${own}:bell`],
  'aws:MultiFactorAuthAge': ['10', '3600', '99'],
  'aws:CurrentTime': ['2026-01-01T00:00:00Z', '2026-06-01T12:00:00Z'],
  'aws:SourceAccount': [own, other],
}
const context = fc
  .tuple(
    fc.record(Object.fromEntries(Object.entries(said).map(([name, values]) => [name, fc.constantFrom(...values)])), { requiredKeys: [] }),
    fc.option(fc.subarray(['a', 'b', 'c'], { minLength: 1 }), { nil: undefined }),
  )
  .map(([values, tags]): Values => ({ ...(values as Values), ...(tags === undefined ? {} : { 'aws:TagKeys': tags }) }))

const operators: readonly (readonly [readonly string[], string, readonly unknown[]])[] = [
  [['Bool', 'BoolIfExists'], 'aws:SecureTransport', ['true', 'false', false]],
  [
    ['IpAddress', 'NotIpAddress', 'IpAddressIfExists', 'NotIpAddressIfExists'],
    'aws:SourceIp',
    ['203.0.113.0/24', ['198.51.100.9', '2001:db8::/32'], '203.0.113.7'],
  ],
  [
    ['ArnEquals', 'ArnLike', 'ArnNotEquals', 'ArnNotLike', 'ArnLikeIfExists'],
    'aws:SourceArn',
    [box, 'arn:aws:s3:::*', [`arn:aws:sns:*:${own}:b?ll`, 'arn:aws:s3:::other']],
  ],
  [['ArnLike', 'ArnNotLike', 'StringEquals', 'StringNotLike'], 'aws:PrincipalArn', [iam('role/bee'), [iam('role/queen'), iam('user/ann')]]],
  [
    [
      'NumericEquals',
      'NumericNotEquals',
      'NumericLessThan',
      'NumericLessThanEquals',
      'NumericGreaterThan',
      'NumericGreaterThanEqualsIfExists',
    ],
    'aws:MultiFactorAuthAge',
    ['3600', '99', ['10', '100']],
  ],
  [
    ['DateLessThan', 'DateGreaterThanEquals', 'DateEquals', 'DateNotEquals', 'DateLessThanIfExists'],
    'aws:CurrentTime',
    ['2026-01-01T00:00:00Z', '2026-03-01T00:00:00Z'],
  ],
  [
    [
      'StringEquals',
      'StringNotEquals',
      'StringLike',
      'StringNotLike',
      'StringEqualsIfExists',
      'StringNotEqualsIfExists',
      'StringEqualsIgnoreCase',
    ],
    'aws:SourceAccount',
    [own, [own, '777788889999'], other],
  ],
  [['StringEquals', 'StringNotEquals', 'StringLike', 'StringNotLike'], 'aws:PrincipalTag/team', ['red', ['blue', 'green']]],
  [
    ['StringEquals', 'StringNotEquals'],
    'aws:SourceAccount',
    [variable(`aws:PrincipalAccount, 'none'`), variable(`aws:PrincipalTag/team, '${own}'`)],
  ],
  [
    [
      'ForAllValues:StringEquals',
      'ForAnyValue:StringEquals',
      'ForAllValues:StringNotEquals',
      'ForAnyValue:StringNotEquals',
      'ForAnyValue:StringLike',
    ],
    'aws:TagKeys',
    ['a', ['a', 'b']],
  ],
  [['Null'], 'aws:SourceIp', ['true', 'false', true]],
]
const condition: fc.Arbitrary<Json> = fc
  .constantFrom(...operators)
  .chain(([ops, name, values]) =>
    fc.tuple(fc.constantFrom(...ops), fc.constantFrom(...values)).map(([op, value]) => ({ [op]: { [name]: value } })),
  )

const mostly = <T>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 4, arbitrary: usual }, { weight: 1, arbitrary: rare })

function statement(of: About, kind: 'identity' | 'attached' | 'endpoint'): fc.Arbitrary<Json> {
  const element = (name: string, values: readonly unknown[]) =>
    mostly(fc.constant(name), fc.constant(`Not${name}`)).chain((as) => fc.constantFrom(...values).map((value): Json => ({ [as]: value })))
  const parts = [
    mostly(fc.constant('Allow'), fc.constant('Deny')).map((effect): Json => ({ Effect: effect })),
    element('Action', about[of].actions),
    of === 'role' && kind === 'attached' ? fc.constant({}) : element('Resource', about[of].resources),
    kind === 'identity'
      ? fc.constant({})
      : kind === 'endpoint'
        ? fc.constant({ Principal: '*' })
        : fc.oneof(fc.constant('*'), fc.constantFrom(...names)).map((Principal): Json => ({ Principal })),
    fc.array(condition, { maxLength: 2 }).map((all): Json => (all.length === 0 ? {} : { Condition: Object.assign({}, ...all) })),
  ]
  return fc.tuple(...parts).map((all): Json => Object.assign({}, ...all))
}

const policy = (of: About, kind: 'identity' | 'attached' | 'endpoint'): fc.Arbitrary<Json> =>
  fc.array(statement(of, kind), { minLength: 1, maxLength: 3 }).map((all) => ({
    Version: '2012-10-17',
    Statement: all.map((one, at) => ({ Sid: `S${at + 1}`, ...one })),
  }))

/** Cases about one kind of resource. */
export const cases = (of: About): fc.Arbitrary<Case> =>
  fc
    .tuple(
      fc.constantFrom(...principals.filter(({ kind }) => of !== 'role' || kind !== 'root')),
      fc.constantFrom(...about[of].asks),
      mostly(fc.constant(own), fc.constant(of === 'bucket' ? other : own)),
      context,
      fc.option(policy(of, 'identity'), { nil: undefined, freq: 6 }),
      of === 'bucket' ? fc.option(policy(of, 'attached'), { nil: undefined, freq: 3 }) : policy(of, 'attached'),
      fc.option(policy(of, 'endpoint'), { nil: undefined, freq: 2 }),
    )
    .map(([principal, [action, resource], account, values, identity, attached, endpoint]) => {
      const own = principal.kind === 'session' || principal.kind === 'user'
      return {
        principal,
        action,
        resource,
        account,
        context: values,
        identity: own ? identity : undefined,
        attached: resource === '*' ? undefined : attached,
        endpoint,
      }
    })

/** Requests of all kinds of people about everything in the table, with what they say left out, changed or added to. */
export function requests(world: World): fc.Arbitrary<Request> {
  const parts = chapters.flatMap(({ rows }) => rows.flatMap((row) => row.parts))
  const spoken = parts.flatMap(({ action, on, says = {} }) => Object.entries(says).map(([name, value]) => ({ action, on, name, value })))
  const whos = Object.keys(people) as readonly Who[]
  return fc.constantFrom(...parts).chain((part) => {
    const alike = parts.filter(
      ({ action, on, by }) => by === part.by && serviceIn(action) === serviceIn(part.action) && formOf(on) === formOf(part.on),
    )
    const others = spoken.filter(({ action, on }) => action === part.action && formOf(on) === formOf(part.on))
    return fc
      .tuple(
        fc.constantFrom(...whos),
        mostly(fc.constant(part), fc.constantFrom(...alike)),
        fc.subarray(Object.keys(part.says ?? {})),
        fc.integer({ min: 0, max: 3 }),
        others.length === 0 ? fc.constant([]) : fc.array(fc.constantFrom(...others), { maxLength: 2 }),
        mostly<Values>(fc.constant({}), fc.constantFrom({ 'aws:SecureTransport': 'false' }, { 's3:TlsVersion': '1.1' })),
      )
      .map(([who, { on }, dropped, drop, added, transport]): Request => {
        const kept = Object.entries(part.says ?? {}).filter(([name]) => drop > 0 || !dropped.includes(name))
        const says = { ...Object.fromEntries(kept), ...Object.fromEntries(added.map(({ name, value }) => [name, value])) }
        const request = requestOf(who, { ...part, on, says }, world)
        const changed = Object.entries(transport).filter(([name]) => name in request.context)
        return { ...request, context: { ...request.context, ...Object.fromEntries(changed) } }
      })
  })
}

const serviceIn = (action: string): string => action.split(':')[0] ?? ''
/** Alike are objects, buckets, and what else has one word for its kind. */
const formOf = (on: string): string => (on.startsWith('bucket ') ? `bucket${on.includes('/') ? '/' : ''}` : on)
