/** Work that several processes want done, and one has to do. */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Makes what shall lie at a path, unless it lies there or another process is making it. `make` has to put it there whole. */
export async function once(path: string, make: () => Promise<void>): Promise<void> {
  const lock = `${path}.lock`
  mkdirSync(dirname(path), { recursive: true })
  while (!existsSync(path)) {
    if (!taken(lock)) {
      await sleep(100)
      continue
    }
    try {
      if (!existsSync(path)) await make()
    } finally {
      rmSync(lock, { force: true })
    }
  }
}

const longest = 10 * 60_000

/** Whether the lock is ours now. What a process left that was killed is taken away first; its number may be another's by now. */
function taken(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs
    if (since !== undefined && (!isHeld(lock) || Date.now() - since > longest)) rmSync(lock, { force: true })
    return false
  }
}

/** By a process that runs, or by one that has not yet written its number. */
function isHeld(lock: string): boolean {
  try {
    const holder = readFileSync(lock, 'utf8')
    return holder === '' || process.kill(Number(holder), 0)
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH')
  }
}
