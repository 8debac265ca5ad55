/** What services of AWS ask as themselves: for us, and for somebody else who would have them ask for him. */
import { account, region } from '../../given.ts'
import type { Values } from '../context.ts'
import { type Part, type ServiceRow, wellPut } from './ask.ts'
import { elsewhere } from './people.ts'

const trail = `arn:aws:cloudtrail:${region}:${account}:trail/hipaa_vpc-trail`
const from = (arn: string, of = account): Values => ({ 'aws:SourceArn': arn, 'aws:SourceAccount': of })
const acl = { 's3:x-amz-acl': 'bucket-owner-full-control' }
const leftToOthers: readonly [string, Values] = ['and leave them to another owner', { 's3:x-amz-acl': 'private' }]
const underKms = { 's3:x-amz-server-side-encryption': 'aws:kms' }
const use = (action: string, says: Values, name = 'ops'): Part => ({ action: `kms:${action}`, on: `key ${name}`, says })

/** What is right, and then each thing about it that may be wrong, for those parts that say it: none of them may be. */
const asked = (
  ctl: string,
  service: string,
  does: string,
  parts: readonly Part[],
  ...wrong: readonly (readonly [how: string, says: Values])[]
): readonly ServiceRow[] => [
  { ctl, service, does, parts, may: true },
  ...wrong.flatMap(([how, says]): ServiceRow[] => {
    const said = parts.filter(({ says: right = {} }) => Object.keys(says).some((name) => name in right || name === 'aws:SecureTransport'))
    return said.length === 0
      ? []
      : [{ ctl, service, does: `${does}, ${how}`, parts: said.map((part) => ({ ...part, says: { ...part.says, ...says } })), may: false }]
  }),
]
const ofAnother = (arn: string): readonly (readonly [string, Values])[] => [
  ['for another account', { 'aws:SourceAccount': elsewhere }],
  ['for a thing of another account', { 'aws:SourceArn': arn.replace(account, elsewhere) }],
]

const objects = `AWSLogs/${account}`
const logs = `arn:aws:logs:${region}:${account}:delivery-source:1`
const host = `arn:aws:ec2:${region}:${account}:instance/i-0123456789abcdef0`
const bucketOf = (purpose: string): string => `arn:aws:s3:::hipaa-vpc-${purpose}-${account}-${region}`

