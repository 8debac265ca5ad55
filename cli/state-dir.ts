/** Where Skep keeps what must outlive a run: only for whoever runs it. */
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { UsageError } from '../runner/errors.ts'

/** A folder of the state directory, made if it is not there: $SKEP_STATE, or where the system wants state to be. */
export function stateDir(folder: string): string {
  const base = process.env['SKEP_STATE'] ?? join(process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local/state'), 'skep')
  const path = join(base, folder)
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    chmodSync(path, 0o700)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`${path} cannot be made, where it is kept what a run has done: ${why}. Name another place with SKEP_STATE`, {
      cause,
    })
  }
  return path
}

/** A key that stays on this machine: digests of secrets are made with it, so that nobody who has such a digest can try guesses. */
export function stateKey(): Buffer {
  const path = join(stateDir('.'), 'digest.key')
  if (!existsSync(path)) {
    const fresh = `${path}.${process.pid}`
    writeFileSync(fresh, randomBytes(32), { mode: 0o600 })
    try {
      linkSync(fresh, path)
    } catch (error) {
      // Somebody else was first.
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    } finally {
      rmSync(fresh)
    }
  }
  return readFileSync(path)
}
