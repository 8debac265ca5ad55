/** Work that several processes want done, and one has to do. */
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const longest = 5 * 60_000

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
      rmSync(lock, { recursive: true, force: true })
    }
  }
}

/** Whether the lock is ours now. One that is older than any work was left by a process that was killed. */
function taken(lock: string): boolean {
  try {
    mkdirSync(lock)
    return true
  } catch {
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs
    if (since !== undefined && Date.now() - since > longest) rmSync(lock, { recursive: true, force: true })
    return false
  }
}
