import type { Become, Connector, Host, Plain, Schema, Task } from '../contract.ts'
import { valid } from '../define.ts'
import { clean, UsageError } from '../errors.ts'
import type { Report, Totals } from '../events.ts'
import type { FactCache, Guard, Resumed, Tags } from '../hooks.ts'
import type { Inventory, Playbook } from '../playbook.ts'
import { redactor, type Secret, secretsIn } from '../secret.ts'
import { flat } from '../steps.ts'
import { converge, type HostSummary } from './converge.ts'

/** A play and the hosts to run it on, already chosen, in order. */
export interface Chosen<V extends Schema = Schema> {
  readonly playbook: Playbook<V>
  readonly hosts: readonly Host[]
}

export interface RunOptions {
  /** One after the other; a host that fails is left out of the plays that follow. */
  readonly plays: readonly Chosen[]
  /** Win over a host's own. */
  readonly vars?: Readonly<Record<string, Plain | Secret>>
  readonly connector: Connector
  readonly report: Report
  readonly signal: AbortSignal
  readonly mode: 'apply' | 'check'
  /** How many hosts at once. */
  readonly forks: number
  /** All hosts that there are, for `given.inventory` and `delegateTo`. Default: those of the plays. */
  readonly inventory?: Inventory
  readonly tags?: Tags
  /** Everything before the first task with this title, or glob of titles, is left out. */
  readonly startAt?: string
  /** `-b` and its user and method: what hosts, plays and tasks do not say themselves. */
  readonly become?: Become
  readonly becomePassword?: Secret
  readonly forceHandlers?: boolean
  readonly guard?: Guard
  /** By host name, for a single play's journal by its index: what was done before. */
  readonly resume?: (play: number, host: string) => Resumed | undefined
  readonly facts?: FactCache
  /** How many tasks are looked at ahead at most; 1: none. */
  readonly window?: number
  readonly clock?: { now(): number }
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>
  /** After an interrupt, how long a running task may take to finish before it is ended. */
  readonly graceMs?: number
}

export interface Summary {
  readonly hosts: Readonly<Record<string, HostSummary>>
  readonly interrupted: boolean
  readonly ms: number
}

/** Runs plays one after the other. */
export async function runPlays({ plays, ...options }: RunOptions): Promise<Summary> {
  let all: Summary = { hosts: {}, interrupted: false, ms: 0 }
  for (const play of plays) {
    const { hosts, interrupted, ms } = await runPlaybook({ ...options, ...play })
    all = { hosts: { ...all.hosts, ...hosts }, interrupted: all.interrupted || interrupted, ms: all.ms + ms }
  }
  return all
}

/** Runs one play; see `runPlays`. */
export async function runPlaybook<V extends Schema>(options: Omit<RunOptions, 'plays'> & Chosen<V>): Promise<Summary> {
  const { playbook, hosts, vars = {}, signal, mode, clock = Date } = options
  if (!Number.isInteger(options.forks) || options.forks < 1)
    throw new UsageError(`forks: expected a whole number from 1, got ${options.forks}`)
  const twice = hosts.find((host, index) => hosts.findIndex(({ name }) => name === host.name) !== index)
  if (twice !== undefined) throw new UsageError(`Two hosts are named '${twice.name}': a host needs a name of its own`)

  const plays = hosts.map((host) => ({ host, tasks: tasksOf(playbook, host, vars) }))
  const redact = redactor(new Set([...secretsIn([vars, hosts]), ...plays.flatMap(({ tasks }) => tasks.flatMap((task) => secretsOf(task)))]))
  const begun = clock.now()
  const report: Report = (event) => options.report(clean(event, redact))
  report({ type: 'playStarted', at: begun, play: playbook.title, hosts: hosts.map(({ name }) => name), mode })

  const results = new Map<string, HostSummary>()
  const waiting = [...plays]
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { host, tasks } = next
      const { connector, graceMs = 5_000 } = options
      const summary = await converge({ host, tasks, connector, report, signal, mode, graceMs, now: () => clock.now() })
      results.set(host.name, clean(summary, redact))
    }
  }
  await Promise.all(Array.from({ length: Math.min(options.forks, hosts.length) }, worker))

  const summary = {
    hosts: Object.fromEntries(hosts.flatMap(({ name }) => (results.has(name) ? [[name, results.get(name) as HostSummary]] : []))),
    interrupted: [...results.values()].some(({ outcome }) => outcome === 'interrupted'),
    ms: clock.now() - begun,
  }
  const counts = Object.fromEntries(Object.entries(summary.hosts).map(([name, host]) => [name, totalsOf(host)]))
  report({ type: 'summary', at: clock.now(), hosts: counts, interrupted: summary.interrupted, ms: summary.ms })
  return summary
}

function tasksOf<V extends Schema>(playbook: Playbook<V>, host: Host, vars: Readonly<Record<string, Plain | Secret>>): readonly Task[] {
  const given = valid(playbook.vars, { ...host.vars, ...vars }, `variables of ${host.name} for playbook '${playbook.title}'`)
  const steps = playbook.tasks({ host, vars: given, facts: {} as never, inventory: { hosts: [host], choose: () => [] } })
  return flat(steps, playbook.where).filter((step) => step.kind === 'task')
}

/** A task's secrets and those of every handler it may wake. */
function secretsOf(task: Task, seen = new Set<Task>()): readonly Secret[] {
  if (seen.has(task)) return []
  seen.add(task)
  return [
    ...task.secrets,
    ...[task.options.notify ?? []].flat().flatMap((handler) => (typeof handler === 'string' ? [] : secretsOf(handler, seen))),
  ]
}

const totalsOf = ({ outcome: _, error: __, lastTask: ___, ...totals }: HostSummary): Totals => totals
