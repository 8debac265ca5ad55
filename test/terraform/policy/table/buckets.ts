/** The other buckets: what tools pass on, releases, logs, records, state. And what holds for every bucket. */
import type { Values } from '../context.ts'
import { type Denies, get, job, list, on, put, type Row } from './ask.ts'
import { admins, but, everybody, insiders, strangers, type Who, withRole } from './people.ts'

const relay = `relay/${job}/1/request.json`
const release = 'release/2026-11-27/worker.mjs'
const head = 'heads/bastion/0000000412.json'
const record = 'AWSLogs/123456789012/CloudTrail/us-west-2/2026/11/27/1.json.gz'
const hosts: readonly Who[] = ['worker', 'key host', 'bastion', 'image builder', 'workstation']

const roles = everybody.filter((who) => ![...admins, ...strangers].includes(who))
const outsiders = (bucket: string): Denies => ({ [`bucket ${bucket}#DenyOtherAccounts`]: strangers })
/** Roles that read no object, whatever bucket it is in. */
const readNothing: Denies = { 'intake#DenyReadOfObjects': ['intake'], 'sweeper#DenyReadOfObjects': withRole('sweeper') }
const notOfBastion: Denies = { 'bastion-limits#DenyReadExceptManifestsAndRelay': withRole('bastion') }
const notOfAuditor: Denies = { 'auditor#DenyPhi': ['auditor'] }

export const ancillary: readonly Row[] = [
  {
    ctl: 'ctl:S5',
    does: 'put a relay object',
    parts: put('ancillary', relay, 'ops', { 's3:if-none-match': undefined }),
    may: ['worker', 'bastion'],
    denies: { ...outsiders('ancillary'), 'bucket ancillary#DenyRelayExceptBastionAndWorker': but(...withRole('worker', 'bastion')) },
  },
  {
    ctl: 'ctl:S5',
    does: 'read a relay object',
    parts: get('ancillary', relay, 'ops'),
    may: ['worker', 'bastion', 'break-glass'],
    denies: {
      ...outsiders('ancillary'),
      ...readNothing,
      ...notOfAuditor,
      'bucket ancillary#DenyReadOfRelayExceptWhoTalk': but(...withRole('worker', 'bastion'), 'break-glass'),
    },
  },
  {
    ctl: 'ctl:S5',
    does: 'list relay objects',
    parts: list('ancillary', `relay/${job}/`),
    may: ['worker', 'bastion', 'sweeper', 'break-glass', ...admins],
    denies: outsiders('ancillary'),
  },
  {
    ctl: 'ctl:S5',
    does: 'list all of the bucket of relay objects',
    parts: list('ancillary', ''),
    may: ['break-glass', ...admins],
    denies: outsiders('ancillary'),
  },
  ...['s3:DeleteObject', 's3:DeleteObjectVersion'].map(
    (action): Row => ({
      ctl: 'ctl:S5',
      does: action === 's3:DeleteObject' ? 'delete a relay object' : 'delete a version of a relay object',
      parts: on(action, 'ancillary', relay),
      may: ['sweeper'],
      denies: { ...outsiders('ancillary'), 'bucket ancillary#DenyDeleteOfRelayExceptSweeper': but(...withRole('sweeper')) },
    }),
  ),
  {
    ctl: 'ctl:S5',
    does: 'read a release',
    parts: get('ancillary', release, 'ops'),
    may: [...hosts, ...admins, 'break-glass'],
    denies: { ...outsiders('ancillary'), ...readNothing, ...notOfAuditor },
  },
  {
    ctl: 'ctl:S5',
    does: 'put a release',
    parts: put('ancillary', release, 'ops'),
    may: admins,
    denies: { ...outsiders('ancillary'), 'bucket ancillary#DenyReleaseByRoles': roles },
  },
  {
    ctl: 'ctl:S6',
    does: 'put something else beside relay objects and releases',
    parts: put('ancillary', 'elsewhere/jane-doe.csv', 'ops'),
    may: [],
    denies: { ...outsiders('ancillary'), 'bucket ancillary#DenyNameNotForeseen': everybody },
  },
  {
    ctl: 'ctl:S3',
    does: 'put a relay object that is not under the ops key',
    parts: put('ancillary', relay, 'data'),
    may: [],
    denies: { 'bucket ancillary#DenyWrongKey': ['worker'] },
    among: ['worker'],
  },
  {
    ctl: 'ctl:S3',
    does: 'put a relay object without saying how it is encrypted',
    parts: put('ancillary', relay, 'ops', {
      's3:x-amz-server-side-encryption': undefined,
      's3:x-amz-server-side-encryption-aws-kms-key-id': undefined,
    }),
    may: [],
    denies: { 'bucket ancillary#DenyNotKms': ['worker', 'bastion'], 'bucket ancillary#DenyWrongKey': ['worker', 'bastion'] },
    among: ['worker', 'bastion'],
  },
]

