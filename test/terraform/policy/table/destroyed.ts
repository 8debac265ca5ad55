/** What is kept when the environment is gone: who may still read it. */
import { get, type Row, run, sample } from './ask.ts'
import { admins, strangers, type Who } from './people.ts'

const left: readonly Who[] = [
  'break-glass',
  'auditor',
  ...admins,
  ...strangers,
  "pretender in a worker's role",
  "pretender in a worker's role, with an endpoint",
]
const outside = left.filter((who) => who !== 'break-glass' && who !== "pretender in a worker's role, with an endpoint")
const notWorker = left.filter((who) => who !== 'break-glass' && !who.startsWith('pretender'))

const kept = (ctl: string, what: string, bucket: 'input' | 'output', key: string, sid: string): Row => ({
  ctl,
  does: `read ${what}`,
  parts: get(bucket, key, 'data'),
  may: ['break-glass', "pretender in a worker's role, with an endpoint"],
  denies: {
    [`bucket ${bucket}#${sid}`]: notWorker,
    [`bucket ${bucket}#DenyReadOutsideOurEndpoint`]: outside,
    [`bucket ${bucket}#DenyOtherAccounts`]: strangers,
    'auditor#DenyPhi': ['auditor'],
    'auditor#DenyDataKey': ['auditor'],
    'key data#DenyUseByTools': ['auditor'],
  },
  among: left,
  note: 'An administrator who makes a role of the same name, with the tag of an endpoint of their own, lets themselves in. It is seen, not prevented.',
})

export const destroyed: readonly Row[] = [
  kept('ctl:S5', 'a sample', 'input', `incoming/${run}/${sample}.pgp`, 'DenyReadExceptWorkerAndKeyHost'),
  kept('ctl:S5', 'a result', 'output', `runs/${run}/samples/${sample}/attempt-1/1.pgp`, 'DenyReadExceptWorkerKeyHostAndRecipient'),
]
