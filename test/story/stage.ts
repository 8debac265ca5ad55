/** A place of its own for one story: fresh home, temporary and working directory, and an end of all that was started there. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { cloudEntry, isAlive, marked, type ProcessId, signalTo } from '../../cloud/local/processes.ts'
import type { Answer } from './many.ts'
import { hasProc, look } from './proc.ts'

export const project = resolve(import.meta.dirname, '../..')

export interface Ended extends Answer {
  readonly signal: NodeJS.Signals | null
  readonly ms: number
}

interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** What it has said on stdout so far. */
  said(): string
}

interface Options {
  /** More than the bare environment. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Another clone's root. */
  readonly clone?: string
  /** It is killed when it takes longer. */
  readonly limitMs?: number
}

export interface Stage {
  readonly root: string
  /** For a local cloud; not there yet. */
  readonly dir: string
  readonly home: string
  readonly tmp: string
  readonly cwd: string
  /** Runs a command line of skep to its end. */
  skep(argv: readonly string[], options?: Options): Promise<Ended>
  /** Runs many in one process, one after the other: to begin a process costs more than most commands. */
  many(argvs: readonly (readonly string[])[], env?: Readonly<Record<string, string>>): readonly Answer[]
  /** Starts one as the leader of a process group. */
  start(argv: readonly string[], options?: Options): Running
  /** Ends whatever was started here, by pid and start time, and removes the place. */
  dispose(): Promise<void>
}

/** The path is short: sockets may lie in it. */
export function newStage(): Stage {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'skep-st-')))
  const [dir, home, tmp, cwd] = ['cloud', 'home', 'tmp', 'cwd'].map((name) => join(root, name)) as [string, string, string, string]
  for (const folder of [home, tmp, cwd]) mkdirSync(folder)
  const bare = { PATH: process.env['PATH'] ?? '', HOME: home, TMPDIR: tmp, LANG: 'C.UTF-8' }
  const children: ChildProcess[] = []

  const start = (argv: readonly string[], { env = {}, cwd: where = cwd, clone = project, limitMs = 120_000 }: Options = {}): Running => {
    const began = performance.now()
    const child = spawn(process.execPath, [join(clone, 'cli', 'skep.js'), ...argv], {
      cwd: where,
      env: { ...bare, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    children.push(child)
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    const textOf = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString('utf8')
    const ended = new Promise<Ended>((done, reject) => {
      const late = setTimeout(() => signalGroup(child, 'SIGKILL'), limitMs)
      child.once('error', reject)
      child.once('close', (code, signal) => {
        clearTimeout(late)
        done({ code, signal, stdout: textOf(stdout), stderr: textOf(stderr), ms: performance.now() - began })
      })
    })
    ended.catch(() => undefined) // whoever waits for it is told
    return { child, ended, said: () => textOf(stdout) }
  }
  return {
    ...{ root, dir, home, tmp, cwd, start },
    skep: (argv, options) => start(argv, options).ended,
    many(argvs, env = {}) {
      const program = join(import.meta.dirname, 'many.ts')
      const options = { cwd, env: { ...bare, ...env }, input: JSON.stringify(argvs), encoding: 'utf8', timeout: 60_000 } as const
      const { status, stdout, stderr } = spawnSync(process.execPath, [program], options)
      if (status !== 0) throw new Error(`running ${argvs.length} commands: ${stderr}`)
      return JSON.parse(stdout)
    },
    async dispose() {
      for (const child of children) signalGroup(child, 'SIGKILL')
      for (const deadline = performance.now() + 5_000; performance.now() < deadline; await after(20)) {
        const left = living(root, dir)
        if (left.length === 0) break
        for (const one of left) signalTo(one, 'SIGKILL')
      }
      rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
    },
  }
}

/** To the group of a child that has not ended yet, so that its pid can be nobody else's. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // it has just ended
  }
}

/** Whose command line or environment names the place. Without /proc, whose environment has the marker. */
export function living(root: string, dir: string): readonly ProcessId[] {
  if (!hasProc) return marked(cloudEntry(dir))
  return look()
    .filter(({ pid, argv, env }) => pid !== process.pid && [...argv, ...env].some((text) => text.includes(root)))
    .filter(isAlive)
}

/** Looks until it is so, for 60 s at most. */
export async function until<T>(what: string, found: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (const deadline = performance.now() + 60_000; performance.now() < deadline; await after(25)) {
    const seen = await found()
    if (seen !== undefined && seen !== false) return seen
  }
  throw new Error(`waited 60 s, but not: ${what}`)
}
