import { describe, expect, test } from 'vitest'
import { account } from '../given.ts'
import { mockApply, type Resource } from '../mock.ts'
import { withoutTerraform } from '../terraform.ts'
import { identityFaults, keyFaults, largest, type Statement, trustFaults } from './walker.ts'

const missing = withoutTerraform()
const resources =
  missing === undefined ? (await Promise.all([mockApply('foundation'), mockApply('environment')])).flatMap((one) => one.resources) : []

/** What holds documents, by attribute, and how long one may be: characters that are no white space. */
const kinds = {
  identity: { type: 'aws_iam_policy', attribute: 'policy', longest: 6144 },
  trust: { type: 'aws_iam_role', attribute: 'assume_role_policy', longest: 2048 },
  bucket: { type: 'aws_s3_bucket_policy', attribute: 'policy', longest: 20_480 },
  key: { type: 'aws_kms_key', attribute: 'policy', longest: 32_768 },
} as const

const of = (kind: keyof typeof kinds): readonly (readonly [address: string, document: string, resource: Resource])[] =>
  resources
    .filter(({ mode, type }) => mode === 'managed' && type === kinds[kind].type)
    .map((resource) => [resource.address, String(resource.values[kinds[kind].attribute]), resource])

const statementsOf = (document: string): readonly Statement[] => JSON.parse(document).Statement

describe.skipIf(missing !== undefined)(missing ?? 'every document', () => {
  test.each(of('identity'))('ctl:I1 %s names actions, and resources where they can be named', (_, document) => {
    expect(statementsOf(document).flatMap(identityFaults)).toEqual([])
  })

  test.each(of('trust'))('ctl:I8 %s: one service for this account, or who is named; no session tags; an hour', (_, document, role) => {
    expect(statementsOf(document).flatMap((statement) => trustFaults(statement, account))).toEqual([])
    expect(role.values['max_session_duration']).toBe(3600)
  })

  test.each(of('key'))('ctl:I6 %s: nobody at large, and who administers does not use', (_, document) => {
    expect(statementsOf(document).flatMap(keyFaults)).toEqual([])
  })

  test.each(Object.keys(kinds) as (keyof typeof kinds)[])('ctl:I1 each document of kind %s is as short as AWS wants it', (kind) => {
    expect(of(kind)).not.toEqual([])
    expect(largest(of(kind))).toBeLessThanOrEqual(kinds[kind].longest)
  })
})

describe('the walker', () => {
  const allow = { Sid: 'It', Effect: 'Allow' }
  const person = { ...allow, Principal: { AWS: 'arn:aws:iam::123456789012:role/one' }, Action: 'sts:AssumeRole' }
  const service = { ...allow, Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }
  const root = { AWS: `arn:aws:iam::${account}:root` }
  const byRole = { ArnEquals: { 'aws:PrincipalArn': 'arn:aws:iam::123456789012:role/one' } }

  test.each<[Statement, string]>([
    [{ ...allow, Action: '*', Resource: '*' }, 'It: allows *, not one action'],
    [{ ...allow, Action: 's3:*', Resource: 'arn:aws:s3:::box/*' }, 'It: allows s3:*, not one action'],
    [{ ...allow, Action: ['sqs:SendMessage', 'ec2:DescribeImages'], Resource: ['*'] }, 'It: allows sqs:SendMessage on everything'],
    [{ ...allow, Action: 'ec2:DescribeInstanceAttribute', Resource: '*' }, 'It: allows ec2:DescribeInstanceAttribute on everything'],
    [
      { ...allow, Action: 'kms:Decrypt', Resource: 'arn:aws:kms:eu-west-1:123456789012:key/k' },
      'It: uses a key directly, not through a service',
    ],
    [{ ...allow, Action: 'iam:PassRole', Resource: 'arn:aws:iam::123456789012:role/one' }, 'It: passes a role to any service'],
  ])('sees what is wide in %j', (statement, fault) => {
    expect(identityFaults(statement)).toContain(fault)
    expect(identityFaults({ ...statement, Effect: 'Deny' })).toEqual([])
  })

  test.each<[Statement, string]>([
    [{ ...person, Principal: '*' }, 'It: trusts *'],
    [{ ...person, Principal: { AWS: ['*'] } }, 'It: trusts *'],
    [{ ...person, Principal: root }, `It: trusts all of ${root.AWS}`],
    [{ ...person, Action: ['sts:AssumeRole', 'sts:TagSession'] }, 'It: expected to allow sts:AssumeRole and nothing else'],
    [service, 'It: trusts a service on behalf of any account'],
    [{ ...service, Condition: { StringEquals: { 'aws:SourceAccount': '210987654321' } } }, 'It: trusts a service on behalf of any account'],
    [{ ...service, Principal: { Service: ['ec2.amazonaws.com', 'ssm.amazonaws.com'] } }, 'It: trusts 2 services'],
  ])('sees whom %j trusts too many of', (statement, fault) => {
    expect(trustFaults(person, account)).toEqual([])
    expect(trustFaults(statement, account)).toContain(fault)
  })

  test.each<[Statement, string]>([
    [{ ...allow, Principal: '*', Action: 'kms:Decrypt', Condition: byRole }, 'It: allows * by name, or everybody'],
    [{ ...allow, Principal: { AWS: '*' }, Action: 'kms:Decrypt', Condition: byRole }, 'It: allows * by name, or everybody'],
    [{ ...allow, Principal: root, Action: 'kms:Decrypt' }, 'It: says neither which role nor for which account or thing'],
    [{ ...allow, Principal: root, Action: ['kms:Decrypt', 'kms:PutKeyPolicy'], Condition: byRole }, 'It: keeps the key and uses it'],
    [{ ...allow, Principal: root, Action: 'kms:*', Condition: byRole }, 'It: keeps the key and uses it'],
    [{ ...allow, Principal: root, Action: 'kms:Describe*', Condition: byRole }, 'It: allows kms:Describe*, not one action'],
  ])('sees what a key is open to in %j', (statement, fault) => {
    expect(keyFaults({ ...allow, Principal: root, Action: 'kms:Decrypt', Condition: byRole })).toEqual([])
    expect(keyFaults(statement)).toContain(fault)
  })
})
