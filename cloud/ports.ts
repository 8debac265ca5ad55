/**
 * Everything outside the host, as the rest of Skep sees it. `cloud/aws` and `cloud/local` implement these ports;
 * `test/contracts` holds every implementation to the comments below. A port is opened for a role and refuses what
 * that role may not do with a CloudError `AccessDenied`, as a policy would.
 */

/** Who is asking. A worker is opened for one instance and sees only what that instance's job may see. */
export type Role = 'owner' | 'intake' | 'agent' | 'keyHost' | 'worker' | 'sweeper'

export type CloudErrorCode =
  | 'AccessDenied' // the role may not do this; never retried
  | 'NotFound' // no such object, version, instance or secret
  | 'PreconditionFailed' // put-if-absent found something there
  | 'InvalidArgument' // the request can never succeed
  | 'IdempotentParameterMismatch' // launch: this token was used with other parameters
  | 'IdempotentInstanceTerminated' // launch: this token's instance is already gone
  | 'InsufficientInstanceCapacity' // launch: a definite no for this walk position
  | 'InvalidIdentity' // attestation: the proof does not hold
  | 'Unavailable' // may have happened or not; the same request may be sent again

/** The one error of the ports. `message` says what was asked, of what, and what came. */
export class CloudError extends Error {
  override readonly name = 'CloudError'
  readonly code: CloudErrorCode
  constructor(code: CloudErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export const isCloudError = (error: unknown, code: CloudErrorCode): boolean => error instanceof CloudError && error.code === code

/** Time, passed in so that tests own it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

// ---------------------------------------------------------------------------------------------------------- compute

/** Parameters of one launch. The same token with the same parameters is the same instance, however often it is sent. */
export interface Launch {
  /** 1 to 64 ASCII characters. */
  readonly token: string
  readonly image: string
  readonly type: string
  readonly subnet: string
  /** Seen by anybody who may describe the instance: never a secret. At most 16 KiB. */
  readonly userData: string
  /** Must name at least `job`, `run`, `attempt`, `worker` and `kind`: the instance's rights and its sweep hang on them. */
  readonly tags: Readonly<Record<string, string>>
}

export type InstanceState = 'pending' | 'running' | 'shutting-down' | 'terminated'

export interface Instance {
  readonly id: string
  readonly token: string
  readonly state: InstanceState
  /** Milliseconds since the epoch. */
  readonly launchedAt: number
  /** Where its sshd answers, once it runs. */
  readonly address?: { readonly host: string; readonly port: number }
  readonly tags: Readonly<Record<string, string>>
  readonly userData: string
}

export interface Compute {
  /**
   * Starts one instance; shutdown from inside terminates it. Safe to repeat verbatim after a lost answer: it returns the
   * instance of that token. Durable before it answers. Throws `IdempotentParameterMismatch`, `IdempotentInstanceTerminated`,
   * `InsufficientInstanceCapacity`, `InvalidArgument`, `Unavailable`.
   */
  launch(request: Launch): Promise<Instance>
  /** All instances of this environment, terminated ones for a while too. An instance that died by itself shows as `terminated`. */
  describe(): Promise<readonly Instance[]>
  /** The instance's public SSH host key ("ssh-ed25519 AAAA…") from a source the instance's guests cannot forge; undefined until it booted. */
  hostKey(instance: string): Promise<string | undefined>
  /** Ends it with all its processes and disks. Idempotent; resolves when the end has begun. Throws `NotFound` for an id never launched. */
  terminate(instance: string): Promise<void>
  /** What still exists of an instance, from looking (processes, sockets, disks), never from records. Empty: nothing is left. */
  remains(instance: string): Promise<readonly string[]>
}

// ------------------------------------------------------------------------------------------------------------ queue

/** `events`: object notifications for intake. `doorbell`: hints for the agent that the ledger is worth a look. */
export type QueueName = 'events' | 'doorbell'

export interface Delivery {
  readonly id: string
  readonly body: string
  /** How often this message was handed out, this time included. */
  readonly receives: number
  /** Deletes the message; a second call is harmless. */
  done(): Promise<void>
  /** Makes it visible again after `delayMs` (0 to 43,200,000). */
  retry(delayMs: number): Promise<void>
}

/** At-least-once, unordered. A message not done within its visibility comes again. */
export interface Queue {
  /** Durable before it resolves. `body` is at most 4 KiB, else `InvalidArgument`. */
  send(queue: QueueName, body: string): Promise<void>
  /** Waits up to `waitMs` for at least one message; resolves with [] when none came or the signal was aborted. `max` 1 to 10. */
  receive(
    queue: QueueName,
    options: { waitMs: number; max: number; visibilityMs: number },
    signal?: AbortSignal,
  ): Promise<readonly Delivery[]>
}

// ---------------------------------------------------------------------------------------------------------- objects

export type Bucket = 'input' | 'output' | 'ancillary'

export interface ObjectHead {
  readonly key: string
  /** Differs for every put of the key. */
  readonly version: string
  /** Bytes. */
  readonly size: number
  /** Milliseconds since the epoch. */
  readonly modified: number
}

export interface Objects {
  /**
   * Whole or not at all, durable before it resolves. With `ifAbsent` an existing key throws `PreconditionFailed` and is left as it is.
   * A put into `input` rings `events` (at least once, may be lost: intake also lists).
   */
  put(
    bucket: Bucket,
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options?: { readonly ifAbsent?: boolean },
  ): Promise<ObjectHead>
  /** Throws `NotFound` when the key, or the asked version of it, is not there. A range past the end gives what there is. */
  get(
    bucket: Bucket,
    key: string,
    options?: { readonly version?: string; readonly range?: { readonly from: number; readonly length: number } },
  ): Promise<{ readonly head: ObjectHead; readonly body: AsyncIterable<Uint8Array> }>
  head(bucket: Bucket, key: string): Promise<ObjectHead | undefined>
  /** In key order. Strongly consistent with puts that were acknowledged before. */
  list(bucket: Bucket, prefix: string): Promise<readonly ObjectHead[]>
  /** Deletes the key (with every version). Idempotent. */
  delete(bucket: Bucket, key: string): Promise<void>
}

// ----------------------------------------------------------------------------------------------------------- ledger

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** One row. `pk` groups what is queried together; `rev` counts its writes from 1; `op` names the write that made it so. */
export interface Row {
  readonly pk: string
  readonly sk: string
  readonly rev: number
  readonly op: string
  readonly body: { readonly [key: string]: Json }
}

export interface LedgerWrite {
  /** Unique per intended write; the same write sent again carries the same op and is recognised. */
  readonly op: string
  /** All or nothing, 1 to 100 rows, no row twice. `ifRev` 0: the row must be absent; a body of `null` deletes. */
  readonly puts: readonly { readonly pk: string; readonly sk: string; readonly ifRev: number; readonly body: Row['body'] | null }[]
  /** Rows that must hold, and are not written: the body's fields named here must be equal. Fencing by lease epoch uses it. */
  readonly checks?: readonly { readonly pk: string; readonly sk: string; readonly equals: { readonly [field: string]: Json } }[]
}

/** `applied` also when this very op had been applied before. On a conflict: every row whose condition failed, as it is now. */
export type LedgerAnswer =
  | { readonly applied: true }
  | { readonly applied: false; readonly conflicts: readonly { readonly pk: string; readonly sk: string; readonly old: Row | undefined }[] }

/** The truth. Reads are strongly consistent; a write is durable before it is acknowledged. Row bodies stay under 400 KB. */
export interface Ledger {
  get(pk: string, sk: string): Promise<Row | undefined>
  /** Rows of one partition in `sk` order, optionally those whose `sk` begins with a prefix. */
  query(pk: string, skPrefix?: string): Promise<readonly Row[]>
  write(write: LedgerWrite): Promise<LedgerAnswer>
}

// ------------------------------------------------------------------------------------- notices, secrets, signatures

/** Mail to people. At least once: a notice sent again has the same id, which stands in its text. Never PHI. */
export interface Notices {
  publish(notice: { readonly id: string; readonly subject: string; readonly text: string }): Promise<void>
}

/** Small secrets of one role's keeping (role keyHost). Names match [a-z0-9/-]+. */
export interface Secrets {
  get(name: string): Promise<Uint8Array | undefined>
  /** Durable before it resolves. With `ifAbsent` an existing secret throws `PreconditionFailed`. */
  put(name: string, value: Uint8Array, options?: { readonly ifAbsent?: boolean }): Promise<void>
  list(prefix: string): Promise<readonly string[]>
}

/** `ticket`: intake only. `answer`: key host only. `audit`: intake, agent and key host, each with a key of its own. */
export type SigningKey = 'ticket' | 'answer' | 'audit'

export interface Signer {
  /** Signs as this role. `keyId` finds the public half again. Role without that key: `AccessDenied`. */
  sign(key: SigningKey, bytes: Uint8Array): Promise<{ readonly keyId: string; readonly signature: Uint8Array }>
  /** SPKI PEM; open to every role. Throws `NotFound`. `keyId` is `ticket`, `answer`, `audit-intake`, `audit-agent` or `audit-key-host`. */
  publicKey(keyId: string): Promise<string>
}

/** Proof of which instance asks. */
export interface Proof {
  readonly kind: string
  readonly instance: string
  /** Opaque to everybody but the attestor. */
  readonly evidence: string
}

export interface Attestor {
  /** Role worker: proves, live, that this instance asks, bound to `binding` (lower-case hex SHA-256 of what it asks). */
  prove(binding: string): Promise<Proof>
  /** Role keyHost: the instance that the proof shows. Throws `InvalidIdentity` when it does not hold or is bound to something else. */
  verify(proof: Proof, binding: string): Promise<{ readonly instance: string }>
}

// ------------------------------------------------------------------------------------------------------------ trail

/** Where the audit chain's lines lie. What a line means is `custody/audit.ts`. */
export interface Trail {
  /** Lines in order, without the line feed; a torn last line (never acknowledged) is left out. */
  lines(): Promise<readonly string[]>
  /** Appends as line number `seq` (from 1), durable before it resolves. False when that place is taken: look again. */
  append(seq: number, line: string): Promise<boolean>
}

/** All that is outside, opened for one role. */
export interface Cloud {
  readonly role: Role
  readonly clock: Clock
  readonly compute: Compute
  readonly queue: Queue
  readonly objects: Objects
  readonly ledger: Ledger
  readonly notices: Notices
  readonly secrets: Secrets
  readonly signer: Signer
  readonly attestor: Attestor
  readonly trail: Trail
  close(): Promise<void>
}
