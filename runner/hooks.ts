/** Where others may have a say in a run: plan and apply, resume, caches of facts. */
import type { Host, Plain, Plan, Result, Task } from './contract.ts'

/** Called with the host whose task it is, right before it is applied; whoever throws refuses it, and the task fails so, nothing done. */
export type Guard = (host: Host, op: { readonly id: string; readonly task: Task }, plan: Plan) => void | Promise<void>

/** What a journal knows of a host: it goes on from there. */
export interface Resumed {
  /** What tasks ended with, by id. They are not run again and not reported again. */
  readonly ended: ReadonlyMap<string, Result>
  /** Those of them whose returned values are not known any more, since they are secret. */
  readonly hidden?: ReadonlySet<string>
  /** What `decide` steps had found, by id: the same steps come of it. */
  readonly found: ReadonlyMap<string, Plain>
  /** Ids of handlers that were notified and have not run. */
  readonly pending: readonly string[]
  /** Ids of tasks that were begun and did not end. They are looked at again; an action stops the host and asks. */
  readonly begun: ReadonlySet<string>
}

/** Facts of earlier runs. What it returns is believed. */
export interface FactCache {
  get(host: Host, key: string): Plain | undefined
  set(host: Host, key: string, value: Plain): void
}

/** `-t` and `--skip-tags`. Nothing given: all but `never`. */
export interface Tags {
  readonly only?: readonly string[]
  readonly skip?: readonly string[]
}
