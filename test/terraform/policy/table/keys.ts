/** The three keys, asked directly and by services in somebody's name. */
import type { Part, Row } from './ask.ts'
import { ofDataKey } from './bars.ts'
import { admins, but, everybody, inPerson, type Who, withRole } from './people.ts'

type Key = 'data' | 'ops' | 'ticket'
const use = (action: string, name: Key, more: Partial<Part> = {}): readonly Part[] => [
  { action: `kms:${action}`, on: `key ${name}`, ...more },
]
const grant = { 'kms:GrantIsForAWSResource': 'true' }
const ofLedger = { 'kms:EncryptionContext:aws:dynamodb:tableName': 'hipaa_vpc-ledger' }
const ofIntake = { 'kms:EncryptionContext:aws:lambda:FunctionArn': '@function intake' }
const launchers: readonly Who[] = ['bastion', ...admins]
const nobodyAt = { resource: everybody }

/** Rows of which no service is told which object it is about; nobody gets a key so. */
const directly = (does: string, parts: readonly Part[], denies: Row['denies'] = {}): Row => ({
  ctl: 'ctl:I2 ctl:I6',
  does,
  parts,
  may: [],
  denies,
  missing: nobodyAt,
})

export const keys: readonly Row[] = [
  directly('decrypt with the data key themselves', use('Decrypt', 'data'), ofDataKey),
  directly('have a data key made for themselves under the data key', use('GenerateDataKey', 'data'), ofDataKey),
  directly('encrypt with the data key themselves', use('Encrypt', 'data'), ofDataKey),
  directly('decrypt with the ops key themselves', use('Decrypt', 'ops')),
  directly('encrypt with the ops key themselves', use('Encrypt', 'ops')),
  {
    ...directly(
      'have S3 decrypt an object of another bucket with the data key',
      use('Decrypt', 'data', { by: 's3', says: { 'kms:EncryptionContext:aws:s3:arn': '@bucket ancillary/relay/x' } }),
      ofDataKey,
    ),
    may: ['break-glass'],
  },
  {
    ...directly(
      'have S3 decrypt a sample with the data key, for an upload in parts',
      use('Decrypt', 'data', { by: 's3', says: { 'kms:EncryptionContext:aws:s3:arn': '@bucket input/incoming/x' } }),
      ofDataKey,
    ),
    may: ['uploader', ...withRole('worker', 'key host'), 'break-glass'],
    note: 'S3 asks so on behalf of whoever it has let in. Whom it lets in is said under Samples.',
  },
  {
    ...directly(
      'have DynamoDB use the data key',
      use('Decrypt', 'data', { by: 'dynamodb', says: { 'kms:EncryptionContext:aws:dynamodb:tableName': 'hipaa_vpc-ledger' } }),
      ofDataKey,
    ),
  },
  {
    ctl: 'ctl:I2',
    does: 'let EC2 use the data key for a disk of a host they start',
    parts: use('CreateGrant', 'data', { by: 'ec2', says: grant }),
    may: ['bastion', ...admins],
    denies: {
      'intake#DenyDataKey': ['intake'],
      'image-builder#DenyDataKey': ['image builder'],
      'workstation#DenyDataKey': ['workstation'],
    },
    missing: nobodyAt,
    among: inPerson,
  },
  {
    ctl: 'ctl:I2',
    does: 'grant the use of the data key to somebody',
    parts: use('CreateGrant', 'data', { says: { 'kms:GrantIsForAWSResource': 'false' } }),
    may: [],
    denies: {
      'intake#DenyDataKey': ['intake'],
      'image-builder#DenyDataKey': ['image builder'],
      'workstation#DenyDataKey': ['workstation'],
    },
    missing: nobodyAt,
  },
  {
    ...directly('have EC2 hand out what is under the data key', use('Decrypt', 'data', { by: 'ec2' }), ofDataKey),
    among: inPerson,
  },
  ...(
    [
      ['CreateGrant', 'let EC2 use the ops key for a disk of a host they start', 'ec2', grant, launchers],
      ['GenerateDataKeyWithoutPlaintext', 'have a key made under the ops key that EC2 alone can open', 'ec2', {}, launchers],
      ['CreateGrant', 'let DynamoDB use the ops key for a table they make', 'dynamodb', grant, admins],
      ['GenerateDataKey', 'have DynamoDB make keys for the ledger', 'dynamodb', ofLedger, admins],
      ['CreateGrant', 'let Lambda use the ops key for a function they make', 'lambda', grant, admins],
      ['Encrypt', 'have Lambda encrypt what is told to intake', 'lambda', ofIntake, admins],
      ['Decrypt', 'have Lambda show what is told to intake', 'lambda', ofIntake, [...admins, 'intake']],
    ] as const
  ).map(
    ([action, does, by, says, may]): Row => ({
      ctl: 'ctl:I6',
      does,
      parts: use(action, 'ops', { by, says }),
      may,
      missing: nobodyAt,
      among: inPerson,
    }),
  ),
  ...(['data', 'ops', 'ticket'] as const).flatMap((name): Row[] => [
    {
      ctl: 'residual',
      does: `change the policy of the ${name} key`,
      parts: use('PutKeyPolicy', name),
      may: admins,
      denies:
        name === 'data'
          ? { 'intake#DenyDataKey': ['intake'], 'image-builder#DenyDataKey': ['image builder'], 'workstation#DenyDataKey': ['workstation'] }
          : {},
      note: 'An administrator can undo a control. It is seen, not prevented.',
    },
    {
      ctl: 'ctl:I6',
      does: `have the ${name} key deleted in 30 days`,
      parts: use('ScheduleKeyDeletion', name),
      may: admins,
      denies:
        name === 'data'
          ? { 'intake#DenyDataKey': ['intake'], 'image-builder#DenyDataKey': ['image builder'], 'workstation#DenyDataKey': ['workstation'] }
          : {},
    },
  ]),
  {
    ctl: 'ctl:I3 ctl:I6',
    does: 'sign a ticket',
    parts: use('Sign', 'ticket', { says: { 'kms:SigningAlgorithm': 'ECDSA_SHA_256', 'kms:MessageType': 'DIGEST' } }),
    may: ['intake'],
    denies: { 'key ticket#DenySignExceptIntake': but('intake'), 'bastion-limits#DenySign': withRole('bastion') },
  },
  {
    ctl: 'ctl:I3',
    does: 'sign a ticket by another algorithm',
    parts: use('Sign', 'ticket', { says: { 'kms:SigningAlgorithm': 'ECDSA_SHA_384', 'kms:MessageType': 'DIGEST' } }),
    may: [],
    missing: nobodyAt,
    among: ['intake'],
  },
  ...['GetPublicKey', 'Verify'].map(
    (action): Row => ({
      ctl: 'ctl:I3',
      does: action === 'Verify' ? 'have KMS check a ticket' : 'fetch the public half of the ticket key',
      parts: use(action, 'ticket'),
      may: ['intake', 'bastion', 'key host', 'worker', 'auditor'],
      missing: { resource: admins },
    }),
  ),
]
