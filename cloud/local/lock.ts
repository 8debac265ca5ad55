import { join } from 'node:path'
import { layout } from './layout.ts'
import { type Database, openDatabase } from './sqlite.ts'

/** A lock among processes that the kernel lets go of when its holder dies: the write lock of a database nobody writes. */
const open = (dir: string, name: string, waitMs: number): Database => openDatabase(join(layout(dir).locks, `${name}.db`), waitMs)

/** Takes the lock called `name` for as long as this process lives, or until it is let go. Undefined: somebody else has it. */
export function tryLock(dir: string, name: string): (() => void) | undefined {
  const database = open(dir, name, 0)
  try {
    database.exec('BEGIN IMMEDIATE')
    return () => database.close()
  } catch {
    database.close()
    return undefined
  }
}

/** The database to run short `transaction`s on, one process at a time. */
export const openLock = (dir: string, name: string): Database => open(dir, name, 15_000)
