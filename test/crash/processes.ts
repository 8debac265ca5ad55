/** The processes of one demo, found by its directory alone: nobody else's are ever touched. Linux only, for /proc. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
import { cloudEntry, isAlive, marked, type Process, type ProcessId, processes, signalTo } from '../../cloud/local/processes.ts'

const argvOf = (pid: number): readonly string[] => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
  } catch {
    return [] // it ended meanwhile
  }
}

/** Parts of a demo by how they are called. */
export const parts = {
  demo: (argv: readonly string[]) => argv[2] === 'demo',
  agent: (argv: readonly string[]) => argv[2] === 'agent',
  door: (argv: readonly string[]) => argv[1]?.endsWith('/key-host-door.ts') === true,
  'key host': (argv: readonly string[]) => argv[1]?.endsWith('/key-host.mjs') === true,
  intake: (argv: readonly string[]) => argv[1]?.endsWith('/intake/main.ts') === true,
  machine: (argv: readonly string[]) => argv[1]?.endsWith('/machine.mjs') === true,
  job: (argv: readonly string[]) => argv[1] === 'bin/worker.mjs',
  pipeline: (argv: readonly string[]) => argv[1]?.endsWith('/pipeline/sample.mjs') === true,
} as const
export type Part = keyof typeof parts

const pids = (): readonly number[] => readdirSync('/proc').flatMap((name) => (/^[0-9]+$/.test(name) ? [Number(name)] : []))

/** Whether a process has the directory, or a path in it, among its arguments, or stands in it. */
function isOf(dir: string, pid: number, argv: readonly string[]): boolean {
  const inside = (path: string) => path === dir || path.startsWith(`${dir}/`)
  if (argv.some(inside)) return true
  try {
    return inside(readlinkSync(`/proc/${pid}/cwd`))
  } catch {
    return false
  }
}

/** Everybody who carries the directory's marker, has it among the arguments or stands in it, but this process. */
export function everybodyOf(dir: string): readonly Process[] {
  const carriers = new Set(marked(cloudEntry(dir)).map(({ pid }) => pid))
  return processes.all().filter(({ pid }) => pid !== process.pid && (carriers.has(pid) || isOf(dir, pid, argvOf(pid))))
}

/** All processes of that part. */
export const findParts = (dir: string, part: Part): readonly ProcessId[] =>
  pids()
    .filter((pid) => {
      const argv = argvOf(pid)
      return parts[part](argv) && isOf(dir, pid, argv)
    })
    .flatMap((pid) => processes.identify(pid) ?? [])

/** Looks again and again until there is one. */
export async function waitForPart(dir: string, part: Part, limitMs: number): Promise<ProcessId> {
  for (const deadline = performance.now() + limitMs; performance.now() < deadline; await after(8)) {
    const [found] = findParts(dir, part)
    if (found !== undefined) return found
  }
  throw new Error(`waited ${limitMs} ms for the ${part} of ${dir}, in vain`)
}

/** Resolves when that very process is gone; false after the limit. */
export async function ended(one: ProcessId, limitMs: number): Promise<boolean> {
  for (const deadline = performance.now() + limitMs; isAlive(one); await after(20)) if (performance.now() > deadline) return false
  return true
}

/** Leaves nobody of a directory alive. For when all else failed. */
export async function endEverybody(dir: string): Promise<void> {
  for (let round = 0; round < 50; round += 1) {
    const left = everybodyOf(dir)
    if (left.length === 0) return
    for (const one of left) signalTo(one, 'SIGKILL')
    await after(20)
  }
}