export const services: readonly ServiceRow[] = [
  ...asked(
    'ctl:M6',
    's3.amazonaws.com',
    'call intake for an object of the input bucket',
    [{ action: 'lambda:InvokeFunction', on: 'function intake', says: from(bucketOf('input')) }],
    ['for another bucket of ours', from(bucketOf('output'))],
    ['for a bucket of that name in another account', from(bucketOf('input'), elsewhere)],
  ),
  {
    ctl: 'ctl:M6',
    service: 'events.amazonaws.com',
    does: 'call intake',
    parts: [{ action: 'lambda:InvokeFunction', on: 'function intake', says: from(bucketOf('input')) }],
    may: false,
  },
  ...['state', 'input', 'output', 'ancillary', 'audit', 'config'].flatMap((purpose) =>
    asked(
      'ctl:S11',
      'logging.s3.amazonaws.com',
      `write the access log of the bucket ${purpose}`,
      [{ action: 's3:PutObject', on: `bucket access-logs/${purpose}/1`, says: from(bucketOf(purpose)) }],
      ['for another account', { 'aws:SourceAccount': elsewhere }],
      ['for another bucket', { 'aws:SourceArn': 'arn:aws:s3:::other' }],
      ['without TLS', { 'aws:SecureTransport': 'false' }],
    ),
  ),
  ...asked(
    'ctl:A1',
    'cloudtrail.amazonaws.com',
    'look whether it may write to the audit bucket',
    [{ action: 's3:GetBucketAcl', on: 'bucket audit', says: from(trail) }],
    ...ofAnother(trail),
  ),
  ...asked(
    'ctl:A1',
    'cloudtrail.amazonaws.com',
    'write files of the trail',
    [
      {
        action: 's3:PutObject',
        on: `bucket audit/${objects}/CloudTrail/1.json.gz`,
        says: { ...from(trail), ...acl, ...underKms, 's3:x-amz-server-side-encryption-aws-kms-key-id': '@key ops' },
      },
      use('GenerateDataKey', from(trail)),
      use('DescribeKey', from(trail)),
    ],
    ...ofAnother(trail),
    ['for another trail', from(trail.replace('hipaa_vpc', 'other'))],
    leftToOthers,
  ),
  // AWS's guide to CloudTrail: a trail's own key encrypts its log files, and S3's the digests.
  ...asked(
    'ctl:A1',
    'cloudtrail.amazonaws.com',
    'write digests of the trail',
    [
      {
        action: 's3:PutObject',
        on: `bucket audit/${objects}/CloudTrail-Digest/1.json.gz`,
        says: { ...from(trail), ...acl, 's3:x-amz-server-side-encryption': 'AES256' },
      },
    ],
    ...ofAnother(trail),
  ),
  ...asked(
    'ctl:A1',
    'cloudtrail.amazonaws.com',
    'say that a file was written',
    [{ action: 'sns:Publish', on: 'topic trail', says: from(trail) }, use('Decrypt', from(trail))],
    ...ofAnother(trail),
  ),
  {
    ctl: 'ctl:S10',
    service: 'cloudtrail.amazonaws.com',
    does: 'write among the heads of the audit chain',
    parts: [{ action: 's3:PutObject', on: 'bucket audit/heads/1.json', says: { ...from(trail), ...acl, ...wellPut('ops') } }],
    may: false,
  },
  ...['s3:GetBucketAcl', 's3:ListBucket'].flatMap((action) =>
    asked(
      'ctl:N8',
      'delivery.logs.amazonaws.com',
      `look whether it may write flow logs (${action})`,
      [{ action, on: 'bucket audit', says: from(logs) }],
      ...ofAnother(logs),
    ),
  ),
  ...asked(
    'ctl:N8',
    'delivery.logs.amazonaws.com',
    'write flow logs',
    [
      { action: 's3:PutObject', on: `bucket audit/${objects}/vpcflowlogs/1.parquet`, says: { ...from(logs), ...acl } },
      ...['GenerateDataKey', 'Decrypt', 'DescribeKey', 'Encrypt', 'ReEncryptFrom'].map((action) => use(action, from(logs))),
    ],
    ...ofAnother(logs),
    leftToOthers,
  ),
  ...asked(
    'ctl:N11',
    'delivery.logs.amazonaws.com',
    'write the log of names asked for',
    ['CreateLogStream', 'PutLogEvents'].map(
      (action): Part => ({
        action: `logs:${action}`,
        on: `arn:aws:logs:${region}:${account}:log-group:/hipaa_vpc/dns:log-stream:1`,
        says: from(logs),
      }),
    ),
    ...ofAnother(logs),
  ),
  ...['s3:GetBucketAcl', 's3:ListBucket'].flatMap((action) =>
    asked(
      'ctl:S3',
      'config.amazonaws.com',
      `look whether it may write (${action})`,
      [{ action, on: 'bucket config', says: { 'aws:SourceAccount': account } }],
      ['for another account', { 'aws:SourceAccount': elsewhere }],
    ),
  ),
  ...asked(
    'ctl:S3',
    'config.amazonaws.com',
    'write what it saw of the account',
    [
      { action: 's3:PutObject', on: `bucket config/${objects}/Config/1.json.gz`, says: { 'aws:SourceAccount': account, ...acl } },
      ...['GenerateDataKey', 'Decrypt'].map((action) => use(action, { 'aws:SourceAccount': account })),
    ],
    ['for another account', { 'aws:SourceAccount': elsewhere }],
    leftToOthers,
  ),
  ...asked(
    'ctl:M4 ctl:I7',
    'cloudwatch.amazonaws.com',
    'raise an alarm',
    [
      { action: 'sns:Publish', on: 'topic alarms', says: from(`arn:aws:cloudwatch:${region}:${account}:alarm:hipaa_vpc-break-glass`) },
      use('GenerateDataKey', { 'aws:SourceAccount': account }),
      use('Decrypt', { 'aws:SourceAccount': account }),
    ],
    ...ofAnother(`arn:aws:cloudwatch:${region}:${account}:alarm:x`),
  ),
  {
    ctl: 'ctl:M4',
    service: 'cloudwatch.amazonaws.com',
    does: 'send a notice to data owners',
    parts: [{ action: 'sns:Publish', on: 'topic notices', says: { 'aws:SourceAccount': account } }],
    may: false,
  },
  ...asked(
    'ctl:I6',
    `logs.${region}.amazonaws.com`,
    'encrypt our log groups',
    ['Encrypt', 'Decrypt', 'GenerateDataKey', 'DescribeKey', 'ReEncryptTo'].map((action) =>
      use(action, { 'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:${region}:${account}:log-group:/hipaa_vpc/flow` }),
    ),
    ['of another account', { 'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:${region}:${elsewhere}:log-group:/hipaa_vpc/flow` }],
    ['that are not of this environment', { 'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:${region}:${account}:log-group:/other` }],
  ),
  ...['cloudtrail', 'delivery.logs', 'config', 'cloudwatch', `logs.${region}`, 'sns', 'sqs', 's3', 'ec2'].map(
    (name): ServiceRow => ({
      ctl: 'ctl:I2',
      service: `${name}.amazonaws.com`,
      does: 'use the data key',
      parts: [use('Decrypt', { 'aws:SourceAccount': account }, 'data')],
      may: false,
    }),
  ),
  ...['worker', 'bastion', 'key-host', 'image-builder', 'workstation'].flatMap((role) => becomes(role, 'ec2.amazonaws.com', host)),
  ...['intake', 'reaper'].flatMap((role) =>
    becomes(role, 'lambda.amazonaws.com', `arn:aws:lambda:${region}:${account}:function:hipaa_vpc-${role}`),
  ),
  ...becomes('patch-service', 'ssm.amazonaws.com', `arn:aws:ssm:${region}:${account}:maintenancewindow/mw-0`),
  ...becomes('flow-log', 'vpc-flow-logs.amazonaws.com', `arn:aws:ec2:${region}:${account}:vpc-flow-log/fl-0`, true),
  ...becomes('trail-log', 'cloudtrail.amazonaws.com', trail, true),
]

function becomes(role: string, service: string, arn: string, alone = false): readonly ServiceRow[] {
  const parts: readonly Part[] = [{ action: 'sts:AssumeRole', on: `role ${role}`, says: from(arn) }]
  return [
    ...asked('ctl:I8', service, `become ${role}`, parts, ...ofAnother(arn).slice(0, alone ? 2 : 1)),
    { ctl: 'ctl:I8', service: 'glue.amazonaws.com', does: `become ${role}`, parts, may: false },
  ]
}
