/** What services ask of the keys in somebody's name: for whom, about what. Right, then through another service, then about another thing. */
import { account, region } from '../../given.ts'
import type { Values } from '../context.ts'
import type { Denies, Row } from './ask.ts'
import { ofDataKey, ofDataKeyAtAll } from './bars.ts'
import { admins, inPerson, type Who } from './people.ts'

type Key = 'data' | 'ops'
type Uses = Readonly<Record<string, readonly Who[]>>

/** What a key is used for: which service asks, what it says the use is about, and for whom it may do what. */
interface Use {
  readonly key: Key
  readonly by: string
  readonly about: string
  readonly says: Values
  readonly may: Uses
}

const object = (key: Key, about: string, may: Uses): Use => ({
  key,
  by: 's3',
  about,
  says: { 'kms:EncryptionContext:aws:s3:arn': `@bucket ${about}` },
  may,
})
/** Buckets whose context is the bucket are named with and without an object. */
const bucket = (about: string, may: Uses): readonly Use[] => [object('ops', about, may), object('ops', `${about}/x`, may)]

const results = 'runs/6f9d2c1e-7a40-4c3b-9d55-0b1f6a2e8c71'
const relaying: Uses = {
  Decrypt: ['worker', 'bastion', 'key host', 'image builder', 'workstation', 'break-glass', ...admins],
  GenerateDataKey: ['worker', 'bastion', ...admins],
}
const records: Uses = { Decrypt: ['auditor', 'break-glass'], GenerateDataKey: [] }
const told: Uses = { Decrypt: ['worker', 'bastion', 'key host', 'recipient', 'break-glass'], GenerateDataKey: ['worker', 'bastion'] }
const senders: readonly Who[] = ['worker', 'bastion', 'intake']
const disks: Uses = Object.fromEntries(
  ['CreateGrant', 'GenerateDataKeyWithoutPlaintext', 'ReEncryptTo'].map((action) => [action, ['bastion', ...admins]]),
)

const uses: readonly Use[] = [
  object('data', 'input/incoming/x', { Decrypt: ['worker', 'key host', 'uploader', 'break-glass'], GenerateDataKey: ['uploader'] }),
  object('data', 'input/elsewhere', { Decrypt: ['break-glass'], GenerateDataKey: [] }),
  object('data', `output/${results}/x`, { Decrypt: ['worker', 'key host', 'recipient', 'break-glass'], GenerateDataKey: ['worker'] }),
  ...bucket('state', { Decrypt: ['break-glass', ...admins], GenerateDataKey: admins }),
  ...bucket('ancillary', relaying),
  ...bucket('audit', { ...records, GenerateDataKey: ['bastion', 'intake', 'key host'] }),
  ...bucket('config', records),
  object('ops', `output/${results}/samples/x/result.json`, told),
  object('ops', `output/${results}/report.json`, told),
  ...['doorbell', 'doorbell-dead', 'intake-dead'].map(
    (name): Use => ({
      key: 'ops',
      by: 'sqs',
      about: `queue ${name}`,
      says: { 'kms:EncryptionContext:aws:sqs:arn': `@queue ${name}` },
      may: { Decrypt: senders, GenerateDataKey: senders },
    }),
  ),
  ...['notices', 'alarms'].map((name): Use => {
    const who: readonly Who[] = name === 'notices' ? ['bastion'] : []
    return {
      key: 'ops',
      by: 'sns',
      about: `topic ${name}`,
      says: { 'kms:EncryptionContext:aws:sns:topicArn': `@topic ${name}` },
      may: { Decrypt: who, GenerateDataKey: who },
    }
  }),
  {
    key: 'ops',
    by: 'dynamodb',
    about: 'the ledger',
    says: { 'kms:EncryptionContext:aws:dynamodb:tableName': 'hipaa_vpc-ledger' },
    may: { Decrypt: ['auditor', 'bastion', 'intake', 'key host', ...admins], Encrypt: admins, GenerateDataKey: admins },
  },
  {
    key: 'ops',
    by: 'ssm',
    about: "intake's secrets",
    says: { 'kms:EncryptionContext:PARAMETER_ARN': `@arn:aws:ssm:${region}:${account}:parameter/hipaa_vpc/intake/names` },
    may: { Decrypt: ['intake'], Encrypt: ['intake'] },
  },
  ...['intake', 'reaper'].map(
    (name): Use => ({
      key: 'ops',
      by: 'lambda',
      about: `what is told to ${name}`,
      says: { 'kms:EncryptionContext:aws:lambda:FunctionArn': `@arn:aws:lambda:${region}:${account}:function:hipaa_vpc-${name}` },
      may: { Decrypt: name === 'intake' ? ['intake', ...admins] : admins, Encrypt: admins },
    }),
  ),
  ...(['data', 'ops'] as const).map(
    (key): Use => ({ key, by: 'ec2', about: 'a disk', says: { 'kms:GrantIsForAWSResource': 'true' }, may: disks }),
  ),
  { key: 'ops', by: 'ec2', about: 'an image', says: {}, may: { ReEncryptFrom: ['bastion', ...admins] } },
  ...['dynamodb', 'lambda'].map(
    (by): Use => ({ key: 'ops', by, about: 'what they make', says: { 'kms:GrantIsForAWSResource': 'true' }, may: { CreateGrant: admins } }),
  ),
]

