import { join } from 'node:path'

/** Where everything of a local cloud lies. Private things have a folder of their own each; nothing else holds a secret. */
export interface Layout {
  readonly marker: string
  readonly database: string
  readonly buckets: string
  /** Files on their way into a bucket, named by their writer. */
  readonly temporary: string
  readonly workers: string
  readonly keyHost: string
  readonly signer: string
  readonly owner: string
  readonly trust: string
  readonly audit: string
  readonly chain: string
  readonly notices: string
  readonly logs: string
  readonly release: string
  readonly locks: string
}

export const layout = (dir: string): Layout => ({
  marker: join(dir, 'skep.json'),
  database: join(dir, 'cloud.db'),
  buckets: join(dir, 'buckets'),
  temporary: join(dir, 'buckets', '.tmp'),
  workers: join(dir, 'workers'),
  keyHost: join(dir, 'key-host'),
  signer: join(dir, 'signer'),
  owner: join(dir, 'owner'),
  trust: join(dir, 'trust'),
  audit: join(dir, 'audit'),
  chain: join(dir, 'audit', 'chain.jsonl'),
  notices: join(dir, 'notices'),
  logs: join(dir, 'logs'),
  release: join(dir, 'release'),
  locks: join(dir, 'locks'),
})

/** Every name that may stand at the top of a local cloud. */
export const topNames: ReadonlySet<string> = new Set([
  'skep.json',
  'cloud.db',
  'cloud.db-wal',
  'cloud.db-shm',
  'buckets',
  'workers',
  'key-host',
  'signer',
  'owner',
  'trust',
  'audit',
  'notices',
  'logs',
  'release',
  'locks',
])

/** The folders made at init, parents first. */
export const folders = (dir: string): readonly string[] => {
  const at = layout(dir)
  const buckets = ['input', 'output', 'ancillary'].map((bucket) => join(at.buckets, bucket))
  return [
    dir,
    at.buckets,
    ...buckets,
    at.temporary,
    at.workers,
    at.keyHost,
    at.signer,
    at.owner,
    at.trust,
    at.audit,
    at.notices,
    at.logs,
    at.release,
    at.locks,
  ]
}

const instancePattern = /^i-[0-9a-f]{17}$/

/** Whether a text can be an instance's id; everything that becomes a path is asked this first. */
export const isInstanceId = (text: string): boolean => instancePattern.test(text)

/** A worker's whole disk. */
export const diskOf = (dir: string, instance: string): string => join(dir, 'workers', instance)

/** Where a worker's private identity key lies on its disk. */
export const identityOf = (dir: string, instance: string): string => join(diskOf(dir, instance), 'machine', 'identity.pem')
