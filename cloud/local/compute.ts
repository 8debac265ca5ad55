import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { printable } from '../../custody/names.ts'
import { CloudError, type Compute, type Instance, type Launch } from '../ports.ts'
import { removeTree } from './durable.ts'
import { findInstance, type InstanceRow, insertInstance, markShuttingDown, markTerminated, recentInstances } from './instances.ts'
import { diskOf, isInstanceId, layout } from './layout.ts'
import { endAll, instanceEntry, isAlive, marked, processes, signalTo } from './processes.ts'
import type { Gate } from './rights.ts'
import type { Database } from './sqlite.ts'

const MAX_USER_DATA = 16 * 1024
const NEEDED_TAGS = ['job', 'run', 'attempt', 'worker', 'kind']
/** How long a machine may take to end itself before it is ended. */
const GRACE_MS = 1000

/** Instances as process trees of this machine, each with a folder for a disk and an SSH server of its own. */
export class LocalCompute implements Compute {
  readonly #dir: string
  readonly #database: Database
  readonly #gate: Gate
  /** The program of a machine; the cloud's directory and the instance's id are added. */
  readonly #program: readonly string[]

  constructor(dir: string, database: Database, gate: Gate, program: readonly string[]) {
    this.#dir = dir
    this.#database = database
    this.#gate = gate
    this.#program = program
  }

  async launch(request: Launch): Promise<Instance> {
    this.#gate.compute('launch')
    validate(request)
    const row = insertInstance(this.#database, `i-${randomBytes(9).toString('hex').slice(0, 17)}`, request, Date.now())
    const { instance } = await this.#reap(row)
    if (instance.state === 'shutting-down' || instance.state === 'terminated')
      throw new CloudError(
        'IdempotentInstanceTerminated',
        `launching with token ${request.token}: its instance ${instance.id} is already gone`,
      )
    // Whoever died between the row and this line is made good by the same request again; of two machines only one claims the row.
    if (row.machine === undefined && marked(instanceEntry(instance.id)).length === 0) await this.#start(instance.id)
    return instance
  }

  async describe(): Promise<readonly Instance[]> {
    this.#gate.compute('describe')
    const rows = recentInstances(this.#database, Date.now())
    return Promise.all(rows.map(async (row) => (await this.#reap(row)).instance))
  }

  async hostKey(instance: string): Promise<string | undefined> {
    this.#gate.compute('hostKey')
    const row = this.#find(instance, 'finding the host key')
    return row.instance.state === 'running' ? row.hostKey : undefined
  }

  async terminate(instance: string): Promise<void> {
    this.#gate.compute('terminate')
    const row = this.#find(instance, 'terminating')
    if (row.instance.state === 'terminated' && !lives(row)) return
    markShuttingDown(this.#database, instance)
    if (row.machine !== undefined && signalTo(row.machine, 'SIGTERM')) {
      const deadline = performance.now() + GRACE_MS
      while (isAlive(row.machine) && performance.now() < deadline) await after(10)
    }
    await this.#bury(instance)
  }

  async remains(instance: string): Promise<readonly string[]> {
    this.#gate.compute('remains')
    if (!isInstanceId(instance))
      throw new CloudError('InvalidArgument', 'looking for remains: expected an instance id like i-0123456789abcdef0')
    const left = marked(instanceEntry(instance))
    const sockets = processes.listening(new Set(left.map((one) => one.pid)))
    return [
      ...left.map((one) => `process ${one.pid} (${one.name}) of ${instance}`),
      ...sockets.map(({ pid, address }) => `socket ${address} of process ${pid} of ${instance}`),
      ...(existsSync(diskOf(this.#dir, instance)) ? [`disk workers/${instance}`] : []),
    ]
  }

  #find(instance: string, doing: string): InstanceRow {
    const row = isInstanceId(instance) ? findInstance(this.#database, instance) : undefined
    if (row === undefined)
      throw new CloudError('NotFound', `${doing} of ${printable(instance.slice(0, 64))}: no such instance was ever launched`)
    return row
  }

  /** An instance whose machine died by itself is cleared away before anybody is told of it; one that still says its last words is not over. */
  async #reap(row: InstanceRow): Promise<InstanceRow> {
    const { instance } = row
    if (instance.state === 'terminated') return lives(row) ? { ...row, instance: { ...instance, state: 'shutting-down' } } : row
    if (row.machine === undefined || lives(row)) return row
    await this.#bury(instance.id)
    const { address: _, ...rest } = instance
    return { ...row, instance: { ...rest, state: 'terminated' } }
  }

  /** Processes, then the disk, then the row: a crash in between is repeated by the next look. */
  async #bury(instance: string): Promise<void> {
    try {
      await endAll(instance)
      removeTree(diskOf(this.#dir, instance))
    } catch (error) {
      throw new CloudError('Unavailable', `ending ${instance}: something of it would not go; try again`, { cause: error })
    }
    markTerminated(this.#database, instance, Date.now())
  }

  async #start(instance: string): Promise<void> {
    const [node, ...args] = this.#program
    if (node === undefined) throw new CloudError('InvalidArgument', 'launching: expected the program of a machine, got an empty list')
    const log = openSync(join(layout(this.#dir).logs, 'machines.log'), 'a', 0o600)
    try {
      const child = spawn(node, [...args, this.#dir, instance], {
        detached: true,
        cwd: '/',
        stdio: ['ignore', 'ignore', log],
        env: machineEnvironment(this.#dir, instance),
      })
      await begun(child)
      child.unref()
    } catch (error) {
      throw new CloudError('Unavailable', `launching ${instance}: its machine ${node} could not be started; try again`, { cause: error })
    } finally {
      closeSync(log)
    }
  }
}

const lives = ({ machine }: InstanceRow): boolean => machine !== undefined && isAlive(machine)

/** All that anything on a machine finds in its environment. The two markers are how its processes are found again. */
export function machineEnvironment(dir: string, instance: string): Readonly<Record<string, string>> {
  const disk = diskOf(dir, instance)
  return {
    PATH: `${join(disk, 'bin')}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`,
    HOME: disk,
    TMPDIR: join(disk, 'tmp'),
    LANG: 'C',
    SKEP_CLOUD: dir,
    SKEP_INSTANCE: instance,
  }
}

async function begun(child: ChildProcess): Promise<void> {
  await once(child, 'spawn') // rejects on 'error'
  child.on('error', () => undefined)
}

function validate({ token, userData, tags }: Launch): void {
  const refuse = (expected: string, came: string): never => {
    throw new CloudError('InvalidArgument', `launching: expected ${expected}, got ${came}`)
  }
  if (!/^[\x21-\x7e]{1,64}$/.test(token)) refuse('a token of 1 to 64 ASCII characters', `${token.length} characters`)
  const bytes = Buffer.byteLength(userData)
  if (bytes > MAX_USER_DATA) refuse(`at most ${MAX_USER_DATA} bytes of user data`, String(bytes))
  const missing = NEEDED_TAGS.filter((tag) => tags[tag] === undefined)
  if (missing.length > 0) refuse(`the tags ${NEEDED_TAGS.join(', ')}`, `none called ${missing.join(', ')}`)
}
