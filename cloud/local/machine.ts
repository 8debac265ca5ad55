/**
 * A worker's machine: the first process of an instance, and its init. It claims its row, makes its disk, serves SSH, runs the
 * one job, and when that ends, or its time is over, or its cloud is gone, it ends everything and itself.
 *
 *     node machine.ts DIR INSTANCE
 */
import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { closeSync, openSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeSshKey } from '../../custody/ssh-keys.ts'
import { machineEnvironment } from './compute.ts'
import { removeTree, writeWhole } from './durable.ts'
import { makeDisk, signs } from './image.ts'
import { claim, findInstance, markRunning, markShuttingDown, markTerminated } from './instances.ts'
import { diskOf, identityOf, isInstanceId, layout } from './layout.ts'
import { endAll, ourselves } from './processes.ts'
import type { Database } from './sqlite.ts'
import { type Sshd, startSshd } from './sshd.ts'
import { openStore } from './store.ts'

const LIFETIME_MS = 30 * 60 * 1000
const MAX_LIFETIME_MS = 24 * 60 * 60 * 1000
const LOOK_EVERY_MS = 2000
/** From the answer of machine/lock to the end of the session that carries it. */
const LAST_WORDS_MS = 300
/** A shutdown that takes longer is cut short; whoever looks at the instance next finishes it. */
const SHUTDOWN_MS = 10_000

const say = (instance: string, message: string): void => void process.stderr.write(`${new Date().toISOString()} ${instance} ${message}\n`)
const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** What the launcher gave this machine to know. Anything else than JSON boots too, but lets nobody in. */
function readUserData(userData: string): { readonly sshPublicKey?: string; readonly lifetimeMs: number } {
  let found: unknown
  try {
    found = JSON.parse(userData)
  } catch {
    return { lifetimeMs: LIFETIME_MS }
  }
  const given: { sshPublicKey?: unknown; lifetimeMs?: unknown } = typeof found === 'object' && found !== null ? found : {}
  const lifetime = given.lifetimeMs
  return {
    ...(typeof given.sshPublicKey === 'string' && { sshPublicKey: given.sshPublicKey }),
    lifetimeMs: typeof lifetime === 'number' && lifetime > 0 ? Math.min(lifetime, MAX_LIFETIME_MS) : LIFETIME_MS,
  }
}

class Machine {
  readonly #dir: string
  readonly #id: string
  readonly #disk: string
  readonly #database: Database
  #sshd: Sshd | undefined
  #job: 'none' | 'starting' | 'running' = 'none'
  #jobPid: number | undefined
  #claimed = false
  #ending = false

  constructor(dir: string, id: string) {
    this.#dir = dir
    this.#id = id
    this.#disk = diskOf(dir, id)
    this.#database = openStore(layout(dir).database)
  }

