/** The bucket of samples: what data owners put there, under names that say nothing, and who may read it. */
import { type Denies, get, list, on, put, type Row, run, sample } from './ask.ts'
import { ofDataKey, ofReading } from './bars.ts'
import { admins, but, everybody, strangers, type Who, withRole } from './people.ts'

const key = `incoming/${run}/${sample}.pgp`
const writers: readonly Who[] = ['uploader', ...admins]
const readers: readonly Who[] = ['worker', 'key host', 'break-glass']

const denyRead: Denies = {
  ...ofDataKey,
  ...ofReading,
  'bucket input#DenyReadExceptWorkerAndKeyHost': but(...withRole('worker', 'key host'), 'break-glass'),
  'bucket input#DenyReadOutsideOurEndpoint': but(...readers, 'bastion', "thief of a worker's credentials on the bastion"),
  'bucket input#DenyOtherAccounts': strangers,
}
const denyDelete: Denies = {
  'bucket input#DenyDeleteExceptSweeperAndIntake': but(...withRole('sweeper'), 'intake'),
  'bucket input#DenyOtherAccounts': strangers,
}

/** A put by those who might, of which one thing is wrong. */
const wrongly = (ctl: string, does: string, parts: Row['parts'], ...sids: readonly string[]): Row => ({
  ctl,
  does,
  parts,
  may: [],
  denies: Object.fromEntries(sids.map((sid) => [`bucket input#${sid}`, writers])),
  among: writers,
})

const strangeNames: readonly (readonly [string, string])[] = [
  ['incoming/jane-doe.pgp', 'a sample under a name of their own'],
  [`incoming/${run}/jane-doe.pgp`, 'a sample whose own name is no id'],
  [`incoming/jane-doe/${sample}.pgp`, 'a sample of a run whose name is no id'],
  [`incoming/${run}/${sample}.csv`, 'a file of another kind'],
  [`incoming/${run}/${sample}.pgp.txt`, 'a file whose name goes on after .pgp'],
  [`incoming/${run}/jane-doe.seal`, 'a seal that says more than a count'],
  [`incoming/${run}/1234567.seal`, 'a seal of a run of more than a million'],
  [`outgoing/${run}/${sample}.pgp`, 'a sample elsewhere'],
  [`${run}/${sample}.pgp`, 'a sample at the top'],
]

