import type { Connection, Connector, Host, Plan, Reader, Returned, Task } from '../contract.ts'
import { ConnectionLost, OutcomeUnknown, RemoteError, TaskFailed, Unreachable } from '../errors.ts'
import type { Report, TaskEvent, Totals } from '../events.ts'

/** How a host came out of a run. */
export interface HostSummary extends Totals {
  readonly outcome: 'fine' | 'failed' | 'unreachable' | 'interrupted'
  /** What ended the run on this host: a HostKeyMismatch, another Unreachable, or the failure of a task. */
  readonly error?: Error
  /** The title of the task it ended in. */
  readonly lastTask?: string
}

interface Given {
  readonly host: Host
  readonly tasks: readonly Task[]
  readonly connector: Connector
  readonly report: Report
  readonly signal: AbortSignal
  readonly mode: 'apply' | 'check'
  readonly graceMs: number
  now(): number
}

type End = Pick<HostSummary, 'outcome' | 'error' | 'lastTask'>
type Counter = { -readonly [K in keyof Totals]: Totals[K] }
/** What is carried from task to task of one host. */
interface Course {
  readonly connection: Connection
  /** All that a look may use, at run time too. */
  readonly eyes: Reader
  readonly counts: Counter
  readonly pending: Set<Task>
  /** Check mode: an earlier task would have changed the host, so a look that fails now proves nothing. */
  foreseen: boolean
}

/** Brings one host to the state its tasks describe, then runs the handlers they woke. Never rejects. */
export async function converge(given: Given): Promise<HostSummary> {
  const { host, tasks, connector, report, signal, now } = given
  const counts: Counter = { ok: 0, changed: 0, failed: 0, skipped: 0, unknown: 0, unreachable: 0, ignored: 0, rescued: 0, roundTrips: 0 }
  if (signal.aborted) return { ...counts, outcome: 'interrupted' }
  report({ type: 'hostStarted', at: now(), host: host.name, tasks: tasks.length })
  const end = await reach(connector, host, signal).then(
    (connection) => follow(given, connection, counts),
    (error: unknown): End => {
      if (signal.aborted) return { outcome: 'interrupted' }
      counts.unreachable += 1
      report({ type: 'hostUnreachable', at: now(), host: host.name, error: asError(error) })
      return { outcome: 'unreachable', error: asError(error) }
    },
  )
  report({ type: 'hostEnded', at: now(), host: host.name, counts: { ...counts }, roundTrips: 0 })
  return { ...counts, ...end }
}

const reach = async (connector: Connector, host: Host, signal: AbortSignal): Promise<Connection> => connector.connect(host, signal)

async function follow(given: Given, connection: Connection, counts: Counter): Promise<End> {
  const eyes = Object.freeze({ probe: connection.probe.bind(connection), read: connection.read.bind(connection) })
  const course: Course = { connection, eyes, counts, pending: new Set(), foreseen: false }
  let grace: NodeJS.Timeout | undefined
  const interrupted = (): void => {
    grace = setTimeout(() => void connection.close(), given.graceMs)
  }
  given.signal.addEventListener('abort', interrupted, { once: true })
  try {
    for (const task of given.tasks) {
      const end = await step(given, course, task, false)
      if (end !== undefined) return end
    }
    const done = new Set<Task>()
    for (let handler = first(course.pending, done); handler !== undefined; handler = first(course.pending, done)) {
      done.add(handler)
      const end = await step(given, course, handler, true)
      if (end !== undefined) return end
    }
    return { outcome: 'fine' }
  } finally {
    given.signal.removeEventListener('abort', interrupted)
    clearTimeout(grace)
    await connection.close()
  }
}

/** Handlers run in the order they were defined, each once, also those that a handler wakes. */
function first(pending: ReadonlySet<Task>, done: ReadonlySet<Task>): Task | undefined {
  return [...pending].filter((task) => !done.has(task)).sort((a, b) => a.order - b.order)[0]
}

