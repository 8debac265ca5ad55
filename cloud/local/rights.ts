/** Who may do what: one table, as the policies of a cloud account would say it. Whatever is not here is refused. */
import { attemptPrefix, manifestKey, parseIncoming, printable, relayPrefix } from '../../custody/names.ts'
import { type Bucket, CloudError, type QueueName, type Role, type SigningKey } from '../ports.ts'

export type ComputeAction = 'launch' | 'describe' | 'hostKey' | 'terminate' | 'remains'
type ObjectAction = 'put' | 'get' | 'head' | 'list' | 'delete'

/** One request to the objects; for `list` the key is the prefix. */
export interface ObjectRequest {
  readonly action: ObjectAction
  readonly bucket: Bucket
  readonly key: string
  readonly ifAbsent?: boolean
  /** Bytes asked for; the whole object when absent. */
  readonly length?: number
}

interface ObjectRule {
  readonly may: readonly ObjectAction[]
  readonly in: Bucket
  readonly where: (request: ObjectRequest) => boolean
}

export interface Rights {
  readonly compute: readonly ComputeAction[]
  readonly send: readonly QueueName[]
  readonly receive: readonly QueueName[]
  readonly objects: readonly ObjectRule[]
  readonly ledger: (pk: string) => boolean
  readonly notices: boolean
  readonly secrets: boolean
  readonly sign: readonly SigningKey[]
  readonly attestor: readonly ('prove' | 'verify')[]
  readonly trail: boolean
}

/** How much of an object the key host may read: its session-key packets. */
const HEADER_BYTES = 64 * 1024

const under = (prefix: string) => (request: ObjectRequest) => request.key.startsWith(prefix)
const exactly = (key: string) => (request: ObjectRequest) => request.key === key
const manifests = (request: ObjectRequest) => request.key.startsWith('runs/') && request.key.endsWith('/result.json')
const reports = (request: ObjectRequest) => /^runs\/[^/]+\/report\.json$/.test(request.key)
const refusedName = (request: ObjectRequest) => request.key.startsWith('incoming/') && parseIncoming(request.key) === undefined
const anywhere = () => true
const firstBytes = (prefix: string) => (request: ObjectRequest) =>
  request.key.startsWith(prefix) && (request.length ?? Infinity) <= HEADER_BYTES

const isRelease = (pk: string): boolean => pk.startsWith('release#')
const never = () => false

const nothing: Rights = {
  compute: [],
  send: [],
  receive: [],
  objects: [],
  ledger: never,
  notices: false,
  secrets: false,
  sign: [],
  attestor: [],
  trail: false,
}

const table: { readonly [R in Exclude<Role, 'worker'>]: Rights } = {
  owner: {
    ...nothing,
    objects: [
      { may: ['put'], in: 'input', where: under('incoming/') },
      { may: ['get', 'head', 'list'], in: 'output', where: under('runs/') },
    ],
  },
  intake: {
    ...nothing,
    send: ['doorbell'],
    receive: ['events'],
    objects: [
      { may: ['head', 'list'], in: 'input', where: under('incoming/') },
      { may: ['delete'], in: 'input', where: refusedName },
    ],
    ledger: (pk) => !isRelease(pk),
    sign: ['ticket', 'audit'],
    trail: true,
  },
  agent: {
    ...nothing,
    compute: ['launch', 'describe', 'hostKey'],
    send: ['doorbell'],
    receive: ['doorbell'],
    objects: [
      { may: ['get', 'put', 'head', 'list'], in: 'ancillary', where: under('relay/') },
      { may: ['head', 'list'], in: 'output', where: under('runs/') },
      { may: ['get'], in: 'output', where: manifests },
      { may: ['put'], in: 'output', where: reports },
    ],
    ledger: (pk) => !isRelease(pk),
    notices: true,
    sign: ['audit'],
    trail: true,
  },
  sweeper: {
    ...nothing,
    compute: ['describe', 'terminate', 'remains'],
    objects: [
      { may: ['head', 'list', 'delete'], in: 'input', where: anywhere },
      { may: ['head', 'list', 'delete'], in: 'output', where: anywhere },
      { may: ['head', 'list', 'delete'], in: 'ancillary', where: anywhere },
    ],
  },
  keyHost: {
    ...nothing,
    compute: ['describe'],
    objects: [
      { may: ['get'], in: 'input', where: firstBytes('incoming/') },
      { may: ['get'], in: 'output', where: firstBytes('runs/') },
      { may: ['get'], in: 'output', where: manifests },
      { may: ['list'], in: 'output', where: under('runs/') },
    ],
    ledger: isRelease,
    secrets: true,
    sign: ['answer', 'audit'],
    attestor: ['verify'],
    trail: true,
  },
}