const readRecord = (bucket: string): Denies => ({
  ...outsiders(bucket),
  ...readNothing,
  ...notOfBastion,
  [`bucket ${bucket}#DenyReadExceptAuditor`]: but('auditor', 'break-glass'),
})
const noDelete = (bucket: string, what: string, key: string): Row => ({
  ctl: 'ctl:S10',
  does: `delete a version of ${what}`,
  parts: on('s3:DeleteObjectVersion', bucket, key),
  may: [],
  denies: { ...outsiders(bucket), [`bucket ${bucket}#DenyDelete`]: everybody },
})

export const records: readonly Row[] = [
  {
    ctl: 'ctl:S10',
    does: 'put a head of the audit chain',
    parts: put('audit', head, 'ops'),
    may: ['bastion', 'intake', 'key host'],
    denies: { ...outsiders('audit'), 'bucket audit#DenyHeadsExceptByWritersOfTheChain': but(...withRole('bastion', 'key host'), 'intake') },
  },
  {
    ctl: 'ctl:S10',
    does: 'put something under a name that is not foreseen among the records',
    parts: put('audit', 'elsewhere.json', 'ops'),
    may: [],
    denies: { ...outsiders('audit'), 'bucket audit#DenyNameNotForeseen': everybody },
  },
  {
    ctl: 'ctl:S10',
    does: 'put something among the files of the trail',
    parts: put('audit', record, 'ops'),
    may: [],
    denies: outsiders('audit'),
    missing: { identity: ['key host', 'bastion', 'intake'] },
    note: 'What keeps administrators out is the key. They can let themselves in, which is seen.',
  },
  {
    ctl: 'ctl:S3',
    does: 'put a head of the audit chain under another key',
    parts: put('audit', head, 'data'),
    may: [],
    denies: { 'bucket audit#DenyOtherKey': ['key host'] },
    among: ['key host'],
  },
  {
    ctl: 'ctl:S3',
    does: "put a head of the audit chain under S3's own encryption",
    parts: put('audit', head, 'ops', {
      's3:x-amz-server-side-encryption': 'AES256',
      's3:x-amz-server-side-encryption-aws-kms-key-id': undefined,
    }),
    may: [],
    denies: { 'bucket audit#DenyOtherEncryption': ['key host'] },
    among: ['key host'],
  },
  {
    ctl: 'ctl:S10',
    does: 'read a file of the trail',
    parts: get('audit', record, 'ops'),
    may: ['auditor', 'break-glass'],
    denies: readRecord('audit'),
  },
  {
    ctl: 'ctl:S10',
    does: 'list the records',
    parts: list('audit', 'AWSLogs/'),
    may: ['auditor', 'break-glass', ...admins],
    denies: outsiders('audit'),
  },
  {
    ctl: 'ctl:S10',
    does: 'look at what the bucket of records is set to',
    parts: [{ action: 's3:GetBucketObjectLockConfiguration', on: 'bucket audit' }],
    may: ['auditor', ...admins],
    missing: { endpoint: insiders },
    denies: outsiders('audit'),
  },
  noDelete('audit', 'a record', head),
  ...['s3:BypassGovernanceRetention', 's3:PutObjectRetention'].map(
    (action): Row => ({
      ctl: 'ctl:S10',
      does: action === 's3:PutObjectRetention' ? 'change how long a record is locked' : 'bypass the lock of a record',
      parts: on(action, 'audit', head),
      may: [],
      denies: { ...outsiders('audit'), 'bucket audit#DenyDelete': everybody },
    }),
  ),
  {
    ctl: 'ctl:S11',
    does: 'read an access log',
    parts: on('s3:GetObject', 'access-logs', 'input/2026.log'),
    may: ['auditor', 'break-glass'],
    denies: readRecord('access-logs'),
  },
  {
    ctl: 'ctl:S11',
    does: 'write an access log',
    parts: on('s3:PutObject', 'access-logs', 'input/2026.log'),
    may: admins,
    denies: { ...outsiders('access-logs'), 'bucket access-logs#DenyWriteByRoles': roles },
  },
  noDelete('access-logs', 'an access log', 'input/2026.log'),
  {
    ctl: 'ctl:S11',
    does: 'read what Config wrote of the account',
    parts: get('config', 'AWSLogs/1.json', 'ops'),
    may: ['auditor', 'break-glass'],
    denies: readRecord('config'),
  },
  noDelete('config', 'what Config wrote', 'AWSLogs/1.json'),
  ...['access-logs', 'config'].map(
    (bucket): Row => ({
      ctl: 'ctl:S11',
      does: `list the bucket ${bucket}`,
      parts: list(bucket, ''),
      may: ['auditor', 'break-glass', ...admins],
      denies: outsiders(bucket),
      missing: { endpoint: insiders },
    }),
  ),
  {
    ctl: 'ctl:S3',
    does: 'put something under the right key where Config writes',
    parts: put('config', 'AWSLogs/1.json', 'ops').slice(0, 1),
    may: admins,
    among: admins,
  },
  {
    ctl: 'ctl:S3',
    does: 'put something under another key where Config writes',
    parts: put('config', 'AWSLogs/1.json', 'data'),
    may: [],
    denies: { 'bucket config#DenyOtherKey': ['administrator'] },
    among: ['administrator'],
  },
  {
    ctl: 'ctl:S3',
    does: "put something under S3's own encryption where Config writes",
    parts: on('s3:PutObject', 'config', 'AWSLogs/1.json').map((part) => ({
      ...part,
      says: { 's3:x-amz-server-side-encryption': 'AES256' },
    })),
    may: [],
    denies: { 'bucket config#DenyOtherEncryption': ['administrator'] },
    among: ['administrator'],
  },
  {
    ctl: 'ctl:S12',
    does: "read Terraform's state",
    parts: get('state', 'foundation.tfstate', 'ops'),
    may: [...admins, 'break-glass'],
    denies: {
      ...outsiders('state'),
      ...readNothing,
      ...notOfBastion,
      ...notOfAuditor,
      'bucket state#DenyReadByRoles': roles.filter((who) => who !== 'break-glass'),
    },
  },
  {
    ctl: 'ctl:S12',
    does: "write Terraform's state",
    parts: put('state', 'foundation.tfstate', 'ops', { 's3:if-none-match': undefined }),
    may: admins,
    denies: { ...outsiders('state'), 'bucket state#DenyWriteByRoles': roles },
  },
  {
    ctl: 'ctl:S12',
    does: "delete Terraform's state",
    parts: on('s3:DeleteObjectVersion', 'state', 'foundation.tfstate'),
    may: admins,
    denies: { ...outsiders('state'), 'bucket state#DenyWriteByRoles': roles },
  },
  {
    ctl: 'ctl:S12',
    does: "list Terraform's states",
    parts: list('state', ''),
    may: [...admins, 'break-glass'],
    denies: { ...outsiders('state'), 'bucket state#DenyReadByRoles': roles.filter((who) => who !== 'break-glass') },
  },
  {
    ctl: 'ctl:S3',
    does: "write Terraform's state without saying how it is encrypted",
    parts: put('state', 'foundation.tfstate', 'ops', {
      's3:if-none-match': undefined,
      's3:x-amz-server-side-encryption': undefined,
      's3:x-amz-server-side-encryption-aws-kms-key-id': undefined,
    }),
    may: admins,
    among: admins,
    note: 'The bucket has its key as default.',
  },
  {
    ctl: 'ctl:S3',
    does: "write Terraform's state under another key",
    parts: put('state', 'foundation.tfstate', 'data'),
    may: [],
    denies: { 'bucket state#DenyOtherKey': admins },
    among: admins,
  },
  {
    ctl: 'ctl:S3',
    does: "write Terraform's state under S3's own encryption",
    parts: put('state', 'foundation.tfstate', 'ops', {
      's3:x-amz-server-side-encryption': 'AES256',
      's3:x-amz-server-side-encryption-aws-kms-key-id': undefined,
    }),
    may: [],
    denies: { 'bucket state#DenyOtherEncryption': admins },
    among: admins,
  },
]

