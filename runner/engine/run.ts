import type { Connector, Counts, Host, Plain, Playbook, Report, Schema, Task } from '../contract.ts'
import { valid } from '../define.ts'
import { clean, UsageError } from '../errors.ts'
import { redactor, type Secret, secretsIn } from '../secret.ts'
import { converge, type HostSummary } from './converge.ts'

export interface RunOptions<V extends Schema> {
  readonly playbook: Playbook<V>
  /** The hosts to run on, already chosen. */
  readonly hosts: readonly Host[]
  /** Win over a host's own. */
  readonly vars?: Readonly<Record<string, Plain | Secret>>
  readonly connector: Connector
  readonly report: Report
  readonly signal: AbortSignal
  readonly mode: 'apply' | 'check'
  /** How many hosts at once. */
  readonly forks: number
  readonly clock?: { now(): number }
  /** After an interrupt, how long a running task may take to finish before it is ended. */
  readonly graceMs?: number
}

export interface Summary {
  readonly hosts: Readonly<Record<string, HostSummary>>
  readonly interrupted: boolean
  readonly ms: number
}

/**
 * Runs a playbook: task after task on each host, `forks` hosts at once. A host that fails stops, the others go on. Rejects with
 * UsageError, before anything is contacted, when variables or parameters are wrong; whatever happens on hosts is in the summary.
 */
export async function runPlaybook<V extends Schema>(options: RunOptions<V>): Promise<Summary> {
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
  const counts = Object.fromEntries(Object.entries(summary.hosts).map(([name, host]) => [name, countsOf(host)]))
  report({ type: 'summary', at: clock.now(), hosts: counts, interrupted: summary.interrupted, ms: summary.ms })
  return summary
}

function tasksOf<V extends Schema>(playbook: Playbook<V>, host: Host, vars: Readonly<Record<string, Plain | Secret>>): readonly Task[] {
  const given = valid(playbook.vars, { ...host.vars, ...vars }, `variables of ${host.name} for playbook '${playbook.title}'`)
  return playbook.tasks({ host, vars: given })
}

/** A task's secrets and those of every handler it may wake. */
function secretsOf(task: Task, seen = new Set<Task>()): readonly Secret[] {
  if (seen.has(task)) return []
  seen.add(task)
  return [...task.secrets, ...[task.options.notify ?? []].flat().flatMap((handler) => secretsOf(handler, seen))]
}

const countsOf = ({ ok, changed, failed, skipped, unknown, unreachable, ignored }: HostSummary): Counts => ({
  ok,
  changed,
  failed,
  skipped,
  unknown,
  unreachable,
  ignored,
})
