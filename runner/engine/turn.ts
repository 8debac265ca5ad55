/** One task on one host, in its turn: see, compare, apply, as often as it is to be tried. */
import type { Connection, Plan, Result, Returned, Task } from '../contract.ts'
import { OutcomeUnknown, TaskFailed, Unreachable } from '../errors.ts'
import type { TaskEvent } from '../events.ts'
import type { TaskOp } from './compile.ts'
import { Detached } from './detached.ts'
import type { Machine } from './machines.ts'
import { asError, returnedBy } from './say.ts'

/** How a task ended on a host. */
export type Outcome =
  | { readonly type: 'ok'; readonly changed: boolean; readonly msg?: string; readonly returned: Returned }
  | {
      readonly type: 'skipped' | 'unknown'
      readonly msg: string /** It would have run: what of that is not known. */
      readonly untold?: true
    }
  | { readonly type: 'failed'; readonly error: Error; readonly returned: Returned }
  | { readonly type: 'unreachable'; readonly error: Error }

export interface TurnGiven {
  readonly op: TaskOp
  readonly mode: 'apply' | 'check'
  readonly machine: Machine
  /** Check mode: an earlier task would have changed the host, so a look that fails now proves nothing. */
  readonly foreseen: boolean
  /** The run before began it, and did not see it end. */
  readonly begun: boolean
  readonly say: (event: TaskEvent) => void
  readonly ms: () => number
  /** The first look may have been made ahead; later ones are made at once. */
  see(again: boolean): Promise<Plan>
  hands(): Promise<Connection>
  guard(plan: Plan): void | Promise<void>
  /** Waits, letting others have the slot; resolves early when the run is interrupted. */
  pause(ms: number): Promise<void>
  readonly interrupted: () => boolean
}

/** An action that was begun, and nobody knows whether it finished: no look can tell, so somebody has to. */
export class InDoubt extends TaskFailed {
  constructor({ module, title, where }: Task) {
    super(
      `${module} '${title}' (${where}) was begun by the run before, and nobody knows whether it finished. ` +
        'Find out; then go on with --force, which does it again, or begin anew.',
    )
  }
}

/** Never rejects. Undefined: the run was interrupted while it waited to try again. */
export async function turn(given: TurnGiven): Promise<Outcome | undefined> {
  const { until, retries = until === undefined ? 0 : 3, delay = 5 } = given.op.options
  let changed = false
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await attemptOnce(given, attempt > 1)
    changed ||= outcome.type === 'ok' && outcome.changed
    const last = attempt > retries || given.mode === 'check'
    if (outcome.type !== 'ok' && outcome.type !== 'failed') return outcome
    if (outcome.type === 'failed' && (retries === 0 || outcome.error instanceof InDoubt)) return outcome
    let holds: boolean
    try {
      holds = outcome.type === 'ok' && (until === undefined || given.mode === 'check' || until(resultOf(outcome)))
    } catch (thrown) {
      return broken(new Error(`its until: ${asError(thrown).message}`, { cause: thrown }), false)
    }
    if (holds && outcome.type === 'ok') return { ...outcome, changed }
    const msg = outcome.type === 'failed' ? outcome.error.message : 'what it waits for is not so yet'
    if (last) {
      if (outcome.type === 'failed') return outcome
      return { type: 'failed', error: new TaskFailed(`${msg}, after ${attempt} tries`), returned: outcome.returned }
    }
    given.say({ type: 'retrying', attempt, retries, msg })
    await given.pause(delay * 1000)
    if (given.interrupted()) return undefined
  }
}

/** What `until`, `decide` and a journal get of an outcome. */
export function resultOf(outcome: Outcome): Result {
  const none = { changed: false, failed: false, skipped: false, unknown: false, returned: {} }
  switch (outcome.type) {
    case 'ok':
      return { ...none, changed: outcome.changed, returned: outcome.returned, ...(outcome.msg === undefined ? {} : { msg: outcome.msg }) }
    case 'skipped':
      return { ...none, skipped: true, unknown: outcome.untold === true, msg: outcome.msg }
    case 'unknown':
      return { ...none, unknown: true, msg: outcome.msg }
    case 'failed':
      return { ...none, failed: true, msg: outcome.error.message, returned: outcome.returned }
    case 'unreachable':
      return { ...none, failed: true, msg: outcome.error.message }
  }
}

/** The way back, for what a journal has. */
export function outcomeOf({ changed, failed, skipped, unknown, msg = '', returned }: Result): Outcome {
  if (failed) return { type: 'failed', error: new TaskFailed(msg, returned), returned }
  if (skipped || unknown) return { type: skipped ? 'skipped' : 'unknown', msg }
  return { type: 'ok', changed, returned }
}

async function attemptOnce(given: TurnGiven, again: boolean): Promise<Outcome> {
  try {
    const plan = await given.see(again)
    const { task } = given.op
    if (given.begun && !again && given.mode === 'apply' && plan.changes && (plan.untold || task.acts)) throw new InDoubt(task)
    return await act(given, plan)
  } catch (thrown) {
    return broken(thrown, given.mode === 'check' && given.foreseen)
  }
}

/** What an error means. `foreseen`: an earlier change might have prevented it. */
export function broken(thrown: unknown, foreseen: boolean): Outcome {
  const error = asError(thrown)
  if (error instanceof Unreachable) return { type: 'unreachable', error }
  if (error instanceof OutcomeUnknown) return { type: 'unknown', msg: error.message }
  if (foreseen) return { type: 'unknown', msg: `an earlier change would come first: ${error.message}` }
  return { type: 'failed', error, returned: returnedBy(error) }
}

async function act(given: TurnGiven, plan: Plan): Promise<Outcome> {
  const { say, ms, mode, machine } = given
  say({ type: 'planned', now: plan.now, want: plan.want, changes: plan.changes })
  const ok = (changed: boolean, returned: Returned): Outcome => ({
    type: 'ok',
    changed,
    ...(plan.untold || plan.msg === undefined ? {} : { msg: plan.msg }),
    returned,
  })
  if (!plan.changes) return ok(false, plan.shows)
  if (mode === 'check') {
    if (!plan.untold) return ok(true, plan.shows)
    return { type: 'skipped', msg: plan.msg ?? 'it would run if this were not check mode', untold: true }
  }
  await given.guard(plan)
  const hands = await given.hands()
  const { changed, returned } = await machine.changing(() => plan.apply(hands))
  say({ type: 'applied', ms: ms() })
  const left = hands instanceof Detached ? hands.left : undefined
  return ok(changed, left === undefined ? returned : { jobId: left, started: true, finished: false })
}
