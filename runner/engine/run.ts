import { setImmediate, setTimeout } from 'node:timers/promises'
import type { Become, Connector, Host, Plain, Schema } from '../contract.ts'
import { clean, UsageError } from '../errors.ts'
import type { Report, Totals } from '../events.ts'
import type { FactCache, Guard, Resumed, Tags } from '../hooks.ts'
import type { Inventory, Playbook } from '../playbook.ts'
import { redactor, type Secret, secretsIn } from '../secret.ts'
import type { Context } from './context.ts'
import { plain } from './effective.ts'
import { Machines } from './machines.ts'
import { type Entry, entryOf, runPlay, validPlay } from './play.ts'
import { Pool } from './pool.ts'
import type { HostSummary } from './tally.ts'

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

/** Runs one play; see `runPlays`. */
export function runPlaybook<V extends Schema>({ playbook, hosts, ...options }: Omit<RunOptions, 'plays'> & Chosen<V>): Promise<Summary> {
  return runPlays({ ...options, plays: [{ playbook, hosts }] })
}

/**
 * Runs plays, one after the other. A host that fails stops and is left out of the later ones; the others go on. Rejects with UsageError,
 * before anything is contacted, when plays, variables or parameters are wrong; whatever happens on hosts is in the summary.
 */
export async function runPlays(options: RunOptions): Promise<Summary> {
  const { clock = Date, signal, graceMs = 5_000 } = options
  const breathe = breather()
  const plays = await prepared(options, breathe)
  const voice = voiceOf(options, plays)
  const pool = new Pool(options.connector, signal)
  const begun = clock.now()
  const results = new Map<string, HostSummary>()
  let cut = false // interrupted between two plays
  let grace: NodeJS.Timeout | undefined
  const interrupted = (): void => {
    grace = globalThis.setTimeout(() => void pool.close(), graceMs)
  }
  signal.addEventListener('abort', interrupted, { once: true })
  try {
    for (const [index, { playbook, entries }] of plays.entries()) {
      const live = entries.filter(({ host }) => (results.get(host.name)?.outcome ?? 'fine') === 'fine')
      if (live.length === 0 && entries.length > 0) continue
      const context = contextOf(options, { index, plays, pool, breathe, ...voice })
      const { hosts, stopped } = await runPlay(playbook, live, context)
      for (const [name, summary] of hosts) results.set(name, joined(results.get(name), voice.clean(summary)))
      cut = signal.aborted && index + 1 < plays.length
      if (stopped !== undefined || cut) break
    }
  } finally {
    signal.removeEventListener('abort', interrupted)
    clearTimeout(grace)
    await pool.close()
  }
  const hosts = Object.fromEntries(results)
  const summary = {
    hosts,
    interrupted: cut || Object.values(hosts).some(({ outcome }) => outcome === 'interrupted'),
    ms: clock.now() - begun,
  }
  const totals = Object.fromEntries([...results].map(([name, host]) => [name, totalsOf(host)]))
  voice.report({ type: 'summary', at: clock.now(), hosts: totals, interrupted: summary.interrupted, ms: summary.ms })
  return summary
}

interface Prepared {
  readonly playbook: Playbook
  readonly entries: readonly Entry[]
}

/** Everything that can be wrong before a host is asked. */
async function prepared(options: RunOptions, breathe: () => Promise<void>): Promise<readonly Prepared[]> {
  const { plays, forks, vars = {}, tags = {}, startAt } = options
  if (!Number.isInteger(forks) || forks < 1) throw new UsageError(`forks: expected a whole number from 1, got ${forks}`)
  const inventory = inventoryOf(options)
  const around = options.become === undefined ? plain : { ...plain, become: options.become }
  const known = (name: string): boolean => name === 'localhost' || inventory.hosts.some((host) => host.name === name)
  const compile = { tags, around, known, ...(startAt === undefined ? {} : { startAt }) }
  const all: Prepared[] = []
  for (const { playbook, hosts } of plays) {
    validPlay(playbook)
    const names = new Set<string>()
    const entries: Entry[] = []
    for (const host of hosts) {
      if (names.has(host.name)) throw new UsageError(`Two hosts are named '${host.name}': a host needs a name of its own`)
      names.add(host.name)
      if (host.connection.kind === 'none') throw new UsageError(`${host.name} cannot be reached: ${host.connection.why}`)
      entries.push(entryOf({ playbook, host, vars, inventory, compile }))
      await breathe()
    }
    all.push({ playbook, entries })
  }
  return all
}

