import { describe, expect, test } from 'vitest'
import { iam, own } from './ask.ts'
import { type Resource, worldOf } from './collect.ts'
import { sessionOf } from './principal.ts'
import { arnOf, authorise } from './world.ts'

const document = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: [{ Sid: 'It', Effect: 'Allow', ...statement }] })
const made = (type: string, name: string, values: Readonly<Record<string, unknown>>): Resource => ({
  address: `module.one.${type}.${name}`,
  mode: 'managed',
  type,
  values,
})
const trust = document({ Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' })
const role = made('aws_iam_role', 'bee', { name: 'pit-bee', arn: iam('role/pit-bee'), assume_role_policy: trust, tags: { team: 'red' } })
const policy = made('aws_iam_policy', 'bee', {
  name: 'pit-bee',
  arn: iam('policy/pit-bee'),
  policy: document({ Action: 's3:GetObject', Resource: 'arn:aws:s3:::pit-box/*' }),
})
const attachment = made('aws_iam_role_policy_attachment', 'bee', { role: 'pit-bee', policy_arn: iam('policy/pit-bee') })
const bucket = made('aws_s3_bucket', 'this["box"]', { bucket: 'pit-box', id: 'pit-box', arn: 'arn:aws:s3:::pit-box' })
const bucketPolicy = made('aws_s3_bucket_policy', 'this["box"]', {
  bucket: 'pit-box',
  policy: document({ Sid: 'Shut', Effect: 'Deny', Principal: '*', Action: '*', Resource: 'arn:aws:s3:::pit-box/shut' }),
})
const short = (name: string): string => name.replace(/^pit-/, '')
const gathered = (...more: readonly Resource[]) => worldOf(own, [role, policy, attachment, bucket, bucketPolicy, ...more], short)

const reads = (key: string, as = 'role/pit-bee') =>
  authorise(gathered(), {
    principal: sessionOf(iam(as), 'i-1'),
    action: 's3:GetObject',
    resource: `arn:aws:s3:::pit-box/${key}`,
    account: own,
    context: {},
  })

test('a world decides by what is attached to the role and to the thing', () => {
  expect(reads('open')).toMatchObject({ allowed: true, by: ['bee#It'] })
  expect(reads('shut')).toMatchObject({ allowed: false, by: ['bucket box#Shut'] })
  expect(gathered().identities.get(iam('role/pit-bee'))?.tags).toEqual({ team: 'red' })
  expect(arnOf(gathered(), 'role bee')).toBe(iam('role/pit-bee'))
})

test('whom and what it does not know is no answer', () => {
  expect(() => reads('open', 'role/stranger')).toThrow('no such role')
  expect(() => arnOf(gathered(), 'bucket other')).toThrow('there is no bucket other; there are role bee')
  const request = {
    principal: sessionOf(iam('role/pit-bee'), 'i-1'),
    action: 'sqs:SendMessage',
    resource: `arn:aws:sqs:r:${own}:q`,
    account: own,
    context: {},
  }
  expect(() => authorise(gathered(), request)).toThrow('there is no such thing')
})

test("a function's permission is a policy of the function", () => {
  const lambda = made('aws_lambda_function', 'it', { function_name: 'pit-it', arn: `arn:aws:lambda:r:${own}:function:pit-it` })
  const permission = {
    statement_id: 'FromBox',
    function_name: 'pit-it',
    principal: 's3.amazonaws.com',
    action: 'lambda:InvokeFunction',
    source_arn: 'arn:aws:s3:::pit-box',
    source_account: own,
  }
  const { things } = gathered(lambda, made('aws_lambda_permission', 'it', permission))
  expect(things.get(`arn:aws:lambda:r:${own}:function:pit-it`)?.policy?.statements.map(({ sid }) => sid)).toEqual(['FromBox'])
  const { source_account: _, ...open } = permission
  expect(() => gathered(lambda, made('aws_lambda_permission', 'it', open))).toThrow('expected source_account')
})

describe('a right that would go unseen is refused:', () => {
  test.each<[string, Resource, string]>([
    [
      'a policy in a resource that nobody gathers',
      made('aws_backup_vault_policy', 'it', { policy: trust }),
      'policy holds a policy that is not gathered',
    ],
    ['a policy written into a role', made('aws_iam_role_policy', 'it', {}), 'aws_iam_role_policy are not gathered'],
    ['a user', made('aws_iam_user', 'it', {}), 'aws_iam_user are not gathered'],
    ['a grant of a key', made('aws_kms_grant', 'it', {}), 'aws_kms_grant are not gathered'],
    ['a boundary', { ...role, values: { ...role.values, permissions_boundary: iam('policy/x') } }, 'permissions_boundary is not gathered'],
    [
      "a policy of AWS's own",
      made('aws_iam_role_policy_attachment', 'it', { role: 'pit-bee', policy_arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }),
      'whose document is not here',
    ],
    ['a second policy of a bucket', bucketPolicy, 'has 2 policies'],
  ])('%s', (_, resource, says) => {
    expect(() => gathered(resource)).toThrow(says)
  })
})
