/** The bucket of results: a worker writes under an attempt, the data owner reads, tools see manifests alone. */
import { type Denies, get, list, on, put, type Row, run, sample } from './ask.ts'
import { ofDataKey, ofReading } from './bars.ts'
import { admins, but, everybody, strangers, type Who, withRole } from './people.ts'

const unit = `runs/${run}/samples/${sample}`
const table = `runs/${run}/table`
const result = `${unit}/attempt-1/1.pgp`
const manifest = `${unit}/result.json`
const report = `runs/${run}/report.json`

const readers: readonly Who[] = ['worker', 'key host', 'recipient', 'break-glass']
const outside = but(...readers, 'bastion', "thief of a worker's credentials on the bastion")
const fromElsewhere = { 'bucket output#DenyOtherAccounts': strangers, 'bucket output#DenyReadOutsideOurEndpoint': outside }

const readResult: Denies = {
  ...ofDataKey,
  ...ofReading,
  ...fromElsewhere,
  'bucket output#DenyReadExceptWorkerKeyHostAndRecipient': but(...withRole('worker', 'key host'), 'recipient', 'break-glass'),
}
const readManifest: Denies = {
  ...fromElsewhere,
  'bucket output#DenyReadOfManifestsExceptWhoMust': but(...withRole('worker', 'key host', 'bastion'), 'recipient', 'break-glass'),
  'intake#DenyReadOfObjects': ['intake'],
  'sweeper#DenyReadOfObjects': withRole('sweeper'),
  'auditor#DenyPhi': ['auditor'],
}

const writers: readonly Who[] = ['worker', 'bastion', ...admins]
const wrongly = (ctl: string, does: string, parts: Row['parts'], ...sids: readonly string[]): Row => ({
  ctl,
  does,
  parts,
  may: [],
  denies: {
    ...(parts.some((part) => part.on === 'key data') ? ofDataKey : {}),
    ...Object.fromEntries(sids.map((sid) => [`bucket output#${sid}`, writers])),
  },
  among: writers,
})
const puts = (does: string, key: string, under: 'data' | 'ops', may: readonly Who[], keyOnly: readonly Who[] = []): Row => ({
  ctl: 'ctl:S5',
  does,
  parts: put('output', key, under),
  may,
  denies: { ...(under === 'data' ? ofDataKey : {}), 'bucket output#DenyOtherAccounts': strangers },
  missing: { identity: keyOnly },
})

