import type { Bucket, LedgerWrite, Role } from '../../cloud/ports.ts'
import { attemptPrefix, manifestKey, parseIncoming, relayPrefix } from '../../custody/names.ts'

type Tags = Readonly<Record<string, string>>

interface ObjectAsk {
  readonly op: string
  readonly bucket: Bucket
  /** A list's prefix stands here too. */
  readonly key: string
  readonly options: { readonly ifAbsent?: boolean; readonly range?: { readonly from: number; readonly length: number } }
}

const read = ['get', 'head', 'list']
const trail = ['trail.lines', 'trail.append']

/** Calls that a role may make whatever the arguments. */
const always: Readonly<Record<Role, readonly string[]>> = {
  owner: [],
  intake: ['queue.receive events', 'queue.send doorbell', 'signer.sign ticket', 'signer.sign audit', ...trail],
  agent: [
    ...['launch', 'describe', 'hostKey'].map((op) => `compute.${op}`),
    'queue.receive doorbell',
    'queue.send doorbell',
    'notices.publish',
    'signer.sign audit',
    ...trail,
  ],
  sweeper: ['compute.describe', 'compute.terminate', 'compute.remains'],
  keyHost: [
    'compute.describe',
    'secrets.get',
    'secrets.put',
    'secrets.list',
    'signer.sign answer',
    'signer.sign audit',
    'attestor.verify',
    ...trail,
  ],
  worker: ['queue.send doorbell', 'attestor.prove'],
}

const objects: Readonly<Record<Role, (ask: ObjectAsk, tags: Tags) => boolean>> = {
  owner: ({ op, bucket, key }) =>
    bucket === 'input' ? op === 'put' && key.startsWith('incoming/') : bucket === 'output' && read.includes(op) && key.startsWith('runs/'),
  intake: ({ op, bucket, key }) =>
    bucket === 'input' &&
    key.startsWith('incoming/') &&
    (op === 'head' || op === 'list' || (op === 'delete' && parseIncoming(key) === undefined)),
  agent: ({ op, bucket, key }) =>
    bucket === 'ancillary'
      ? key.startsWith('relay/') && op !== 'delete'
      : bucket === 'output' &&
        key.startsWith('runs/') &&
        (op === 'head' || op === 'list' || (op === 'get' && isManifest(key)) || (op === 'put' && isReport(key))),
  sweeper: ({ op }) => ['list', 'delete', 'head'].includes(op),
  keyHost: ({ op, bucket, key, options }) => {
    const place = (bucket === 'input' && key.startsWith('incoming/')) || (bucket === 'output' && key.startsWith('runs/'))
    if (op === 'list') return bucket === 'output' && place
    return (
      place && op === 'get' && ((bucket === 'output' && isManifest(key)) || (options.range?.length ?? Number.POSITIVE_INFINITY) <= 65_536)
    )
  },
  worker: ({ op, bucket, key, options }, tags) => {
    const { job = '', run = '', unit = '', kind, object } = tags
    const attempt = Number(tags['attempt'])
    if (bucket === 'ancillary') return op !== 'delete' && key.startsWith(relayPrefix(job, attempt))
    if (bucket === 'input') return kind === 'sample' && key === object && (op === 'get' || op === 'head')
    if (op === 'put')
      return key.startsWith(attemptPrefix(run, unit, attempt)) || (key === manifestKey(run, unit) && options.ifAbsent === true)
    return kind === 'consolidate' && read.includes(op) && key.startsWith(`runs/${run}/samples/`)
  },
}

const isReport = (key: string): boolean => /^runs\/[^/]+\/report\.json$/.test(key)
const isManifest = (key: string): boolean => key.startsWith('runs/') && key.endsWith('/result.json')

const partition: Readonly<Record<Role, (pk: string) => boolean>> = {
  owner: () => false,
  intake: (pk) => !pk.startsWith('release#'),
  agent: (pk) => !pk.startsWith('release#'),
  sweeper: () => false,
  keyHost: (pk) => pk.startsWith('release#'),
  worker: () => false,
}

/** Whether a role may make this call, as the policies of a cloud would decide. `tags` are those of a worker's instance. */
export function isAllowed(role: Role, port: string, op: string, args: readonly unknown[], tags: Tags): boolean {
  if (port === 'signer' && op === 'publicKey') return true
  if (port === 'objects') {
    const [bucket, key] = args as [Bucket, string]
    const options = (op === 'put' ? args[3] : args[2]) as ObjectAsk['options'] | undefined
    return objects[role]({ op, bucket, key, options: options ?? {} }, tags)
  }
  if (port === 'ledger') {
    const pks = op === 'write' ? pksOf(args[0] as LedgerWrite) : [args[0] as string]
    return pks.length === 0 ? partition[role]('') || partition[role]('release#') : pks.every(partition[role])
  }
  const named = port === 'queue' || op === 'sign' ? `${port}.${op} ${String(args[0])}` : `${port}.${op}`
  return always[role].includes(named)
}

const pksOf = (write: LedgerWrite): string[] => [...write.puts, ...(write.checks ?? [])].map(({ pk }) => pk)
