import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Cloud, CloudError, type Role } from '../ports.ts'
import { LocalAttestor } from './attestor.ts'
import { systemClock } from './clock.ts'
import { LocalCompute } from './compute.ts'
import { codeOf, makeFolder, sweepTemporaries, writeWhole } from './durable.ts'
import { findInstance } from './instances.ts'
import { createKeyHostKey } from './key-host-key.ts'
import { folders, isInstanceId, layout } from './layout.ts'
import { LocalLedger } from './ledger.ts'
import { LocalNotices } from './notices.ts'
import { LocalObjects } from './objects.ts'
import { LocalQueue } from './queue.ts'
import { Gate } from './rights.ts'
import { LocalSecrets } from './secrets.ts'
import { createSigningKeys, LocalSigner } from './signer.ts'
import type { Database } from './sqlite.ts'
import { createStore, openStore } from './store.ts'
import { LocalTrail } from './trail.ts'

const FORMAT = 1
const marker = `${JSON.stringify({ skep: 'local cloud', format: FORMAT })}\n`

export interface OpenOptions {
  /** Role worker: the instance that asks. */
  readonly instance?: string
  /** The program of a worker's machine, when it is not the source next to this file. */
  readonly machine?: readonly string[]
}

/** Makes a local cloud in a directory, or completes one. Safe to repeat, for two at once, and after a kill at any moment. */
export async function initLocal(dir: string): Promise<void> {
  const root = resolve(dir)
  if (existsSync(layout(root).marker)) readMarker(root)
  for (const folder of folders(root)) makeFolder(folder)
  createStore(layout(root).database)
  createSigningKeys(root)
  createKeyHostKey(root)
  writeWhole(layout(root).marker, marker, { ifAbsent: true }) // last: who sees it finds all the rest
}

/** Opens a local cloud for a role. */
export async function openLocal(dir: string, role: Role, options: OpenOptions = {}): Promise<Cloud> {
  const root = readMarker(resolve(dir))
  const at = layout(root)
  for (const folder of [root, at.temporary, at.keyHost, at.signer, at.trust, at.notices]) sweepTemporaries(folder)
  const database = openStore(at.database)
  try {
    const gate = new Gate(role, role === 'worker' ? workerTags(database, options.instance) : {})
    const trail = new LocalTrail(root, gate)
    return {
      role,
      clock: systemClock,
      compute: new LocalCompute(root, database, gate, options.machine ?? [process.execPath, join(import.meta.dirname, 'machine.ts')]),
      queue: new LocalQueue(database, gate),
      objects: new LocalObjects(root, database, gate),
      ledger: new LocalLedger(database, gate),
      notices: new LocalNotices(root, gate),
      secrets: new LocalSecrets(root, gate),
      signer: new LocalSigner(root, gate),
      attestor: new LocalAttestor(root, database, gate, options.instance),
      trail,
      async close() {
        trail.close()
        if (database.isOpen) database.close()
      },
    }
  } catch (error) {
    database.close()
    throw error
  }
}

/** The directory's one true path, when it is a local cloud that we understand. */
function readMarker(dir: string): string {
  let found: unknown
  try {
    found = JSON.parse(readFileSync(layout(dir).marker, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError || codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR')
      throw new Error(`opening ${dir}: it is not a local cloud (no usable skep.json in it); make one with: skep key init --dir ${dir}`, {
        cause: error,
      })
    throw new Error(`opening ${dir}: its skep.json cannot be read (${codeOf(error)}); look at the rights of the directory`, {
      cause: error,
    })
  }
  const format = typeof found === 'object' && found !== null && 'format' in found ? found.format : undefined
  if (format === FORMAT) return realpathSync(dir)
  throw new Error(
    `opening ${dir}: expected a local cloud of format ${FORMAT}, got ${JSON.stringify(format)}; use the version of skep that made it`,
  )
}

function workerTags(database: Database, instance: string | undefined): Readonly<Record<string, string>> {
  if (instance === undefined || !isInstanceId(instance))
    throw new CloudError('InvalidArgument', 'opening a local cloud for a worker: expected the id of its instance, like i-0123456789abcdef0')
  const row = findInstance(database, instance)
  if (row === undefined) throw new CloudError('NotFound', `opening a local cloud for ${instance}: no such instance was ever launched`)
  if (row.instance.state === 'terminated') throw new CloudError('AccessDenied', `opening a local cloud for ${instance}: it is terminated`)
  return row.instance.tags
}
