/** The agent as a process of its own, in the demo's process group; begun again when it dies before its work is done. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { layout } from '../../cloud/local/layout.ts'

const program = join(import.meta.dirname, '..', 'main.ts')
/** A fault that stays must come to light; a kill now and then must not. */
const mostLives = 20
const pauseMs = 300

export interface AgentProcess {
  /** How it ended for good. Rejects when it died too often. */
  readonly ended: Promise<'quiescent' | 'stopped'>
  /** Tells it to sweep its workers and end; it does so within ten seconds. */
  stop(): void
  /** Ends it at once, whatever it is doing. */
  kill(): void
}

/** Starts it, and starts it again when it is killed. */
export function startAgent(dir: string, workers: number): AgentProcess {
  let child: ChildProcess | undefined
  let stopping = false
  const live = async (): Promise<number | null> => {
    const running = start(dir, workers)
    child = running
    if (stopping) running.kill('SIGTERM')
    return new Promise((resolve, reject) => {
      running.once('exit', resolve)
      running.once('error', reject)
    })
  }
  const supervise = async (): Promise<'quiescent' | 'stopped'> => {
    for (let lives = 0; lives < mostLives; lives += 1) {
      const code = await live()
      if (code === 0) return 'quiescent'
      if (stopping) return 'stopped'
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
    throw new Error(`the agent ended ${mostLives} times before its work was done; look at ${join(layout(dir).logs, 'agent.log')}`)
  }
  return {
    ended: supervise(),
    stop: () => {
      stopping = true
      child?.kill('SIGTERM')
    },
    kill: () => {
      stopping = true
      child?.kill('SIGKILL')
    },
  }
}

function start(dir: string, workers: number): ChildProcess {
  const log = openSync(join(layout(dir).logs, 'agent.log'), 'a', 0o600)
  try {
    const argv = [program, 'agent', '--once', '--quiet', '--workers', String(workers), '--dir', dir]
    return spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', log] })
  } finally {
    closeSync(log)
  }
}
