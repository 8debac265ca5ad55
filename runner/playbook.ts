/** Plays: data and pure functions over inventory, variables and declared facts. A playbook file exports one play or a list of them. */
import type { Host, Inherited, Out, Schema, Task } from './contract.ts'
import type { Found, Look, Steps } from './steps.ts'
import { callerOf } from './where.ts'

export type Facts = Readonly<Record<string, Look>>

/** What the functions of a play are given, for each host of its own. */
export interface Given<V extends Schema = Schema, F extends Facts = Facts> {
  readonly host: Host
  readonly vars: Out<V>
  readonly facts: Found<F>
  readonly inventory: Inventory
}

/** The hosts that there are, also those that this play does not run on. */
export interface Inventory {
  readonly hosts: readonly Host[]
  /** Those that a pattern chooses. */
  choose(pattern: string): readonly Host[]
}

/** Hosts at a time: a number, a percentage of the play's hosts, or a list of them whose last repeats. */
export type Serial = number | `${number}%` | readonly (number | `${number}%`)[]

/** One play. What it inherits from nobody it gives to all its steps. */
export interface Playbook<V extends Schema = Schema, F extends Facts = Facts> extends Omit<Inherited, 'when' | 'runOnce' | 'delegateTo'> {
  readonly title: string
  /** `file:line` of the call that made it. */
  readonly where: string
  /** Names, globs and groups, as after `-l`: `all`, `web*,!web3`. */
  readonly hosts: string
  readonly vars: V
  /** Looked at on each host before its steps are made. */
  readonly facts?: F
  preTasks?(given: Given<V, F>): Steps
  roles?(given: Given<V, F>): Steps
  tasks(given: Given<V, F>): Steps
  postTasks?(given: Given<V, F>): Steps
  /** Run when notified, in this order, after preTasks, after roles and tasks, after postTasks, and at a flush. */
  handlers?(given: Given<V, F>): readonly Task[]
  readonly serial?: Serial
  /** More failed hosts of a batch than this end the play. */
  readonly maxFailPercentage?: number
  /** linear: all hosts do a task before any does the next. free: nobody waits. host_pinned: a host, once begun, is finished. */
  readonly strategy?: 'linear' | 'free' | 'host_pinned'
  /** Hosts at once in this play, where fewer than those of the run. */
  readonly forks?: number
  /** Handlers of a failed host run too. */
  readonly forceHandlers?: boolean
}

/** Makes a play; the schema of its variables and its facts give their types to its functions. */
export function playbook<V extends Schema, const F extends Facts = Record<never, never>>(
  title: string,
  parts: Omit<Playbook<V, F>, 'title' | 'where'>,
): Playbook<V, F> {
  return { title, where: callerOf(playbook), ...parts }
}
