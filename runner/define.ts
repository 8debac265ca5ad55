import type {
  Action,
  ActionOptions,
  Applied,
  In,
  Module,
  Out,
  Plain,
  Plan,
  Reader,
  Returned,
  Schema,
  Task,
  TaskOptions,
} from './contract.ts'
import { TaskFailed, UsageError } from './errors.ts'
import { Secret, secretsIn } from './secret.ts'
import { callerOf } from './where.ts'

/** What a playbook calls: it makes a task. `definition` is for tests and for the reference pages. */
export interface TaskMaker<P extends Schema, O, D> {
  (title: string, params: In<P>, options?: O): Task
  readonly definition: D
}

/** Makes a module callable by playbooks; parameters are validated at each call. */
export function defineModule<P extends Schema, S extends Plain>(module: Module<P, S>): TaskMaker<P, TaskOptions, Module<P, S>> {
  function make(title: string, given: In<P>, options: TaskOptions = {}): Task {
    const where = callerOf(make)
    const params = valid(module.params, given, `${module.name} '${title}' (${where})`)
    const plan: Task['plan'] = (host) => planModule(module, params, host)
    return task({ title, module: module.name, options, where, acts: false, plan }, given)
  }
  return Object.assign(make, { definition: module })
}

/** Makes an action callable by playbooks; parameters are validated at each call. */
export function defineAction<P extends Schema>(action: Action<P>): TaskMaker<P, ActionOptions, Action<P>> {
  function make(title: string, given: In<P>, options: ActionOptions = {}): Task {
    const where = callerOf(make)
    const params = valid(action.params, given, `${action.name} '${title}' (${where})`)
    const plan: Task['plan'] = (host) => planAction(action, params, options, host)
    return task({ title, module: action.name, options, where, acts: action.foresee === undefined, plan }, given)
  }
  return Object.assign(make, { definition: action })
}

/** The value a schema makes of `given`; otherwise a UsageError that names `what`, the parameter, what came, and where from if that is known. */
export function valid<S extends Schema>(schema: S, given: unknown, what: string, origins: Readonly<Record<string, string>> = {}): Out<S> {
  const result = schema['~standard'].validate(given)
  if (result instanceof Promise) throw new UsageError(`${what}: a schema that has to wait cannot be used for parameters`)
  if (result.issues === undefined) return result.value
  const lines = result.issues.map((issue) => {
    const path = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part))
    const name = path.length === 0 ? '' : `parameter '${path.map(String).join('.')}': `
    const origin = origins[String(path[0])]
    return `${name}${issue.message}${got(given, path)}${origin === undefined ? '' : ` (${origin})`}`
  })
  throw new UsageError(`${what}: ${lines.join('; ')}`)
}

/** Whether two states are the same; the order of keys does not count. */
export function same(a: Plain, b: Plain): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || isList(a) !== isList(b)) return false
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))]
  return [...new Set([...left.keys(), ...right.keys()])].every((key) => {
    const [x, y] = [left.get(key), right.get(key)]
    return x === undefined || y === undefined ? x === y : same(x, y)
  })
}

async function planModule<P extends Schema, S extends Plain>(module: Module<P, S>, params: Out<P>, host: Reader): Promise<Plan> {
  const now = await module.check(params, host)
  const want = module.want(params, now)
  const show = (state: S): Returned => module.show?.(params, state) ?? {}
  return {
    now,
    want,
    changes: !same(now, want),
    untold: false,
    shows: show(want),
    apply: async (connection): Promise<Applied> => {
      const returned = await module.apply({ params, now, want }, connection)
      return { changed: true, returned: { ...show(want), ...returned } }
    },
  }
}

async function planAction<P extends Schema>(action: Action<P>, params: Out<P>, options: ActionOptions, host: Reader): Promise<Plan> {
  const { will, msg } = (await action.foresee?.(params, host)) ?? { will: 'change' as const, msg: undefined }
  return {
    now: null,
    want: will === 'stay' ? null : { run: true },
    changes: will !== 'stay',
    untold: will === 'run',
    ...(msg === undefined ? {} : { msg }),
    shows: {},
    apply: async (connection): Promise<Applied> => {
      const returned = await judged(action.run(params, connection), options.failedWhen)
      return { changed: options.changedWhen?.(returned) ?? true, returned }
    },
  }
}

/** What an action returned, where `failedWhen` has the last word on whether that is a failure. */
async function judged(work: ReturnType<Action<Schema>['run']>, failedWhen: ActionOptions['failedWhen']): Promise<Returned> {
  if (failedWhen === undefined) return (await work) ?? {}
  const [returned, failure] = await work.then(
    (value) => [value ?? {}, undefined] as const,
    (error: unknown) => {
      if (error instanceof TaskFailed) return [error.returned, error] as const
      throw error
    },
  )
  if (failedWhen(returned)) throw failure ?? new TaskFailed('failedWhen says that this is a failure', returned)
  return returned
}

let made = 0

function task(parts: Omit<Task, 'kind' | 'order' | 'secrets'>, given: unknown): Task {
  if (parts.title.trim() === '') throw new UsageError(`${parts.module} (${parts.where}): a task needs a title that says what it keeps`)
  made += 1
  return { kind: 'task', ...parts, order: made, secrets: secretsIn([given, parts.options.environment, parts.options.become]) }
}

function got(given: unknown, path: readonly PropertyKey[]): string {
  if (path.length === 0) return ''
  let value = given
  for (const key of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
  if (value === undefined) return ', got nothing'
  if (value instanceof Secret) return ', got a Secret'
  const text = typeof value === 'object' ? (Array.isArray(value) ? 'a list' : 'an object') : JSON.stringify(value)
  return `, got ${text === undefined ? typeof value : text.length > 60 ? `${text.slice(0, 59)}…` : text}`
}

const isList = (value: Plain): value is readonly Plain[] => Array.isArray(value)
