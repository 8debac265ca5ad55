/** One `skep demo` as a process group of its own, watched by its lines. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { type ProcessId, processes } from '../../cloud/local/processes.ts'

const program = join(import.meta.dirname, '..', '..', 'cli', 'main.ts')
const preload = join(import.meta.dirname, 'kill-after.ts')
/** Whatever a demo does, it does it within this time, on a busy machine too. */
const LIMIT_MS = 240_000

export interface Summary {
  readonly type: 'summary'
  readonly run: string
  readonly state: string
  readonly samples: readonly { readonly id: string; readonly state: string; readonly attempts: number }[]
  readonly table: string
  readonly results: readonly string[]
  readonly notices: readonly string[]
  readonly residue: readonly string[]
  readonly quiescent: boolean
  readonly audit: { readonly records: number; readonly ok: boolean }
  readonly report: string
}

export interface Ended {
  /** Exit code or signal. */
  readonly how: number | NodeJS.Signals | null
  readonly summary: Summary | undefined
  readonly stderr: string
  readonly seconds: number
}

export interface Demo {
  readonly id: ProcessId
  readonly ended: Promise<Ended>
  /** Resolves when a line of stdout has this text; rejects when the demo ends without it. */
  line(text: string): Promise<void>
  /** SIGKILL to the demo and all that are in its group. False: it was over. */
  killGroup(): boolean
}

/** The effect right after which it is to be killed, and the file that will tell that it was. */
export interface KillAfter {
  readonly effect: string
  readonly times: number
  readonly mark: string
}

/** Starts a demo in `dir`; `flags` only where a run is begun. */
export function startDemo(dir: string, flags: readonly string[], kill?: KillAfter): Demo {
  const begun = performance.now()
  const child = spawn(process.execPath, [program, 'demo', ...flags, '--dir', dir, '--json'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(dir, kill),
  })
  const found = child.pid === undefined ? undefined : processes.identify(child.pid)
  if (found === undefined) throw new Error('the demo could not be started')
  const state = { over: false, stderr: '', lines: [] as string[] }
  const killGroup = (): boolean => {
    // A child that was not waited for keeps its pid, and its group's.
    if (state.over || child.exitCode !== null || child.signalCode !== null) return false
    return process.kill(-found.pid, 'SIGKILL')
  }
  const late = setTimeout(killGroup, LIMIT_MS)
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    state.stderr = `${state.stderr}${text}`.slice(-4000)
  })
  const heard = createInterface({ input: child.stdout }).on('line', (text) => state.lines.push(text))
  const ended = exitOf(child).then((how): Ended => {
    state.over = true
    clearTimeout(late)
    return { how, summary: summaryIn(state.lines), stderr: state.stderr, seconds: (performance.now() - begun) / 1000 }
  })
  return {
    id: found,
    ended,
    killGroup,
    line: (text) =>
      new Promise((resolve, reject) => {
        const look = (line: string) => line.includes(text) && resolve()
        for (const line of state.lines) look(line)
        heard.on('line', look)
        void ended.then(() => reject(new Error(`the demo ended without a line that has ${text}`)))
      }),
  }
}

/** Without what a test runner tells its own processes. */
function environment(dir: string, kill: KillAfter | undefined): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...env } = process.env
  if (kill === undefined) return env
  return {
    ...env,
    NODE_OPTIONS: `--import=${pathToFileURL(preload).href}`,
    SKEP_CRASH_EFFECT: `${kill.effect}:${kill.times}`,
    SKEP_CRASH_DIR: dir,
    SKEP_CRASH_MARK: kill.mark,
  }
}

const exitOf = (child: ChildProcess): Promise<number | NodeJS.Signals | null> =>
  new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(signal ?? code))
  })

function summaryIn(lines: readonly string[]): Summary | undefined {
  const last = lines.at(-1)
  if (last === undefined) return undefined
  try {
    const found: Summary = JSON.parse(last)
    return found.type === 'summary' ? found : undefined
  } catch {
    return undefined // cut in the middle
  }
}