/** One task on one host. Says how the host ended, or nothing if it goes on. */
async function step(given: Given, course: Course, task: Task, handler: boolean): Promise<End | undefined> {
  const { host, signal, now, report } = given
  const { counts } = course
  if (signal.aborted) return { outcome: 'interrupted', lastTask: task.title }
  const begun = now()
  const ms = (): number => now() - begun
  const say = (event: TaskEvent): void =>
    report({
      at: now(),
      host: host.name,
      task: task.title,
      module: task.module,
      id: `${task.where}#1`,
      where: task.where,
      handler,
      ...(task.options.noLog === true ? hidden(event) : event),
    })
  say({ type: 'taskStarted' })
  if (task.options.when === false) {
    counts.skipped += 1
    say({ type: 'skipped', msg: 'its condition is false', ms: ms() })
    return undefined
  }
  try {
    await attempt(given, course, task, say, ms)
    return undefined
  } catch (thrown) {
    const error = task.options.noLog === true ? veiled(asError(thrown)) : asError(thrown)
    if (error instanceof Unreachable) {
      counts.unreachable += 1
      say({ type: 'unreachable', error, ignored: false, ms: ms() })
      return { outcome: signal.aborted ? 'interrupted' : 'unreachable', error, lastTask: task.title }
    }
    if (error instanceof OutcomeUnknown || (given.mode === 'check' && course.foreseen)) {
      counts.unknown += 1
      course.foreseen = true
      say({
        type: 'unknown',
        msg: error instanceof OutcomeUnknown ? error.message : `an earlier change would come first: ${error.message}`,
        ms: ms(),
      })
      return undefined
    }
    const ignored = task.options.ignoreErrors === true
    say({ type: 'failed', error, ignored, returned: returnedBy(error), ms: ms() })
    counts[ignored ? 'ignored' : 'failed'] += 1
    if (ignored) counts.ok += 1
    return ignored ? undefined : { outcome: 'failed', error, lastTask: task.title }
  }
}

/** See, compare, apply. */
async function attempt(given: Given, course: Course, task: Task, say: (event: TaskEvent) => void, ms: () => number): Promise<void> {
  const { counts } = course
  const plan = await task.plan(course.eyes)
  say({ type: 'planned', now: plan.now, want: plan.want, changes: plan.changes })
  const ended = (changed: boolean, returned: Returned): void => {
    counts.ok += 1
    if (changed) counts.changed += 1
    if (changed) wake(course, task, say)
    say({ type: 'ok', changed, ...(plan.untold ? {} : said(plan)), returned, ms: ms() })
  }
  if (!plan.changes) return ended(false, plan.shows)
  if (given.mode === 'apply') {
    const { changed, returned } = await plan.apply(course.connection)
    say({ type: 'applied', ms: ms() })
    return ended(changed, returned)
  }
  course.foreseen = true
  if (!plan.untold) return ended(true, plan.shows)
  counts.skipped += 1
  say({ type: 'skipped', msg: plan.msg ?? 'it would run if this were not check mode', ms: ms() })
}

function wake(course: Course, task: Task, say: (event: TaskEvent) => void): void {
  for (const handler of [task.options.notify ?? []].flat()) {
    if (typeof handler === 'string') continue
    course.pending.add(handler)
    say({ type: 'notified', handlerTitle: handler.title, handlerId: `${handler.where}#1` })
  }
}

const said = ({ msg }: Plan): { msg?: string } => (msg === undefined ? {} : { msg })

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)))

function returnedBy(error: Error): Returned {
  if (error instanceof TaskFailed) return error.returned
  if (!(error instanceof RemoteError) || error.output === undefined) return {}
  const { code, stdout, stderr } = error.output
  return { cmd: error.command, rc: code, stdout, stderr }
}

const veil = 'not shown, because the task has noLog'

/** What may be said of a task with `noLog`: that it ran, and how it ended. */
function hidden(event: TaskEvent): TaskEvent {
  if (event.type === 'planned') return { ...event, now: null, want: null }
  if (event.type === 'ok') return { type: 'ok', changed: event.changed, returned: {}, ms: event.ms }
  if (event.type === 'failed') return { ...event, returned: {} }
  return event.type === 'unknown' || event.type === 'skipped' ? { ...event, msg: veil } : event
}

/** An error of the same class that says nothing. */
function veiled(error: Error): Error {
  const kept = error instanceof ConnectionLost ? { started: error.started } : {}
  return Object.assign(Object.create(Object.getPrototypeOf(error)) as Error, { message: veil, stack: veil, ...kept })
}