export const output: readonly Row[] = [
  puts('put a result under an attempt', result, 'data', ['worker']),
  puts("put the table of a run's results under an attempt", `${table}/attempt-2/1.pgp`, 'data', ['worker']),
  puts('publish the manifest of a result', manifest, 'ops', ['worker'], ['bastion']),
  puts('publish the manifest of a table', `${table}/result.json`, 'ops', ['worker'], ['bastion']),
  puts('put the report of a run', report, 'ops', ['bastion'], ['worker']),
  wrongly('ctl:S6', 'put something beside an attempt', put('output', `${unit}/1.pgp`, 'data'), 'DenyNameNotOpaque'),
  wrongly(
    'ctl:S6',
    'put a result of a run whose name is no id',
    put('output', result.replace(run, 'jane-doe'), 'data'),
    'DenyNameNotOpaque',
  ),
  wrongly('ctl:S6', 'put something outside runs/', put('output', 'elsewhere/1.pgp', 'data'), 'DenyNameNotOpaque'),
  wrongly('ctl:S3', 'put a result under the key of tools', put('output', result, 'ops'), 'DenyWrongKeyForResults'),
  wrongly('ctl:S3', 'put a manifest under the key of protected data', put('output', manifest, 'data'), 'DenyWrongKeyForManifests'),
  wrongly(
    'ctl:S3',
    'put a result without saying how it is encrypted',
    put('output', result, 'data', {
      's3:x-amz-server-side-encryption': undefined,
      's3:x-amz-server-side-encryption-aws-kms-key-id': undefined,
    }),
    'DenyNotKms',
    'DenyWrongKeyForResults',
  ),
  wrongly(
    'ctl:S3',
    "put a result under S3's own encryption",
    put('output', result, 'data', { 's3:x-amz-server-side-encryption': 'AES256' }),
    'DenyNotKms',
  ),
  wrongly(
    'ctl:S7',
    'put a result over what may be there',
    put('output', result, 'data', { 's3:if-none-match': undefined }),
    'DenyOverwrite',
  ),
  wrongly(
    'ctl:S7',
    'publish a manifest over what may be there',
    put('output', manifest, 'ops', { 's3:if-none-match': undefined }),
    'DenyOverwrite',
  ),
  {
    ctl: 'ctl:S7',
    does: 'put the report of a run over an earlier one',
    parts: put('output', report, 'ops', { 's3:if-none-match': undefined }),
    may: ['bastion'],
    missing: { identity: ['worker'] },
    among: ['bastion', 'worker'],
    note: 'It is told anew until a run is complete.',
  },
  { ctl: 'ctl:S5 ctl:I2', does: 'read a result', parts: get('output', result, 'data'), may: readers, denies: readResult },
  {
    ctl: 'ctl:S5',
    does: 'read one version of a result',
    parts: get('output', result, 'data', 's3:GetObjectVersion'),
    may: readers,
    denies: readResult,
  },
  {
    ctl: 'ctl:S5',
    does: "read the table of a run's results",
    parts: get('output', `${table}/attempt-1/1.pgp`, 'data'),
    may: readers,
    denies: readResult,
  },
  {
    ctl: 'ctl:S5',
    does: 'read the manifest of a table',
    parts: get('output', `${table}/result.json`, 'ops'),
    may: [...readers, 'bastion'],
    denies: readManifest,
  },
  wrongly(
    'ctl:S3',
    'publish the manifest of a table under the key of protected data',
    put('output', `${table}/result.json`, 'data'),
    'DenyWrongKeyForManifests',
  ),
  wrongly('ctl:S3', 'put the report of a run under the key of protected data', put('output', report, 'data'), 'DenyWrongKeyForManifests'),
  {
    ctl: 'ctl:S7',
    does: 'begin a result in parts',
    parts: put('output', result, 'data', { 's3:if-none-match': undefined, 's3:ObjectCreationOperation': 'false' }),
    may: ['worker'],
    among: ['worker', ...admins],
  },
  { ctl: 'ctl:S5', does: 'read a manifest', parts: get('output', manifest, 'ops'), may: [...readers, 'bastion'], denies: readManifest },
  {
    ctl: 'ctl:S5',
    does: 'read the report of a run',
    parts: get('output', report, 'ops'),
    may: ['recipient', 'bastion', 'break-glass'],
    denies: readManifest,
    missing: { identity: ['worker', 'key host'] },
  },
  {
    ctl: 'ctl:S5',
    does: 'list what is there of a run',
    parts: list('output', `runs/${run}/`),
    may: ['worker', 'key host', 'bastion', 'recipient', 'sweeper', 'break-glass', ...admins],
    denies: {
      'bucket output#DenyListToOtherRoles': everybody.filter(
        (who) =>
          ![...withRole('worker', 'key host', 'bastion', 'sweeper'), 'recipient', 'break-glass', ...admins, ...strangers].includes(who),
      ),
      'bucket output#DenyOtherAccounts': strangers,
    },
  },
  {
    ctl: 'ctl:S5',
    does: 'list all of the bucket of results',
    parts: list('output', ''),
    may: ['break-glass', ...admins],
    among: ['worker', 'key host', 'bastion', 'recipient', 'sweeper', 'break-glass', ...admins],
  },
  {
    ctl: 'ctl:S5',
    does: 'list uploads of results that are under way',
    parts: [{ action: 's3:ListBucketMultipartUploads', on: 'bucket output' }],
    may: [],
    denies: {
      'bucket output#DenyListVersionsExceptSweeper': but(...withRole('sweeper'), 'break-glass'),
      'bucket output#DenyOtherAccounts': strangers,
    },
  },
  {
    ctl: 'ctl:S5',
    does: 'list versions of results',
    parts: list('output', 'runs/', 's3:ListBucketVersions'),
    may: ['sweeper', 'break-glass'],
    denies: {
      'bucket output#DenyListVersionsExceptSweeper': but(...withRole('sweeper'), 'break-glass'),
      'bucket output#DenyOtherAccounts': strangers,
    },
  },
  ...['s3:DeleteObject', 's3:DeleteObjectVersion'].map(
    (action): Row => ({
      ctl: 'ctl:S5',
      does: action === 's3:DeleteObject' ? 'delete a dead attempt' : 'delete a version of a result',
      parts: on(action, 'output', result),
      may: ['sweeper'],
      denies: { 'bucket output#DenyDeleteExceptSweeper': but(...withRole('sweeper')), 'bucket output#DenyOtherAccounts': strangers },
    }),
  ),
]
