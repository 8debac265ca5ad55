import { closeSync, existsSync, openSync } from 'node:fs'
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { CloudError } from '../ports.ts'
import { codeOf } from './durable.ts'

export type Database = DatabaseSync
export type SqlRow = Record<string, SQLOutputValue>

/** Node 22 and 24 call node:sqlite experimental, once, on stderr. We pin what we use of it by tests, so nobody needs to read that. */
function loadQuietly(): typeof import('node:sqlite') {
  const warn = process.emitWarning
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (!String(warning).includes('SQLite')) Reflect.apply(warn, process, [warning, ...rest])
  }
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = warn
  }
}

const sqlite = loadQuietly()

/** Opens a database that several processes use: a write is on the disk before it returns, and a lock is waited for. */
export function openDatabase(path: string, waitMs = 15_000): Database {
  createPrivate(path)
  const database = new sqlite.DatabaseSync(path)
  database.exec(`PRAGMA busy_timeout = ${waitMs}`)
  // secure_delete: a refused name that was in a message must not stay behind in a free page.
  database.exec(
    'PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON',
  )
  return database
}

/**
 * SQLite would make it readable to all. Only a file that is not there yet is opened here: a process that opens and closes a
 * database by hand loses all the locks that its connections hold on it (fcntl locks go with any close).
 */
function createPrivate(path: string): void {
  if (existsSync(path)) return
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

const isBusy = (error: unknown): boolean => error instanceof Error && /database is locked|SQLITE_BUSY/.test(error.message)

/** Does all of `work` or nothing, alone among writers. `work` must not wait: the lock is held meanwhile. */
export function transaction<T>(database: Database, doing: string, work: () => T): T {
  try {
    database.exec('BEGIN IMMEDIATE')
  } catch (error) {
    throw unavailable(doing, error)
  }
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    rollBack(database)
    throw error instanceof CloudError ? error : unavailable(doing, error)
  }
}

function rollBack(database: Database): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // SQLite has already rolled back by itself
  }
}

/** The lock was not to be had, or the disk said no: the same request may be sent again. */
export function unavailable(doing: string, error: unknown): CloudError {
  const came = isBusy(error) ? 'it is locked by somebody else' : error instanceof Error ? error.message : String(error)
  return new CloudError('Unavailable', `${doing}: expected the local cloud's database to answer, but ${came}; try again`, { cause: error })
}

/** A column that the schema says is a text. */
export function text(row: SqlRow, column: string): string {
  const value = row[column]
  if (typeof value !== 'string')
    throw new TypeError(`reading the local cloud's database: expected a text in ${column}, got ${typeof value}`)
  return value
}

/** A column that the schema says is a whole number. */
export function integer(row: SqlRow, column: string): number {
  const value = row[column]
  if (typeof value !== 'number')
    throw new TypeError(`reading the local cloud's database: expected a number in ${column}, got ${typeof value}`)
  return value
}

/** A column that may be empty. */
export const optionalText = (row: SqlRow, column: string): string | undefined => (row[column] === null ? undefined : text(row, column))
