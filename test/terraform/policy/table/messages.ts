/** Queues, topics, the ledger, parameters and logs. */
import type { Part, Row } from './ask.ts'
import { admins, everybody, insiders, type Who, withRole } from './people.ts'

const queue = (action: string, name: string, keyActions: readonly string[]): readonly Part[] => [
  { action: `sqs:${action}`, on: `queue ${name}` },
  ...keyActions.map(
    (one): Part => ({ action: `kms:${one}`, on: 'key ops', by: 'sqs', says: { 'kms:EncryptionContext:aws:sqs:arn': `@queue ${name}` } }),
  ),
]
const send = (name: string): readonly Part[] => queue('SendMessage', name, ['GenerateDataKey', 'Decrypt'])

export const queues: readonly Row[] = [
  { ctl: 'ctl:M1', does: 'ring the doorbell', parts: send('doorbell'), may: ['intake', 'worker', 'bastion'] },
  {
    ctl: 'ctl:M1',
    does: 'answer the doorbell',
    parts: queue('ReceiveMessage', 'doorbell', ['Decrypt']),
    may: ['bastion'],
    missing: { identity: ['worker', 'intake'] },
  },
  ...['DeleteMessage', 'ChangeMessageVisibility'].map(
    (action): Row => ({
      ctl: 'ctl:M1',
      does: action === 'DeleteMessage' ? 'take a message of the doorbell away' : 'put a message of the doorbell off',
      parts: queue(action, 'doorbell', []),
      may: ['bastion', ...admins],
    }),
  ),
  {
    ctl: 'ctl:M1',
    does: 'look at messages that nobody could deal with',
    parts: queue('ReceiveMessage', 'doorbell-dead', ['Decrypt']),
    may: ['bastion'],
    missing: { identity: ['worker', 'intake'] },
  },
  {
    ctl: 'ctl:M6',
    does: 'put an event aside that intake could not deal with',
    parts: send('intake-dead'),
    may: ['intake'],
    missing: { identity: ['worker', 'bastion'] },
  },
  ...['doorbell', 'doorbell-dead', 'intake-dead'].flatMap((name): Row[] => [
    {
      ctl: 'ctl:M1',
      does: `use the queue ${name} without TLS`,
      parts: [{ action: 'sqs:SendMessage', on: `queue ${name}`, says: { 'aws:SecureTransport': 'false' } }],
      may: [],
      denies: { [`queue ${name}#DenyPlainHttp`]: everybody },
    },
    {
      ctl: 'ctl:M1',
      does: `change the policy of the queue ${name}`,
      parts: [{ action: 'sqs:SetQueueAttributes', on: `queue ${name}` }],
      may: admins,
    },
  ]),
]

const publish = (name: string, says: Part['says'] = {}): readonly Part[] => [
  { action: 'sns:Publish', on: `topic ${name}`, says },
  ...['GenerateDataKey', 'Decrypt'].map(
    (one): Part => ({
      action: `kms:${one}`,
      on: 'key ops',
      by: 'sns',
      says: { 'kms:EncryptionContext:aws:sns:topicArn': `@topic ${name}` },
    }),
  ),
]

const mail = { 'sns:Protocol': 'email', 'sns:Endpoint': 'office@example.org' }

export const topics: readonly Row[] = [
  { ctl: 'ctl:M4', does: 'send a notice', parts: publish('notices'), may: ['bastion'] },
  { ctl: 'ctl:M4', does: 'raise an alarm', parts: publish('alarms'), may: [] },
  ...['notices', 'alarms', 'trail'].flatMap((name) =>
    ['sns:Publish', 'sns:Subscribe'].map(
      (action): Row => ({
        ctl: 'ctl:M4',
        does: `${action === 'sns:Publish' ? 'publish' : 'subscribe'} to the topic ${name} without TLS`,
        parts: [{ action, on: `topic ${name}`, says: { 'aws:SecureTransport': 'false', ...(action === 'sns:Subscribe' ? mail : {}) } }],
        may: [],
        denies: { [`topic ${name}#DenyPlainHttp`]: everybody },
      }),
    ),
  ),
  ...['notices', 'alarms'].flatMap((name): Row[] => [
    {
      ctl: 'ctl:M4',
      does: `have the topic ${name} send to something else than an address of mail`,
      parts: [{ action: 'sns:Subscribe', on: `topic ${name}`, says: { 'sns:Protocol': 'https', 'sns:Endpoint': 'https://example.org/' } }],
      may: [],
      denies: { [`topic ${name}#DenySubscribersButMail`]: everybody },
    },
    {
      ctl: 'ctl:M4',
      does: `have the topic ${name} send mail to somebody`,
      parts: [{ action: 'sns:Subscribe', on: `topic ${name}`, says: mail }],
      may: admins,
    },
  ]),
]