/** A worker's rights are those of its job, which its tags name: job, run, attempt, unit, kind and, for a sample, object. */
function ofWorker(tags: Readonly<Record<string, string>>): Rights {
  const { job, run, unit, kind, object } = tags
  const attempt = Number(tags['attempt'])
  if (job === undefined || run === undefined || unit === undefined || !Number.isSafeInteger(attempt)) return nothing
  const manifest = manifestKey(run, unit)
  const inputs: readonly ObjectRule[] =
    kind === 'consolidate'
      ? [{ may: ['get', 'head', 'list'], in: 'output', where: under(`runs/${run}/samples/`) }]
      : object === undefined
        ? []
        : [{ may: ['get', 'head'], in: 'input', where: exactly(object) }]
  return {
    ...nothing,
    send: ['doorbell'],
    objects: [
      ...inputs,
      { may: ['put'], in: 'output', where: under(attemptPrefix(run, unit, attempt)) },
      { may: ['put'], in: 'output', where: (request) => request.key === manifest && request.ifAbsent === true },
      { may: ['get', 'put', 'head', 'list'], in: 'ancillary', where: under(relayPrefix(job, attempt)) },
    ],
    attestor: ['prove'],
  }
}

/** Asks the table before a port does anything. Every refusal is an `AccessDenied`. */
export class Gate {
  readonly role: Role
  readonly #rights: Rights

  constructor(role: Role, tags: Readonly<Record<string, string>> = {}) {
    this.role = role
    this.#rights = role === 'worker' ? ofWorker(tags) : table[role]
  }

  compute(action: ComputeAction): void {
    this.#unless(this.#rights.compute.includes(action), `compute ${action}`)
  }

  queue(action: 'send' | 'receive', queue: QueueName): void {
    this.#unless(this.#rights[action].includes(queue), `${action} on queue ${queue}`)
  }

  objects(request: ObjectRequest): void {
    const allowed = this.#rights.objects.some(
      (rule) => rule.in === request.bucket && rule.may.includes(request.action) && rule.where(request),
    )
    const absent = request.action === 'put' && request.ifAbsent !== true ? ' without ifAbsent' : ''
    const range = request.action === 'get' ? ` ${request.length ?? 'all'} bytes of` : ''
    this.#unless(allowed, `${request.action}${range} ${request.bucket}/${printable(request.key)}${absent}`)
  }

  ledger(action: 'get' | 'query' | 'write', pk: string): void {
    this.#unless(this.#rights.ledger(pk), `ledger ${action} of ${printable(pk)}`)
  }

  notices(): void {
    this.#unless(this.#rights.notices, 'publish a notice')
  }

  secrets(action: 'get' | 'put' | 'list'): void {
    this.#unless(this.#rights.secrets, `${action} secrets`)
  }

  sign(key: SigningKey): void {
    this.#unless(this.#rights.sign.includes(key), `sign with the key ${key}`)
  }

  attestor(action: 'prove' | 'verify'): void {
    this.#unless(this.#rights.attestor.includes(action), `${action} who an instance is`)
  }

  trail(): void {
    this.#unless(this.#rights.trail, 'use the audit trail')
  }

  #unless(allowed: boolean, what: string): void {
    if (!allowed) throw new CloudError('AccessDenied', `role ${this.role} may not ${what}; cloud/local/rights.ts says what it may`)
  }
}
