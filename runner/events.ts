/** The engine's whole voice. */
import type { Plain, Returned } from './contract.ts'

/** Counts of one host. `ok` counts every task that succeeded, those that changed something too, as Ansible does. */
export interface Counts {
  readonly ok: number
  readonly changed: number
  readonly failed: number
  readonly skipped: number
  readonly unknown: number
  readonly unreachable: number
  readonly ignored: number
  /** Blocks whose failure was made good for; those failures are not in `failed`. */
  readonly rescued: number
}

export interface Totals extends Counts {
  /** Of all connections of the host, see `Connection.roundTrips`. */
  readonly roundTrips: number
}

/** Gets every event, with all secrets taken out. Renderers, journals and tests listen to this and to nothing else. */
export type Report = (event: RunEvent) => void

/** Which task on which host. `id` is the same in every run and on every host that has the task: `file:line#n`. */
interface About {
  readonly host: string
  readonly task: string
  readonly id: string
  /** `file:line` in the playbook. */
  readonly where: string
}

/**
 * Each task on a host begins with `taskStarted` and ends with one of `ok`, `skipped`, `unknown`, `failed`, `unreachable`; only an
 * interrupt may leave it without an end.
 */
export type RunEvent = { readonly at: number } & (
  | {
      readonly type: 'playStarted'
      readonly index: number
      readonly play: string
      readonly hosts: readonly string[]
      readonly mode: 'apply' | 'check'
    }
  | { readonly type: 'batchStarted'; readonly play: string; readonly hosts: readonly string[] }
  | { readonly type: 'hostStarted'; readonly host: string; readonly tasks: number }
  | { readonly type: 'hostConnected'; readonly host: string; readonly ms: number }
  | { readonly type: 'hostUnreachable'; readonly host: string; readonly error: Error }
  /** What a `decide` step or the play's facts found. */
  | ({ readonly type: 'found'; readonly found: Plain } & About)
  /** A block's failure is being made good for; `task` is the block's title. */
  | ({ readonly type: 'rescued' } & About)
  | { readonly type: 'handlersFlushed'; readonly host: string; readonly id: string; readonly handlers: readonly string[] }
  | { readonly type: 'hostEnded'; readonly host: string; readonly counts: Counts; readonly roundTrips: number }
  | { readonly type: 'playEnded'; readonly play: string; readonly stopped?: string }
  | (About & {
      readonly module: string
      readonly handler: boolean
      /** The host that it ran on instead. */
      readonly delegate?: string
      /** The task has noLog: what it found and returned is left out. */
      readonly noLog?: true
    } & TaskEvent)
  | { readonly type: 'summary'; readonly hosts: Readonly<Record<string, Totals>>; readonly interrupted: boolean; readonly ms: number }
)

export type TaskEvent =
  | { readonly type: 'taskStarted' }
  | { readonly type: 'planned'; readonly now: Plain; readonly want: Plain; readonly changes: boolean }
  | { readonly type: 'applied'; readonly ms: number }
  | { readonly type: 'retrying'; readonly attempt: number; readonly retries: number; readonly msg: string }
  | { readonly type: 'notified'; readonly handlerTitle: string; readonly handlerId: string }
  | { readonly type: 'ok'; readonly changed: boolean; readonly msg?: string; readonly returned: Returned; readonly ms: number }
  | { readonly type: 'skipped' | 'unknown'; readonly msg: string; readonly ms: number }
  | { readonly type: 'failed'; readonly error: Error; readonly ignored: boolean; readonly returned: Returned; readonly ms: number }
  | { readonly type: 'unreachable'; readonly error: Error; readonly ignored: boolean; readonly ms: number }
