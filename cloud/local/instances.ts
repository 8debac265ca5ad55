/** The rows of Compute. A row is written before its machine is started, and only one machine can ever claim it. */
import { CloudError, type Instance, type InstanceState, type Launch } from '../ports.ts'
import type { ProcessId } from './processes.ts'
import { type Database, integer, optionalText, type SqlRow, text, transaction } from './sqlite.ts'

/** How long a terminated instance is still described. */
const REMEMBERED_MS = 60 * 60 * 1000

/** What a machine tells of itself when it has booted. */
interface Booted {
  readonly host: string
  readonly port: number
  /** "ssh-ed25519 AAAA…" */
  readonly hostKey: string
  /** SPKI PEM. */
  readonly identity: string
}

export interface InstanceRow {
  readonly instance: Instance
  readonly parameters: string
  /** Who claimed it; absent until then. */
  readonly machine?: ProcessId
  readonly hostKey?: string
  readonly identity?: string
}

const states: readonly InstanceState[] = ['pending', 'running', 'shutting-down', 'terminated']

function toRow(row: SqlRow): InstanceRow {
  const state = states.find((one) => one === row['state']) ?? 'terminated'
  const host = optionalText(row, 'host')
  const start = optionalText(row, 'start')
  const hostKey = optionalText(row, 'hostKey')
  const identity = optionalText(row, 'identity')
  const instance: Instance = {
    id: text(row, 'id'),
    token: text(row, 'token'),
    state,
    launchedAt: integer(row, 'launchedAt'),
    ...(host !== undefined && state === 'running' && { address: { host, port: integer(row, 'port') } }),
    tags: JSON.parse(text(row, 'tags')),
    userData: text(row, 'userData'),
  }
  return {
    instance,
    parameters: text(row, 'parameters'),
    ...(start !== undefined && { machine: { pid: integer(row, 'pid'), start } }),
    ...(hostKey !== undefined && { hostKey }),
    ...(identity !== undefined && { identity }),
  }
}

const select = (database: Database, where: string, ...values: (string | number)[]): readonly InstanceRow[] =>
  database
    .prepare(`SELECT * FROM instances WHERE ${where} ORDER BY number`)
    .all(...values)
    .map(toRow)

/** One instance, however long ago. */
export const findInstance = (database: Database, id: string): InstanceRow | undefined => select(database, 'id = ?', id)[0]

/** Those that are not terminated, or were a moment ago. */
export const recentInstances = (database: Database, now: number): readonly InstanceRow[] =>
  select(database, "state != 'terminated' OR endedAt > ?", now - REMEMBERED_MS)

/** The token's row, made with `id` when there is none. Other parameters for a token in use are refused. */
export function insertInstance(database: Database, id: string, request: Launch, now: number): InstanceRow {
  const tags = JSON.stringify(Object.fromEntries(Object.entries(request.tags).sort(([a], [b]) => (a < b ? -1 : 1))))
  const parameters = JSON.stringify([request.image, request.type, request.subnet, request.userData, tags])
  return transaction(database, `launching with token ${request.token}`, () => {
    const insert = 'INSERT OR IGNORE INTO instances (id, token, parameters, userData, tags, state, launchedAt) VALUES (?, ?, ?, ?, ?, ?, ?)'
    database.prepare(insert).run(id, request.token, parameters, request.userData, tags, 'pending', now)
    const [row] = select(database, 'token = ?', request.token)
    if (row === undefined) throw new TypeError('the row just written is not there')
    if (row.parameters === parameters) return row
    throw new CloudError(
      'IdempotentParameterMismatch',
      `launching with token ${request.token}: it was used with other parameters, for ${row.instance.id}`,
    )
  })
}

function change(database: Database, doing: string, set: string, ...values: (string | number)[]): boolean {
  return transaction(database, doing, () => database.prepare(`UPDATE instances SET ${set}`).run(...values).changes === 1)
}

/** A machine takes its row. False: another has it, or it was terminated before. */
export const claim = (database: Database, id: string, machine: ProcessId): boolean =>
  change(
    database,
    `claiming ${id}`,
    "pid = ?, start = ? WHERE id = ? AND state = 'pending' AND pid IS NULL",
    machine.pid,
    machine.start,
    id,
  )

/** The machine that claimed it has booted. False: it was ended meanwhile. */
export const markRunning = (database: Database, id: string, machine: ProcessId, booted: Booted): boolean =>
  change(
    database,
    `booting ${id}`,
    "state = 'running', host = ?, port = ?, hostKey = ?, identity = ? WHERE id = ? AND state = 'pending' AND pid = ? AND start = ?",
    booted.host,
    booted.port,
    booted.hostKey,
    booted.identity,
    id,
    machine.pid,
    machine.start,
  )

export const markShuttingDown = (database: Database, id: string): boolean =>
  change(database, `ending ${id}`, "state = 'shutting-down' WHERE id = ? AND state IN ('pending', 'running')", id)

/** Only after nothing is left of it. */
export const markTerminated = (database: Database, id: string, now: number): boolean =>
  change(database, `ending ${id}`, "state = 'terminated', endedAt = ? WHERE id = ? AND state != 'terminated'", now, id)
