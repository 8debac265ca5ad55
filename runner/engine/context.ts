import type { Host } from '../contract.ts'
import type { RunEvent } from '../events.ts'
import type { FactCache, Guard, Resumed } from '../hooks.ts'
import type { Secret } from '../secret.ts'
import type { Machines } from './machines.ts'
import type { Pool } from './pool.ts'

/** What the parts of a run have in common. */
export interface Context {
  /** Which play of the run this is. */
  readonly index: number
  readonly machines: Machines
  readonly pool: Pool
  readonly signal: AbortSignal
  readonly mode: 'apply' | 'check'
  readonly forks: number
  readonly window: number
  readonly forceHandlers: boolean
  readonly guard: Guard | undefined
  readonly becomePassword: Secret | undefined
  readonly facts: FactCache | undefined
  report(event: RunEvent): void
  now(): number
  sleep(ms: number): Promise<void>
  /** Takes these out of all that is reported from now on. */
  protect(secrets: readonly Secret[]): void
  /** For `delegateTo`. */
  hostNamed(name: string): Host
  resumed(host: string): Resumed | undefined
  /** Whether a later play has this host: its connection is kept. */
  neededLater(host: string): boolean
  /** Gives the event loop a turn, if it had none for a while. */
  breathe(): Promise<void>
}
