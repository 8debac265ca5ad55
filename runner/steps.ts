/** What a play is made of beside tasks: blocks, decisions, roles and marks. Loops and includes are plain functions that return steps. */
import type { Inherited, Out, Plain, Reader, Result, Schema, Task } from './contract.ts'
import { valid } from './define.ts'
import { UsageError } from './errors.ts'
import { type Secret, secretsIn } from './secret.ts'
import { callerOf } from './where.ts'

export type Step = Task | Block | Decision | Meta
/** Lists in lists are one list: what a function returns need not be spread. */
export type Steps = readonly (Step | Steps)[]

/** Steps that share options, and what happens when one of them fails. */
export interface Block {
  readonly kind: 'block'
  readonly title: string
  readonly where: string
  readonly options: Inherited
  readonly tasks: Steps
  /** Runs after a failure of `tasks`, and makes good for it. An unreachable host is not rescued. */
  readonly rescue: Steps
  /** Runs after all that, whatever happened. */
  readonly always: Steps
  /** Those that a role brings. */
  readonly handlers: readonly Task[]
}

/** Steps that depend on what is found when their turn comes. */
export interface Decision {
  readonly kind: 'decide'
  readonly title: string
  readonly where: string
  readonly options: Inherited
  readonly looks: Looks
  steps(found: Readonly<Record<string, Plain | Result>>): Steps
}

/** A mark in the course of a host. */
export interface Meta {
  readonly kind: 'meta'
  readonly what: 'flushHandlers' | 'endHost' | 'endPlay' | 'resetConnection'
  readonly where: string
  readonly options: Inherited
}

/** A look that is named, typed and given its parameters, to be taken when it is needed. */
export interface Look<S extends Plain = Plain> {
  readonly kind: 'look'
  readonly name: string
  readonly where: string
  /** Two looks of one key see the same: a cache may answer for both. */
  readonly key: string
  readonly secrets: readonly Secret[]
  look(host: Reader): Promise<S>
}

/** What an earlier task of this host ended with. */
export interface ResultOf {
  readonly kind: 'result'
  readonly task: Task
}

export type Looks = Readonly<Record<string, Look | ResultOf>>
/** What looks bring, by their names. */
export type Found<L extends Looks> = { readonly [K in keyof L]: L[K] extends Look<infer S> ? S : Result }

/** Steps that share options; `rescue` makes good for their failure, `always` runs whatever happened. */
export function block(
  title: string,
  parts: { readonly tasks: Steps; readonly rescue?: Steps; readonly always?: Steps },
  options: Inherited = {},
): Block {
  const { tasks, rescue = [], always = [] } = parts
  return { kind: 'block', title, where: callerOf(block), options, tasks, rescue, always, handlers: [] }
}

/**
 * Steps that depend on what is found when their turn comes.
 *
 * @example decide('which schema the database has', { file: stat({ path }), made: resultOf(install) }, ({ file, made }) => …)
 */
export function decide<const L extends Looks>(
  title: string,
  looks: L,
  steps: (found: Found<L>) => Steps,
  options: Inherited = {},
): Decision {
  return { kind: 'decide', title, where: callerOf(decide), options, looks, steps: (found) => steps(found as Found<L>) }
}

/** For `decide`: what an earlier task of this host ended with. */
export function resultOf(task: Task): ResultOf {
  return { kind: 'result', task }
}

/** Runs the handlers that are pending now, not only at the end of the section. */
export function flushHandlers(options: Inherited = {}): Meta {
  return { kind: 'meta', what: 'flushHandlers', where: callerOf(flushHandlers), options }
}

/** `endHost`: done, as if nothing more stood there. `endPlay`: so for every host. `resetConnection`: log in anew, for new groups of the user. */
export function meta(what: 'endHost' | 'endPlay' | 'resetConnection', options: Inherited = {}): Meta {
  return { kind: 'meta', what, where: callerOf(meta), options }
}

/** Makes a look that plays name as facts and decisions as their ground; parameters are validated at each call. */
export function defineLook<P extends Schema, S extends Plain>(definition: {
  readonly name: string
  readonly params: P
  readonly look: (params: Out<P>, host: Reader) => Promise<S>
}): (given: Schema.InferInput<P>) => Look<S> {
  const { name } = definition
  return function make(given): Look<S> {
    const where = callerOf(make)
    const params = valid(definition.params, given, `${name} (${where})`)
    const secrets = secretsIn(given)
    const key = secrets.length > 0 ? `${name} at ${where}` : `${name} ${JSON.stringify(given)}`
    return { kind: 'look', name, where, key, secrets, look: (host) => definition.look(params, host) }
  }
}

/** Makes a role: a function from parameters to steps, with handlers of its own. */
export function defineRole<P extends Schema>(definition: {
  readonly name: string
  readonly params: P
  tasks(params: Out<P>): Steps
  handlers?(params: Out<P>): readonly Task[]
}): (given: Schema.InferInput<P>, options?: Inherited) => Block {
  const { name } = definition
  return function make(given, options = {}): Block {
    const where = callerOf(make)
    const params = valid(definition.params, given, `role ${name} (${where})`)
    const handlers = definition.handlers?.(params) ?? []
    return { kind: 'block', title: name, where, options, tasks: definition.tasks(params), rescue: [], always: [], handlers }
  }
}

/** All steps of a list in lists, in order. Rejects what is no step, naming where it stands. */
export function flat(steps: Steps, where: string): readonly Step[] {
  if (!Array.isArray(steps)) throw new UsageError(`${where}: expected a list of steps, got ${typeof steps}`)
  return steps.flatMap((step: Step | Steps): readonly Step[] => {
    if (Array.isArray(step)) return flat(step, where)
    if (typeof step === 'object' && step !== null && 'kind' in step && kinds.has(step.kind)) return [step]
    throw new UsageError(`${where}: expected tasks, blocks and other steps, got ${step === null ? 'null' : typeof step}`)
  })
}

const kinds: ReadonlySet<string> = new Set(['task', 'block', 'decide', 'meta'])