const ledger = (action: string, ...partitions: readonly string[]): readonly Part[] => [
  {
    action: `dynamodb:${action}`,
    on: 'table ledger',
    ...(partitions.length === 0 ? {} : { says: { 'dynamodb:LeadingKeys': partitions } }),
  },
  { action: 'kms:Decrypt', on: 'key ops', by: 'dynamodb', says: { 'kms:EncryptionContext:aws:dynamodb:tableName': 'hipaa_vpc-ledger' } },
]
const reads = ['GetItem', 'Query']
const writes = ['PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem']
const denyReleases = { 'bastion-limits#DenyReleaseRows': withRole('bastion'), 'intake#DenyReleaseRows': ['intake'] satisfies Who[] }
/** Those whom the key lets read the table: their own policies say what of it. */
const keyLets = { identity: ['key host', 'auditor', 'bastion', 'intake'] as const }
const rows = (does: string, action: string, partition: string, may: readonly Who[], denies: Row['denies'] = {}): Row => ({
  ctl: 'ctl:I1',
  does: `${does} (${action})`,
  parts: ledger(action, partition),
  may: [...may, ...admins],
  denies,
  missing: keyLets,
})
/** The chain is added to, and nothing is taken back. */
const takeBack = ['UpdateItem', 'DeleteItem']
const denyTakeBack = {
  'bastion-hosts#DenyTakeBackAudit': withRole('bastion'),
  'intake#DenyTakeBackAudit': ['intake'] satisfies Who[],
  'key-host#DenyTakeBackAudit': withRole('key host'),
}

export const table: readonly Row[] = [
  ...[...reads, ...writes].flatMap((action): Row[] => [
    rows(
      reads.includes(action) ? 'read rows of runs, samples and leases' : 'write rows of runs, samples and leases',
      action,
      'run#1',
      action === 'DeleteItem' ? ['bastion'] : ['bastion', 'intake'],
    ),
    rows(
      reads.includes(action) ? 'read rows of key releases' : 'write rows of key releases',
      action,
      'release#1',
      ['key host'],
      denyReleases,
    ),
    takeBack.includes(action)
      ? rows('change the audit chain', action, 'audit#1', [], denyTakeBack)
      : rows(reads.includes(action) ? 'read the audit chain' : 'add to the audit chain', action, 'audit#1', [
          'bastion',
          'intake',
          'key host',
          ...(reads.includes(action) ? (['auditor'] as const) : []),
        ]),
  ]),
  {
    ctl: 'ctl:I1',
    does: 'write rows of runs and of a key release in one go',
    parts: ledger('PutItem', 'run#1', 'release#1'),
    may: admins,
    denies: denyReleases,
    missing: keyLets,
  },
  {
    ctl: 'ctl:I1',
    does: 'read rows without saying which',
    parts: ledger('GetItem'),
    may: ['bastion', 'intake', ...admins],
    missing: keyLets,
    note: 'AWS always says which. A condition on all of none would hold.',
  },
  { ctl: 'ctl:I1', does: 'read the whole ledger', parts: ledger('Scan'), may: admins, missing: keyLets },
  {
    ctl: 'ctl:I1',
    does: 'delete the ledger',
    parts: ledger('DeleteTable'),
    may: admins,
    missing: { ...keyLets, endpoint: insiders },
    note: 'Deletion protection stands in the way until it is lifted.',
  },
]
