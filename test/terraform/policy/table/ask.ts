/** What may be asked, and by whom: a row of the table, and the requests that stand behind it. */
import { account, region } from '../../given.ts'
import type { Values } from '../context.ts'
import type { Place, Request } from '../decide.ts'
import { serviceOf } from '../principal.ts'
import { arnOf, type World } from '../world.ts'
import { hostOf, principalOf, type Who, wayOf } from './people.ts'

/** One request of several that an act is made of. */
export interface Part {
  readonly action: string
  /** A name such as `key data` or `bucket input`, objects after a slash; or an ARN; or *. */
  readonly on: string
  readonly says?: Values
  /** The service that asks in the asker's name, such as s3. */
  readonly by?: string
  /** The service that was asked, and asks IAM whether this may be done too: the way is that of its own call. */
  readonly beside?: string
  /** Whose the resource is, when not ours. */
  readonly owner?: string
}

/** By statement, as `policy#Sid`: whom it denies. */
export type Denies = Readonly<Record<string, readonly Who[]>>

export interface Row {
  /** The controls it shows, such as `ctl:S5`. */
  readonly ctl: string
  /** What is done, after "may" or "may not". */
  readonly does: string
  /** All of these must be allowed. */
  readonly parts: readonly Part[]
  readonly may: readonly Who[]
  /** Which statements deny it to whom, whatever else were granted. */
  readonly denies?: Denies
  /**
   * For whom nothing denies and yet something does not grant: where. When absent: one's own policies, those of a key or role that is asked,
   * and an endpoint of ours that foreign credentials pass. What is said of `endpoint` comes on top of that.
   */
  readonly missing?: Partial<Readonly<Record<Place, readonly Who[]>>>
  /** The thing itself lets everybody in. */
  readonly welcome?: boolean
  /** Who is asked about; everybody when absent. */
  readonly among?: readonly Who[]
  /** What the reader of the page should know. */
  readonly note?: string
}

/** What a service asks for as itself. */
export interface ServiceRow extends Pick<Row, 'ctl' | 'does' | 'parts' | 'note'> {
  readonly service: string
  readonly may: boolean
}

const arnWith = (world: World, on: string): string => {
  if (on === '*' || on.startsWith('arn:')) return on
  const [, thing = on, key] = /^(bucket [^/]+)\/(.*)$/s.exec(on) ?? []
  return key === undefined ? arnOf(world, thing) : `${arnOf(world, thing)}/${key}`
}

/** Values that name a thing, after an @, become its ARN. */
const spelled = (says: Values, world: World): Values =>
  Object.fromEntries(
    Object.entries(says).map(([name, value]) => [
      name,
      typeof value === 'string' && value.startsWith('@') ? arnWith(world, value.slice(1)) : value,
    ]),
  )

const always: Values = { 'aws:SecureTransport': 'true', 'aws:RequestedRegion': region }
const ofS3: Values = { 's3:TlsVersion': '1.3' }

/** The request that a part is when somebody makes it. */
export function requestOf(who: Who, { action, on, says: said = {}, by, beside, owner = account }: Part, world: World): Request {
  const says = spelled(said, world)
  const [service = ''] = action.split(':')
  const shared = { principal: principalOf(who, world), action, resource: arnWith(world, on), account: owner }
  const base = { ...always, ...(service === 's3' ? ofS3 : {}) }
  // A service that asks in somebody's name leaves out the way by which that somebody came.
  if (by !== undefined)
    return { ...shared, context: { ...base, ...hostOf(who, world), 'aws:ViaAWSService': 'true', ...via(service, by), ...says } }
  if (beside !== undefined) {
    const { context, through } = wayOf(who, beside, world)
    const door = through === undefined ? {} : { 'aws:SourceVpce': through.id, 'aws:SourceVpc': through.vpc }
    return { ...shared, context: { ...base, 'aws:ViaAWSService': 'false', ...context, ...door, ...says } }
  }
  const { context, through } = wayOf(who, service, world)
  return { ...shared, context: { ...base, 'aws:ViaAWSService': 'false', ...context, ...says }, through }
}

const via = (service: string, by: string): Values => (service === 'kms' ? { 'kms:ViaService': `${by}.${region}.amazonaws.com` } : {})

/** The request of a service of AWS as itself. It comes from an account of AWS's own, which is none of ours. */
export function requestOfService(name: string, { action, on, says = {}, owner = account }: Part, world: World): Request {
  const base = { ...always, ...(action.startsWith('s3:') ? ofS3 : {}), 'aws:PrincipalAccount': '000000000000' }
  return { principal: serviceOf(name), action, resource: arnWith(world, on), account: owner, context: { ...base, ...spelled(says, world) } }
}

// ------------------------------------------------------------------------------------------------------------ objects

export const run = '6f9d2c1e-7a40-4c3b-9d55-0b1f6a2e8c71'
export const sample = 'c0a8f1d2-3b4e-4f60-8a7b-9c1d2e3f4a5b'
export const job = '8d5957e2c9a4b0f1d3e6a7b8c9d0e1f2a3b4c5d6'

/** Buckets whose encryption context names the object, since they use no bucket key. */
const byObject = ['input', 'output']
const context = (bucket: string, key: string): Values => ({
  'kms:EncryptionContext:aws:s3:arn': byObject.includes(bucket) ? `@bucket ${bucket}/${key}` : `@bucket ${bucket}`,
})

export type Key = 'data' | 'ops'

/** Reads an object, or one version of it. */
export const get = (bucket: string, key: string, under: Key, action = 's3:GetObject'): readonly Part[] => [
  { action, on: `bucket ${bucket}/${key}` },
  { action: 'kms:Decrypt', on: `key ${under}`, by: 's3', says: context(bucket, key) },
]

/** What an upload in one piece says when it is as it should be. */
export const wellPut = (under: Key): Values => ({
  's3:x-amz-server-side-encryption': 'aws:kms',
  's3:x-amz-server-side-encryption-aws-kms-key-id': `@key ${under}`,
  's3:if-none-match': '*',
  's3:ObjectCreationOperation': 'true',
})

/** Puts an object; `says` is said instead, and what is undefined there is not said. */
export const put = (bucket: string, key: string, under: Key, says: Readonly<Record<string, string | undefined>> = {}): readonly Part[] => [
  { action: 's3:PutObject', on: `bucket ${bucket}/${key}`, says: only({ ...wellPut(under), ...says }) },
  { action: 'kms:GenerateDataKey', on: `key ${under}`, by: 's3', says: context(bucket, key) },
]

const only = (values: Readonly<Record<string, string | readonly string[] | undefined>>): Values =>
  Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))

export const list = (bucket: string, prefix: string, action = 's3:ListBucket'): readonly Part[] => [
  { action, on: `bucket ${bucket}`, says: { 's3:prefix': prefix } },
]
export const on = (action: string, bucket: string, key: string): readonly Part[] => [{ action, on: `bucket ${bucket}/${key}` }]