  /** Ends at once, touching nothing, when the row is another machine's or the instance was ended before it began. */
  async run(): Promise<void> {
    if (!claim(this.#database, this.#id, ourselves())) process.exit(0)
    this.#claimed = true
    await this.#boot()
  }

  async #boot(): Promise<void> {
    const row = findInstance(this.#database, this.#id)
    const { sshPublicKey, lifetimeMs } = readUserData(row?.instance.userData ?? '')
    makeDisk(this.#disk, process.execPath)
    const identity = generateKeyPairSync('ed25519')
    writeFileSync(identityOf(this.#dir, this.#id), identity.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
    const hostKey = makeSshKey()
    this.#sshd = await startSshd({
      hostKey: hostKey.privateKey,
      authorizedKey: sshPublicKey,
      env: machineEnvironment(this.#dir, this.#id),
      cwd: this.#disk,
    })
    this.#listen()
    setTimeout(() => this.#end('its time is over'), lifetimeMs)
    const { host, port } = this.#sshd
    const published = {
      host,
      port,
      hostKey: hostKey.publicKey,
      identity: String(identity.publicKey.export({ type: 'spki', format: 'pem' })),
    }
    if (!markRunning(this.#database, this.#id, ourselves(), published)) this.#end('it was ended while it booted')
  }

  #listen(): void {
    const guard = (doing: string, work: () => void | Promise<void>) => () => {
      Promise.resolve()
        .then(work)
        .catch((error: unknown) => say(this.#id, `${doing}: ${reason(error)}`))
    }
    process.on(
      'SIGHUP',
      guard('starting the job', () => this.#start()),
    )
    process.on(
      'SIGUSR2',
      guard('locking', () => this.#lock()),
    )
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.#end('it was told to'))
    const database = statSync(layout(this.#dir).database).ino
    const disk = statSync(this.#disk).ino
    setInterval(() => {
      const gone = [layout(this.#dir).database, this.#disk].some((path, at) => inodeOf(path) !== [database, disk][at])
      if (gone) this.#end('its cloud or its disk is gone')
    }, LOOK_EVERY_MS)
    writeFileSync(join(this.#disk, signs.machinePid), `${process.pid}\n`, { mode: 0o600 })
  }

  #start(): void {
    if (this.#job !== 'none' || this.#ending) return
    this.#job = 'starting'
    const log = openSync(join(this.#disk, signs.jobLog), 'a', 0o600)
    const job = spawn(join(this.#disk, 'bin', 'node'), ['bin/worker.mjs', 'config.json'], {
      argv0: 'bin/node',
      cwd: this.#disk,
      env: machineEnvironment(this.#dir, this.#id),
      detached: true,
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    job.on('spawn', () => {
      this.#job = 'running'
      this.#jobPid = job.pid
      writeWhole(join(this.#disk, signs.started), `${job.pid}\n`)
    })
    job.on('error', (error) => {
      if (this.#job === 'running') return
      this.#job = 'none'
      writeWhole(join(this.#disk, signs.startFailed), `starting bin/node bin/worker.mjs config.json: ${error.message}\n`)
    })
    job.on('exit', (code, signal) => this.#end(`its job ended with ${signal ?? code}`))
  }

  async #lock(): Promise<void> {
    const sshd = this.#sshd
    if (sshd === undefined) return
    this.#sshd = undefined // with it goes the last reference to the host key
    await sshd.refuse()
    writeWhole(join(this.#disk, signs.locking), '')
    await new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS))
    await sshd.close()
    // What sessions left in the background is a door as well. Only the job stays.
    await endAll(this.#id, { pids: [process.pid], families: this.#jobPid === undefined ? [] : [this.#jobPid] })
    writeWhole(join(this.#disk, signs.locked), '')
  }

  /** Processes, then the disk, then the row; what is left undone here is done by the next `describe`. */
  #end(why: string): void {
    if (this.#ending) return
    this.#ending = true
    setTimeout(() => process.exit(1), SHUTDOWN_MS)
    this.#shutDown().then(
      () => process.exit(0),
      (error: unknown) => {
        say(this.#id, `ending because ${why}: ${reason(error)}`)
        process.exit(1)
      },
    )
  }

  async #shutDown(): Promise<void> {
    const cloudIsThere = inodeOf(layout(this.#dir).database) !== undefined
    if (cloudIsThere) markShuttingDown(this.#database, this.#id)
    await this.#sshd?.refuse()
    await endAll(this.#id, { pids: [process.pid] })
    removeTree(this.#disk)
    if (cloudIsThere) markTerminated(this.#database, this.#id, Date.now())
    this.#database.close()
  }

  /** For errors nobody expected. */
  fail(error: unknown): void {
    say(this.#id, `failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    if (!this.#claimed) process.exit(1)
    this.#end('it failed')
  }
}

const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino

const [dir, id] = process.argv.slice(2)
if (dir === undefined || id === undefined || !isInstanceId(id)) {
  process.stderr.write(
    'machine: expected the directory of a local cloud and an instance id, got something else; Compute.launch starts machines\n',
  )
  process.exit(1)
}
const machine = new Machine(dir, id)
process.on('uncaughtException', (error) => machine.fail(error))
await machine.run()