/** The way out for events: no secret passes that anybody in the run has. */
function voiceOf({ plays, vars, becomePassword, inventory, report }: RunOptions, prepared: readonly Prepared[]) {
  const secrets = new Set<Secret>(secretsIn([vars, becomePassword, inventory?.hosts, plays.map(({ hosts }) => hosts)]))
  let redact = redactor(secrets)
  const protect = (more: readonly Secret[]): void => {
    const fresh = more.filter((secret) => !secrets.has(secret))
    if (fresh.length === 0) return
    for (const secret of fresh) secrets.add(secret)
    redact = redactor(secrets)
  }
  protect(prepared.flatMap(({ entries }) => entries.flatMap(({ program }) => (typeof program === 'function' ? [] : program.secrets))))
  return {
    protect,
    report: ((event) => report(clean(event, redact))) satisfies Report,
    clean: (summary: HostSummary) => clean(summary, redact),
  }
}

interface Parts extends Pick<Context, 'pool' | 'report' | 'protect' | 'breathe'> {
  readonly index: number
  readonly plays: readonly Prepared[]
}

function contextOf(options: RunOptions, { index, plays, pool, report, protect, breathe }: Parts): Context {
  const { signal, mode, forks, window = 64, forceHandlers = false, guard, facts, resume, becomePassword, clock = Date } = options
  const { sleep = (ms) => setTimeout(ms, undefined, { signal }).catch(() => undefined) } = options
  const hosts = new Map(inventoryOf(options).hosts.map((host) => [host.name, host]))
  const later = new Set(plays.slice(index + 1).flatMap(({ entries }) => entries.map(({ host }) => host.name)))
  return {
    index,
    pool,
    report,
    protect,
    breathe,
    signal,
    mode,
    forks,
    window,
    forceHandlers,
    guard,
    facts,
    becomePassword,
    machines: new Machines(),
    now: () => clock.now(),
    sleep: (ms) => sleep(ms, signal),
    hostNamed: (name) => hosts.get(name) ?? { name, vars: {}, connection: { kind: 'local' } },
    resumed: (host) => resume?.(index, host),
    neededLater: (host) => later.has(host),
  }
}

/** All hosts that the run knows of. */
function inventoryOf({ inventory, plays }: RunOptions): Inventory {
  if (inventory !== undefined) return inventory
  const hosts = [...new Map(plays.flatMap((play) => play.hosts.map((host) => [host.name, host] as const))).values()]
  return { hosts, choose: (pattern) => hosts.filter(({ name, groups = [] }) => pattern === 'all' || [name, ...groups].includes(pattern)) }
}

/** Long work without waiting would keep timers and sockets waiting: now and then they come first. */
function breather(): () => Promise<void> {
  let last = performance.now()
  return async () => {
    if (performance.now() - last < 10) return
    await setImmediate()
    last = performance.now()
  }
}

function joined(before: HostSummary | undefined, summary: HostSummary): HostSummary {
  if (before === undefined) return summary
  const counts = Object.entries(totalsOf(summary)).map(([key, count]) => [key, count + before[key as keyof Totals]])
  return { ...summary, ...(Object.fromEntries(counts) as unknown as Totals) }
}

const totalsOf = ({ outcome: _, error: __, lastTask: ___, ...totals }: HostSummary): Totals => totals
