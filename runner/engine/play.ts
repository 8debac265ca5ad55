/** One play: what its hosts are given, its batches, and when it ends. */
import type { Host, Plain } from '../contract.ts'
import { valid } from '../define.ts'
import { UsageError } from '../errors.ts'
import type { Inventory, Playbook, Serial } from '../playbook.ts'
import type { Secret } from '../secret.ts'
import { Batch } from './batch.ts'
import { type CompileOptions, Program } from './compile.ts'
import type { Context } from './context.ts'
import { Course, type CourseOptions } from './course.ts'
import { type Effective, nearer, playOptions } from './effective.ts'
import type { HostSummary } from './tally.ts'

/** A host of a play, with its program or the way to it. */
export interface Entry {
  readonly host: Host
  readonly options: Effective
  readonly program: CourseOptions['program']
}

export interface EntryOptions {
  readonly playbook: Playbook
  readonly host: Host
  readonly vars: Readonly<Record<string, Plain | Secret>>
  readonly inventory: Inventory
  readonly compile: CompileOptions
}

/** Reads the variables of a host and makes its program, unless that has to wait for facts. Throws UsageError. */
export function entryOf({ playbook, host, vars, inventory, compile }: EntryOptions): Entry {
  const what = `variables of ${host.name} for playbook '${playbook.title}'`
  const given = valid(playbook.vars, { ...host.vars, ...vars }, what, host.origins)
  const become = nearer(compile.around.become, host.become)
  const around = become === undefined ? compile.around : { ...compile.around, become }
  const make = (facts: Readonly<Record<string, Plain>>): Program =>
    new Program(playbook, { host, vars: given, facts, inventory }, { ...compile, around })
  const options = playOptions(playbook, around)
  if (playbook.facts !== undefined) return { host, options, program: make }
  try {
    return { host, options, program: make({}) }
  } catch (cause) {
    if (cause instanceof UsageError) throw cause
    const what = `playbook '${playbook.title}' (${playbook.where}): its steps for ${host.name} cannot be made`
    throw new UsageError(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** Runs a play batch after batch. Says how its hosts came out, and why the run is to end with it, if it is. */
export async function runPlay(
  playbook: Playbook,
  entries: readonly Entry[],
  context: Context,
): Promise<{ readonly hosts: ReadonlyMap<string, HostSummary>; readonly stopped?: string }> {
  const hosts = new Map<string, HostSummary>()
  const names = (of: readonly Entry[]): readonly string[] => of.map(({ host }) => host.name)
  const { title } = playbook
  context.report({ type: 'playStarted', at: context.now(), index: context.index, play: title, hosts: names(entries), mode: context.mode })
  let stopped: string | undefined
  for (const members of batchesOf(playbook, entries)) {
    const batch = new Batch(playbook, context)
    if (playbook.serial !== undefined) context.report({ type: 'batchStarted', at: context.now(), play: title, hosts: names(members) })
    const summaries = await batch.run(members.map((entry) => new Course({ ...entry, batch })))
    for (const { host } of members) {
      const summary = summaries.get(host)
      if (summary !== undefined) hosts.set(host.name, summary)
    }
    stopped = batch.verdict
    if (stopped !== undefined || batch.ended || context.signal.aborted) break
  }
  context.report({ type: 'playEnded', at: context.now(), play: title, ...(stopped === undefined ? {} : { stopped }) })
  return { hosts, ...(stopped === undefined ? {} : { stopped }) }
}

/** The hosts of a play in batches: percentages are rounded down, and the last size repeats. */
function batchesOf<T>({ serial, where }: Playbook, all: readonly T[]): readonly (readonly T[])[] {
  const sizes = [serial ?? []].flat().map((size) => sizeOf(size, all.length, where))
  const batches: (readonly T[])[] = []
  for (let at = 0; at < all.length; ) {
    const size = sizes[Math.min(batches.length, sizes.length - 1)] ?? all.length
    batches.push(all.slice(at, at + size))
    at += size
  }
  return batches
}

function sizeOf(size: number | string, hosts: number, where: string): number {
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(String(size)) ?? []
  if (percent !== undefined) return Math.max(1, Math.floor((hosts * Number(percent)) / 100))
  if (Number.isInteger(size) && Number(size) > 0) return Number(size)
  throw new UsageError(`${where}: expected serial to be a whole number from 1 or a percentage like '30%', got '${size}'`)
}

/** Throws UsageError where the play itself asks for what cannot be. */
export function validPlay(playbook: Playbook): void {
  const { where, maxFailPercentage = 0, forks = 1, throttle = 1, serial, strategy = 'linear' } = playbook
  batchesOf({ ...playbook, serial: serial ?? ([] as unknown as Serial) }, [0])
  if (!(maxFailPercentage >= 0 && maxFailPercentage <= 100))
    throw new UsageError(`${where}: expected maxFailPercentage to be from 0 to 100, got ${maxFailPercentage}`)
  for (const [name, count] of Object.entries({ forks, throttle }))
    if (!Number.isInteger(count) || count < 1) throw new UsageError(`${where}: expected ${name} to be a whole number from 1, got ${count}`)
  if (!['linear', 'free', 'host_pinned'].includes(strategy))
    throw new UsageError(`${where}: expected strategy to be linear, free or host_pinned, got '${strategy}'`)
}
