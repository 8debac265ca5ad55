import { existsSync } from 'node:fs'
import { type Database, openDatabase } from './sqlite.ts'

const schema = `
CREATE TABLE IF NOT EXISTS instances (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  token TEXT NOT NULL UNIQUE,
  parameters TEXT NOT NULL,
  userData TEXT NOT NULL,
  tags TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'running', 'shutting-down', 'terminated')),
  launchedAt INTEGER NOT NULL,
  endedAt INTEGER,
  pid INTEGER,
  start TEXT,
  host TEXT,
  port INTEGER,
  hostKey TEXT,
  identity TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS messages (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  queue TEXT NOT NULL,
  body TEXT NOT NULL,
  visibleAt INTEGER NOT NULL,
  receives INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS messagesByQueue ON messages (queue, visibleAt);
CREATE TABLE IF NOT EXISTS ledger (
  pk TEXT NOT NULL,
  sk TEXT NOT NULL,
  rev INTEGER NOT NULL,
  op TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (pk, sk)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS operations (op TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
`

/** Makes the one database of a local cloud, or completes it. */
export function createStore(path: string): void {
  const database = openDatabase(path)
  try {
    database.exec('PRAGMA journal_mode = WAL')
    database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT`)
  } finally {
    database.close()
  }
}

/** Opens the database that `createStore` made; never makes an empty one in its place. */
export function openStore(path: string): Database {
  if (!existsSync(path))
    throw new Error(`opening ${path}: the local cloud's database is gone; bring it back, or begin anew with an empty directory`)
  return openDatabase(path)
}
