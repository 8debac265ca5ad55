/**
 * Processes of this machine, from looking. A pid alone names nobody, because pids are used again: a process is its pid
 * and when it started.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as after } from 'node:timers/promises'
import { linux } from './processes-linux.ts'
import { macos } from './processes-macos.ts'

/** One process for ever: no other ever has both. */
export interface ProcessId {
  readonly pid: number
  /** Opaque, without white space, safe in a file name. */
  readonly start: string
}

export interface Process extends ProcessId {
  readonly parent: number
  /** Pid of the leader of its session. */
  readonly session: number
  readonly hasTerminal: boolean
  readonly name: string
}

/** What differs between the systems. Zombies count as gone everywhere. */
export interface ProcessTable {
  identify(pid: number): ProcessId | undefined
  all(): readonly Process[]
  /** Pids whose environment has exactly this entry, as far as this user may look. */
  withEnvironment(entry: string): readonly number[]
  /** Working directory, executable and open files, as far as this user may look. */
  files(pid: number): readonly string[]
  /** Addresses these processes listen on. */
  listening(pids: ReadonlySet<number>): readonly { readonly pid: number; readonly address: string }[]
  /** Paths of bound Unix sockets under a folder. */
  unixSockets(folder: string): readonly string[]
}

export const processes: ProcessTable = process.platform === 'darwin' ? macos : linux

let self: ProcessId | undefined

/** This process. */
export function ourselves(): ProcessId {
  self ??= processes.identify(process.pid) ?? { pid: process.pid, start: `unknown-${randomUUID()}` }
  return self
}

/** Whether that very process is still there. */
export function isAlive(id: ProcessId): boolean {
  return processes.identify(id.pid)?.start === id.start
}

/** Sends a signal to that very process; false when it is gone. */
export function signalTo(id: ProcessId, signal: NodeJS.Signals): boolean {
  if (!isAlive(id)) return false
  try {
    return process.kill(id.pid, signal)
  } catch {
    return false
  }
}

export const cloudEntry = (dir: string): string => `SKEP_CLOUD=${dir}`
export const instanceEntry = (instance: string): string => `SKEP_INSTANCE=${instance}`

/** These with their descendants and the sessions they lead. */
function families(roots: Iterable<number>, everybody: readonly Process[]): ReadonlySet<number> {
  const found = new Set(roots)
  for (let before = -1; before !== found.size; ) {
    before = found.size
    for (const one of everybody) if (found.has(one.parent) || found.has(one.session)) found.add(one.pid)
  }
  return found
}

/** Everybody who carries the marker, with their families, who may have dropped it. */
export function marked(entry: string): readonly Process[] {
  const carriers = processes.withEnvironment(entry)
  if (carriers.length === 0) return []
  const everybody = processes.all()
  const found = families(carriers, everybody)
  return everybody.filter((one) => found.has(one.pid))
}

/** Who is spared when an instance's processes are ended. */
export interface Spared {
  readonly pids?: readonly number[]
  /** With all their descendants. */
  readonly families?: readonly number[]
}

/** Kills everybody of an instance, also who daemonised, until a look finds nobody. Throws when somebody is left after 5 s. */
export async function endAll(instance: string, spared: Spared = {}): Promise<void> {
  const deadline = performance.now() + 5000
  for (;;) {
    const found = marked(instanceEntry(instance))
    const keep = new Set([...(spared.pids ?? []), ...families(spared.families ?? [], found)])
    const left = found.filter((one) => !keep.has(one.pid))
    if (left.length === 0) return
    if (performance.now() > deadline) {
      const names = left.map((one) => `${one.pid} (${one.name})`).join(', ')
      throw new Error(`ending ${instance}: expected all its processes to be gone 5 s after SIGKILL, still there: ${names}; try again`)
    }
    for (const one of left) signalTo(one, 'SIGKILL')
    await after(5)
  }
}
