/** Programs that run beside the agent, in its process group: ended by the end of their stdin, begun again when they die. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as after } from 'node:timers/promises'
import { keyHostPublicKey } from './key-host-key.ts'
import { layout } from './layout.ts'

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5000
/** Who ran this long was well, and its next death counts as the first. */
const WELL_MS = 10_000
const STOP_GRACE_MS = 2000
const ADDRESS_MS = 15_000

export interface ServiceOptions {
  /** For messages. */
  readonly name: string
  /** Must end when its stdin ends, and should ignore SIGINT, which Ctrl-C sends to the whole group. */
  readonly argv: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Written to stdin, which then stays open. For what may not stand in argv or env. */
  readonly firstLine?: string
  /** A file that stderr is added to; without it stderr is ours. */
  readonly log?: string
  /** Each line of stdout. */
  readonly onLine?: (line: string) => void
  /** It has died, or could not be started; it is begun again after a pause. */
  readonly onDeath?: (how: string) => void
  /** Stops it. */
  readonly signal?: AbortSignal
}

export interface Service {
  /** Of the process that runs now; none while it is between two lives. */
  pids(): readonly number[]
  /** Ends stdin, waits a little, then kills. Resolves when it is gone. */
  stop(): Promise<void>
}

/** Keeps a program running until it is stopped. */
export function startService(options: ServiceOptions): Service {
  const stopping = new AbortController()
  let child: ChildProcess | undefined

  async function live(): Promise<string> {
    const running = start(options)
    child = running
    try {
      const [code, signal] = await once(running, 'exit')
      return `ended with ${signal ?? code}`
    } catch (error) {
      return `could not be started: ${error instanceof Error ? error.message : String(error)}`
    } finally {
      child = undefined
    }
  }

  async function supervise(): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; !stopping.signal.aborted; ) {
      const begun = performance.now()
      const how = await live()
      if (stopping.signal.aborted) return
      options.onDeath?.(`${options.name} ${how}`)
      if (performance.now() - begun > WELL_MS) pause = FIRST_PAUSE_MS
      await after(pause, undefined, { signal: stopping.signal }).catch(() => undefined)
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
    }
  }

  const over = supervise()
  const stop = async (): Promise<void> => {
    stopping.abort()
    child?.stdin?.end()
    const last = setTimeout(() => child?.kill('SIGKILL'), STOP_GRACE_MS)
    await over.finally(() => clearTimeout(last))
  }
  if (options.signal?.aborted === true) void stop()
  options.signal?.addEventListener('abort', () => void stop(), { once: true })
  return { pids: () => (child?.pid === undefined ? [] : [child.pid]), stop }
}

function start({ argv, env, firstLine, log, onLine }: ServiceOptions): ChildProcess {
  const [file = '', ...args] = argv
  const errors = log === undefined ? 'inherit' : openSync(log, 'a', 0o600)
  try {
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', errors], env: { ...env } })
    child.stdin?.on('error', () => undefined) // it died before it read; 'exit' tells
    if (firstLine !== undefined) child.stdin?.write(`${firstLine}\n`)
    if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', (line) => onLine?.(line))
    return child
  } finally {
    if (typeof errors === 'number') closeSync(errors)
  }
}

export interface DoorOptions {
  /** The one key that may ask, "ssh-ed25519 AAAA…". */
  readonly authorizedKey: string
  /** Spawned for each request. Default: the released key host. */
  readonly program?: readonly string[]
  /** The door's own program. Default: the source next to this file; the directory is added. */
  readonly door?: readonly string[]
  readonly onDeath?: (how: string) => void
  readonly signal?: AbortSignal
}

export interface KeyHostDoor extends Service {
  /** Where it answers now; waits for it while it begins. Ask anew for every connection: a new life has a new port. */
  address(): Promise<{ readonly host: string; readonly port: number; readonly hostKey: string }>
}

/** Starts the key host's door beside this process. */
export function startKeyHostDoor(dir: string, options: DoorOptions): KeyHostDoor {
  const { authorizedKey, program, door = [process.execPath, join(import.meta.dirname, 'key-host-door.ts')], onDeath, signal } = options
  const hostKey = keyHostPublicKey(dir)
  let port: number | undefined
  const service = startService({
    name: 'the key host’s door',
    argv: [...door, dir],
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C', SKEP_CLOUD: dir },
    firstLine: JSON.stringify({ authorizedKey, ...(program && { program }) }),
    log: join(layout(dir).logs, 'key-host-door.log'),
    onLine: (line) => {
      port = portIn(line)
    },
    onDeath: (how) => {
      port = undefined
      onDeath?.(how)
    },
    ...(signal && { signal }),
  })
  return {
    ...service,
    async address() {
      for (const deadline = performance.now() + ADDRESS_MS; performance.now() < deadline; await after(10)) {
        if (port !== undefined && service.pids().length > 0) return { host: '127.0.0.1', port, hostKey }
      }
      throw new Error(
        `finding the key host's door: expected it to open within ${ADDRESS_MS / 1000} s, it did not; look at logs/key-host-door.log`,
      )
    },
  }
}

function portIn(line: string): number | undefined {
  try {
    const found: unknown = JSON.parse(line)
    return typeof found === 'object' && found !== null && 'port' in found && typeof found.port === 'number' ? found.port : undefined
  } catch {
    return undefined
  }
}