/** Whose own policies let a service ask, whatever it is about: the key says about what. */
const ownPolicies: Readonly<Record<string, readonly Who[]>> = {
  'data s3 Decrypt': ['worker', 'key host', 'uploader', 'recipient', 'break-glass'],
  'data s3 GenerateDataKey': ['worker', 'uploader'],
  'ops s3 Decrypt': ['worker', 'bastion', 'key host', 'intake', 'auditor', 'image builder', 'workstation', 'recipient', 'break-glass'],
  'ops s3 GenerateDataKey': ['worker', 'bastion', 'key host', 'intake'],
  'ops s3 Encrypt': ['intake'],
  'ops sqs Decrypt': senders,
  'ops sqs GenerateDataKey': senders,
  'ops sns Decrypt': ['bastion'],
  'ops sns GenerateDataKey': ['bastion'],
  'ops dynamodb Decrypt': ['bastion', 'key host', 'intake', 'auditor'],
  'ops dynamodb GenerateDataKey': ['bastion', 'key host', 'intake'],
  'ops dynamodb Encrypt': ['intake'],
  'ops ssm Decrypt': ['intake'],
  'ops ssm Encrypt': ['intake'],
  'ops lambda Decrypt': ['intake'],
  'ops lambda Encrypt': ['intake'],
}

/** A thing of nobody's, for each way that a use says what it is about. */
const otherwise: Values = {
  'kms:EncryptionContext:aws:s3:arn': 'arn:aws:s3:::stranger/x',
  'kms:EncryptionContext:aws:sqs:arn': `arn:aws:sqs:${region}:${account}:other`,
  'kms:EncryptionContext:aws:sns:topicArn': `arn:aws:sns:${region}:${account}:other`,
  'kms:EncryptionContext:aws:dynamodb:tableName': 'other',
  'kms:EncryptionContext:PARAMETER_ARN': `arn:aws:ssm:${region}:${account}:parameter/other`,
  'kms:EncryptionContext:aws:lambda:FunctionArn': `arn:aws:lambda:${region}:${account}:function:other`,
  'kms:GrantIsForAWSResource': 'false',
}

function deniesOf(key: Key, action: string): Denies {
  if (key === 'ops') return {}
  if (action === 'Decrypt' || action === 'GenerateDataKey') return ofDataKey
  return action === 'CreateGrant' ? ofDataKeyAtAll : { ...ofDataKeyAtAll, 'auditor#DenyDataKey': ['auditor'] }
}

export const keyUses: readonly Row[] = uses.flatMap(({ key, by, about, says: all, may: uses }) =>
  Object.entries(uses).flatMap(([action, may]): Row[] => {
    // Whom a grant is for is said of grants alone.
    const says = action === 'CreateGrant' || by !== 'ec2' ? all : {}
    const row = (does: string, who: readonly Who[], through: string, said: Values, own: readonly Who[]): Row => ({
      ctl: 'ctl:I2 ctl:I6',
      does,
      parts: [{ action: `kms:${action}`, on: `key ${key}`, by: through, says: said }],
      may: who,
      denies: deniesOf(key, action),
      missing: { resource: own.filter((one) => !who.includes(one)) },
      among: inPerson,
    })
    const lets = ownPolicies[`${key} ${by} ${action}`] ?? []
    const does = `have ${by} use the ${key} key for ${about} (${action})`
    const others = Object.keys(says).filter(
      (name) => name in otherwise && (name !== 'kms:GrantIsForAWSResource' || action === 'CreateGrant'),
    )
    const anyThing: readonly Who[] = key === 'data' && action === 'Decrypt' ? ['break-glass'] : []
    return [
      row(does, may, by, says, lets),
      row(`${does}, but through another service`, [], 'glue', says, []),
      ...others.map((name) => row(`${does}, but for another thing`, anyThing, by, { ...says, [name]: otherwise[name] ?? '' }, lets)),
    ]
  }),
)
