/** `skep apply`: does what a plan says, where everything is still as it was when it was made. */
import { Command } from 'commander'
import { printable } from '../custody/names.ts'
import type { Chosen } from '../runner/engine/run.ts'
import { TaskFailed, UsageError } from '../runner/errors.ts'
import type { RunEvent } from '../runner/events.ts'
import type { Guard } from '../runner/hooks.ts'
import type { Inventory } from '../runner/playbook.ts'
import { Planned } from '../runner/report/planned.ts'
import { chosenBy, madeOf } from './chosen.ts'
import { changedSince, digestsOf } from './digests.ts'
import { withVariables } from './inventory-flags.ts'
import { askedPassword, type OnHosts, onHosts } from './on-hosts.ts'
import { hostsOf, type PlanFile, type PlannedStep, readPlan, stateDigest } from './plan-file.ts'
import { type RunFlags, type TaskFlags, tagsOf, withTelling } from './run-flags.ts'
import { stateKey } from './state-dir.ts'

type Given = Omit<RunFlags, 'inventory' | 'limit' | 'become' | 'check'>
type Flags = RunFlags & TaskFlags

/** The command, to be hung under `skep`. */
export function applyCommand(): Command {
  const command = new Command('apply')
    .description('do what a plan says and nothing else; where a host is not as it was, nothing is done there')
    .argument('<plan>', 'a file that skep plan wrote')
  return withTelling(withVariables(command)).action(async (file: string, given: Given) => {
    const plan = readPlan(file)
    const { playbooks, extraVars, limit, tags, skipTags, startAtTask, ...asked } = plan.asked
    const missing = extraVars.filter((name) => !(name in given.extraVars))
    if (missing.length > 0) {
      const again = missing.map((name) => `-e ${name}=…`).join(' ')
      throw new UsageError(`plan ${file} was made with variables whose values it does not keep: give them again: ${again}`)
    }
    const flags: Flags = {
      ...given,
      ...asked,
      ...(limit === undefined ? {} : { limit }),
      ...(tags === undefined ? {} : { tags }),
      ...(skipTags === undefined ? {} : { skipTags }),
      ...(startAtTask === undefined ? {} : { startAtTask }),
    }
    const { plays, inventory } = await chosenBy(playbooks, flags)
    const changed = changedSince(plan.digests, digestsOf(madeOf(playbooks, plays, flags), plan.digests.salt, stateKey))
    if (changed.length > 0) throw new UsageError(`since plan ${file} was made there has changed: ${changed.join(', ')}. Make a new plan`)
    process.exitCode = await apply(plan, plays, inventory, flags)
  })
}

async function apply(plan: PlanFile, plays: readonly Chosen[], inventory: Inventory, flags: Flags): Promise<number> {
  const { startAtTask, profile: _, retryFile: __, ...unheard } = flags
  const becomePassword = await askedPassword(flags)
  const more: OnHosts = { becomePassword, tags: tagsOf(flags), ...(startAtTask === undefined ? {} : { startAt: startAtTask }) }
  const { salt } = plan.digests
  const looked = new Planned()
  const look = { ...more, hear: (event: RunEvent): undefined => void looked.hear(event) }
  const plannable = only(plays, (name) => plan.hosts[name]?.can === 'fine')
  if ((await onHosts(plannable, inventory, { ...unheard, check: true }, look)) === 130) return 130
  const now = hostsOf(looked, salt)
  const moved = new Map<string, string>()
  for (const [name, was] of Object.entries(plan.hosts)) {
    const why = movedSince(was, now[name])
    if (why !== undefined) moved.set(name, why)
  }
  for (const [name, why] of moved) process.stderr.write(`skep: ${printable(`${name}: ${why}; nothing is done there. Make a new plan`)}\n`)
  const still = only(plays, (name) => plan.hosts[name] !== undefined && !moved.has(name))
  const code = still.every(({ hosts }) => hosts.length === 0) ? 0 : await onHosts(still, inventory, flags, { ...more, ...guarded(plan) })
  return code === 130 ? code : code | (moved.size > 0 ? 2 : 0)
}

/** The plays with fewer hosts; those that are left with none are not run. */
function only(plays: readonly Chosen[], wanted: (name: string) => boolean): readonly Chosen[] {
  return plays.map((play) => ({ ...play, hosts: play.hosts.filter(({ name }) => wanted(name)) }))
}

/** Why a host cannot be done as planned. */
function movedSince(was: PlanFile['hosts'][string], now: PlanFile['hosts'][string] | undefined): string | undefined {
  if (was.can === 'failed') return 'it failed when the plan was made'
  if (was.can === 'unreachable') return 'it could not be reached when the plan was made'
  if (now === undefined || now.can === 'unreachable') return 'it cannot be reached'
  const at = was.steps.findIndex((step, place) => !sameStep(step, now.steps[place]))
  const step = was.steps[at] ?? now.steps[was.steps.length]
  return step === undefined ? undefined : `at ${step.what} it is not as it was when the plan was made`
}

const sameStep = (a: PlannedStep, b: PlannedStep | undefined): boolean =>
  a.play === b?.play && a.id === b.id && a.does === b.does && a.state === b.state

/** Lets nothing be done that is not in the plan. */
function guarded({ hosts, digests: { salt } }: PlanFile): Pick<OnHosts, 'guard' | 'hear'> {
  let play = 0
  const states = new Map<string, string>()
  /** Handlers that were notified by tasks of which the plan could not say whether they change something. */
  const woken = new Set<string>()
  const stepOf = (host: string, id: string): PlannedStep | undefined =>
    hosts[host]?.steps.find((step) => step.play === play && step.id === id)
  const isWoken = (host: string, id: string): boolean => [...woken].some((key) => `${host} ${id}`.startsWith(`${key}@`))
  const hear = (event: RunEvent): RunEvent => {
    if (event.type === 'playStarted') play = event.index
    if (event.type === 'planned') states.set(event.host, stateDigest(salt, event))
    if (event.type === 'notified' && (stepOf(event.host, event.id)?.does === 'unknown' || isWoken(event.host, event.id)))
      woken.add(`${event.host} ${event.handlerId}`)
    return event
  }
  const guard: Guard = ({ name }, { id, task }) => {
    const step = stepOf(name, id)
    if (step?.does === 'unknown' || isWoken(name, id)) return
    // What a task behind a change finds cannot have been seen when the plan was made.
    if (step?.does === 'change' && (step.behind || step.state === states.get(name))) return
    throw new TaskFailed(
      `the plan does not say that ${task.module} '${task.title}' (${task.where}) changes something here. Make a new plan`,
    )
  }
  return { guard, hear }
}
