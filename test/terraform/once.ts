/** Work that several processes want done, and one has to do. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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

/** Whether the lock is ours now. What a process left that was killed is taken away first. */
function taken(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    const holder = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0
    if (holder > 0 && !isRunning(holder)) rmSync(lock, { force: true })
    return false
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
