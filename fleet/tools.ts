import type { Cloud, Instance, Json } from '../cloud/ports.ts'
import type { LaunchKeys } from '../custody/launch-keys.ts'
import type { Commit } from './commit.ts'
import type { LaunchLimiter } from './launch-limiter.ts'
import type { Limits } from './limits.ts'
import type { Job, Worker } from './rows.ts'

/** What the instance is launched with, resolved to concrete ids before the first call so that a replay is verbatim. */
interface LaunchPlan {
  readonly image: string
  /** Tried in order when there is no capacity. */
  readonly walk: readonly { readonly type: string; readonly subnet: string }[]
}

/** Why a worker could not be made ready; the words are for the log, the reason for the ledger. */
export class ConfigureError extends Error {
  override readonly name = 'ConfigureError'
  readonly why: 'host-key-changed' | 'not-configured'
  constructor(why: ConfigureError['why'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.why = why
  }
}

/** How the agent reaches hosts; `bastion-agent` implements it with the runner. */
export interface Hosts {
  /** Configures a booted worker and starts its program. Throws ConfigureError. */
  configure(worker: Worker, job: Job, instance: Instance, signal: AbortSignal): Promise<void>
  /** Shuts the worker's doors and sees that a login is refused. Throws ConfigureError. */
  lock(worker: Worker, instance: Instance, signal: AbortSignal): Promise<void>
  /** One request to the key host's forced command; its parsed JSON answer. Rejects when it cannot be reached within its time. */
  askKeyHost(request: Json, signal: AbortSignal): Promise<unknown>
}

/** All that carrying out a step needs. */
export interface Tools {
  /** Opened as `agent`. */
  readonly cloud: Cloud
  /** Opened as `sweeper`: the only role that ends and deletes. */
  readonly sweeper: Cloud
  readonly hosts: Hosts
  readonly limits: Limits
  readonly plan: LaunchPlan
  readonly keys: LaunchKeys
  /** By worker: the version of the key request that was refused, and is not carried again. */
  readonly refused: Map<string, string>
  readonly limiter: LaunchLimiter
  readonly commit: Commit
  readonly signal: AbortSignal
  /** The agent's log: ids, states and reasons only. */
  log(event: { readonly [field: string]: Json }): void
}