const buckets = ['state', 'input', 'output', 'ancillary', 'audit', 'access-logs', 'config']

export const everyBucket: readonly Row[] = buckets.flatMap((bucket): Row[] => [
  {
    ctl: 'ctl:S2',
    does: `ask the bucket ${bucket} something without TLS`,
    parts: [{ action: 's3:GetBucketLocation', on: `bucket ${bucket}`, says: { 'aws:SecureTransport': 'false' } }],
    may: [],
    denies: { ...outsiders(bucket), [`bucket ${bucket}#DenyPlainHttp`]: everybody },
  },
  {
    ctl: 'ctl:S2',
    does: `ask the bucket ${bucket} something over TLS 1.1`,
    parts: [{ action: 's3:GetBucketLocation', on: `bucket ${bucket}`, says: { 's3:TlsVersion': '1.1' } }],
    may: [],
    denies: { [`bucket ${bucket}#DenyOldTls`]: ['uploader', 'administrator'] },
    among: ['uploader', 'administrator'],
  },
  ...[
    ['without TLS', { 'aws:SecureTransport': 'false' }, 'DenyPlainHttp'],
    ['over TLS 1.1', { 's3:TlsVersion': '1.1' }, 'DenyOldTls'],
  ].map(
    ([how, says, sid]): Row => ({
      ctl: 'ctl:S2',
      does: `tag an object in the bucket ${bucket} ${how}`,
      parts: [{ action: 's3:PutObjectTagging', on: `bucket ${bucket}/x`, says: says as Values }],
      may: [],
      denies: { [`bucket ${bucket}#${sid}`]: admins },
      among: admins,
    }),
  ),
  {
    ctl: 'residual',
    does: `change the policy of the bucket ${bucket}`,
    parts: [{ action: 's3:PutBucketPolicy', on: `bucket ${bucket}` }],
    may: admins,
    missing: { endpoint: insiders },
    denies: outsiders(bucket),
    note: 'An administrator can undo a control. It is seen, not prevented.',
  },
])