export const input: readonly Row[] = [
  {
    ctl: 'ctl:S3 ctl:S4 ctl:S6 ctl:S7',
    does: 'put a sample under a name that says nothing, encrypted, over nothing',
    parts: put('input', key, 'data'),
    may: ['uploader'],
    denies: { ...ofDataKey, 'bucket input#DenyOtherAccounts': strangers },
  },
  ...['1', '12', '123', '1234', '12345', '123456'].map(
    (count): Row => ({
      ctl: 'ctl:S6',
      does: `put the seal of a run of ${count}`,
      parts: put('input', `incoming/${run}/${count}.seal`, 'data'),
      may: ['uploader'],
      among: writers,
    }),
  ),
  ...strangeNames.map(([name, what]) => wrongly('ctl:S6', `put ${what}`, put('input', name, 'data'), 'DenyNameNotOpaque')),
  wrongly(
    'ctl:S3',
    'put a sample without saying how it is encrypted',
    put('input', key, 'data', {
      's3:x-amz-server-side-encryption': undefined,
      's3:x-amz-server-side-encryption-aws-kms-key-id': undefined,
    }),
    'DenyNotKms',
    'DenyWrongKey',
  ),
  wrongly(
    'ctl:S3',
    "put a sample under S3's own encryption, naming our key",
    put('input', key, 'data', { 's3:x-amz-server-side-encryption': 'AES256' }),
    'DenyNotKms',
  ),
  wrongly(
    'ctl:S3',
    "put a sample under the account's default key",
    put('input', key, 'data', { 's3:x-amz-server-side-encryption-aws-kms-key-id': undefined }),
    'DenyWrongKey',
  ),
  wrongly('ctl:S3', 'put a sample under another key of ours', put('input', key, 'ops'), 'DenyWrongKey'),
  wrongly('ctl:S7', 'put a sample over what may be there', put('input', key, 'data', { 's3:if-none-match': undefined }), 'DenyOverwrite'),
  {
    ctl: 'ctl:S4 ctl:S7',
    does: 'begin a sample in parts',
    parts: [
      ...put('input', key, 'data', { 's3:if-none-match': undefined, 's3:ObjectCreationOperation': 'false' }),
      { action: 'kms:Decrypt', on: 'key data', by: 's3', says: { 'kms:EncryptionContext:aws:s3:arn': `@bucket input/${key}` } },
    ],
    may: ['uploader'],
    among: writers,
    note: 'AWS does not document whether S3 shows the encryption of the whole to the policy when a later part, or the end, comes.',
  },
  { ctl: 'ctl:S5 ctl:I2', does: 'read a sample', parts: get('input', key, 'data'), may: readers, denies: denyRead },
  {
    ctl: 'ctl:S5 ctl:M6',
    does: 'read one version of a sample',
    parts: get('input', key, 'data', 's3:GetObjectVersion'),
    may: readers,
    denies: denyRead,
  },
  {
    ctl: 'ctl:S5',
    does: 'list the names of samples',
    parts: list('input', 'incoming/'),
    may: ['sweeper', 'break-glass', ...admins],
    denies: {
      'bucket input#DenyListToOtherRoles': everybody.filter(
        (who) => ![...withRole('sweeper'), 'break-glass', ...admins, ...strangers].includes(who),
      ),
      'bucket input#DenyOtherAccounts': strangers,
    },
    note: 'Terraform asks so whether the bucket is there. The names are ids.',
  },
  {
    ctl: 'ctl:S4',
    does: 'list uploads of samples that are under way',
    parts: [{ action: 's3:ListBucketMultipartUploads', on: 'bucket input' }],
    may: [],
    denies: {
      'bucket input#DenyListVersionsExceptIntakeAndSweeper': but('intake', ...withRole('sweeper'), 'break-glass'),
      'bucket input#DenyOtherAccounts': strangers,
    },
  },
  {
    ctl: 'ctl:S4',
    does: 'list names and versions of samples',
    parts: list('input', 'incoming/', 's3:ListBucketVersions'),
    may: ['intake', 'sweeper', 'break-glass'],
    denies: {
      'bucket input#DenyListVersionsExceptIntakeAndSweeper': but('intake', ...withRole('sweeper'), 'break-glass'),
      'bucket input#DenyOtherAccounts': strangers,
    },
  },
  {
    ctl: 'ctl:S4',
    does: 'list what is not among the samples',
    parts: list('input', '', 's3:ListBucketVersions'),
    may: ['break-glass'],
    among: ['intake', 'sweeper', 'break-glass'],
  },
  ...['s3:DeleteObject', 's3:DeleteObjectVersion'].map(
    (action): Row => ({
      ctl: 'ctl:S4',
      does: action === 's3:DeleteObject' ? 'delete a sample' : 'delete a version of a sample',
      parts: on(action, 'input', key),
      may: ['sweeper', 'intake'],
      denies: denyDelete,
    }),
  ),
  {
    ctl: 'ctl:M7',
    does: 'delete what came under a name that intake refuses',
    parts: on('s3:DeleteObjectVersion', 'input', `incoming/${run}/JANE-DOE-1961-04-05-0000-000000000000.pgp`),
    may: ['sweeper', 'intake'],
    among: ['sweeper', 'intake', 'bastion', 'uploader'],
    denies: { 'bucket input#DenyDeleteExceptSweeperAndIntake': ['bastion', 'uploader'] },
    note: 'A policy can count letters, not tell digits from names: so intake may delete any sample. It can read none.',
  },
]
