import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, ClientChannel } from 'ssh2'
import type { Connection, Connector, Host } from '../contract.ts'
import { Unreachable } from '../errors.ts'
import { type Channel, defaultLimits, type Limits, type Transport, within } from './channel.ts'
import { openShell } from './shell.ts'
import { Keyring, Locked } from './ssh/identities.ts'
import { execAhead } from './ssh/lean.ts'
import { Leash, Links } from './ssh/links.ts'
import { Unsteady } from './ssh/login.ts'
import { type Hop, type Person, wayTo } from './ssh/way.ts'

export interface SshOptions extends Partial<Limits> {
  /** The POSIX shell to start on the host, as its login shell would be told: `sh`, `busybox sh`. */
  readonly shell?: string
  /** Whose ssh_config, known hosts, agent and keys count. Without: only what the inventory says of a host, the pin included. */
  readonly person?: Person
  /** False: wait for each answer, as ssh2 does by itself. */
  readonly lean?: boolean
}

/** How often a link that breaks before the login is tried again, and how long to wait in between at most. */
const [tries, pauseMs] = [3, 500] as const

/** Connections over SSH with keys, to hosts whose key is pinned or known. */
export function sshConnector(options: SshOptions = {}): Connector {
  const limits = { ...defaultLimits, ...options }
  const door = new SshDoor(options)
  return {
    connect: (host, signal): Promise<Connection> =>
      door.open(host, signal, (transport) => openShell(host.name, transport, options.shell ?? 'sh', limits)),
  }
}

/** Logs in to hosts; what it makes of a transport owns it from then on. */
export class SshDoor {
  readonly #limits: Limits
  readonly #person: Person | undefined
  readonly #keyring: Keyring
  readonly #lean: boolean
  readonly #links = new Links()

  constructor({ person, lean = true, ...limits }: SshOptions) {
    this.#limits = { ...defaultLimits, ...limits }
    this.#person = person
    this.#keyring = new Keyring(person?.ask)
    this.#lean = lean
  }

  /** All within `connectMs` a hop; the time in which a person looks for a passphrase does not count. */
  async open<T>(host: Host, signal: AbortSignal, make: (transport: Transport) => Promise<T>): Promise<T> {
    if (host.connection.kind === 'none') throw new Unreachable(`${host.name} cannot be reached: ${host.connection.why}`)
    if (host.connection.kind !== 'ssh')
      throw new Unreachable(`${host.name} is not reached by SSH: its connection is ${host.connection.kind}`)
    const way = wayTo(host.name, host.connection, this.#person)
    let lean = this.#lean
    for (let tried = 1; ; ) {
      try {
        return await this.#try(host.name, way, lean, signal, make)
      } catch (error) {
        signal.throwIfAborted()
        if (error instanceof Locked) await this.#keyring.unlock(host.name, error.file)
        // Nothing was started yet, so nothing is done twice. The cause may be our haste, or a host with too many logins at once.
        else if (error instanceof Unsteady && tried < tries) {
          lean = false
          tried += 1
          await sleep(pauseMs * Math.random())
        } else throw error
      }
    }
  }

  async #try<T>(
    name: string,
    way: readonly Hop[],
    lean: boolean,
    signal: AbortSignal,
    make: (transport: Transport) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted()
    const leash = new Leash()
    const drop = (): void => leash.release()
    signal.addEventListener('abort', drop, { once: true })
    const limitMs = way.reduce((sum, hop) => sum + (hop.connectTimeoutMs ?? this.#limits.connectMs), 0)
    const how = { name, keyring: this.#keyring, limits: this.#limits, lean }
    const open = async (): Promise<T> => make(channels(name, await this.#links.open(way, how, leash), lean, drop))
    try {
      const at = way.at(-1)?.at
      return await within(limitMs, open(), () => new Unreachable(`${name}: no answer at ${at} within ${limitMs} ms`))
    } catch (error) {
      drop()
      throw error
    } finally {
      signal.removeEventListener('abort', drop)
    }
  }
}

function channels(name: string, client: Client, lean: boolean, drop: () => void): Transport {
  let why = 'the connection was closed'
  let fresh = lean
  client.on('error', (error: Error) => {
    why = error.message
  })
  return {
    open: (program) =>
      new Promise<Channel>((resolve, reject) => {
        const ahead = fresh
        fresh = false
        const failed = (cause: Error): void => {
          const Kind = ahead ? Unsteady : Unreachable
          reject(new Kind(`${name} opens no channel: ${cause.message}`, { cause }))
        }
        const gone = (): void => failed(new Error(why))
        client.once('close', gone)
        const opened = (trips: number) => (error: Error | undefined, channel: ClientChannel) => {
          client.off('close', gone)
          if (error) return failed(error)
          resolve(streamsOf(channel, trips, () => why))
        }
        if (!ahead || !execAhead(client, program, opened(1))) client.exec(program, opened(2))
      }),
    close: drop,
  }
}

function streamsOf(channel: ClientChannel, trips: number, lost: () => string): Channel {
  let said = ''
  channel.on('exit', (code: number | null, signal?: string) => {
    said = `the shell ended (${signal ?? `exit code ${code}`})`
  })
  const closed = new Promise<string>((ended) => channel.once('close', () => ended(said === '' ? lost() : said)))
  return { stdin: channel, stdout: channel, stderr: channel.stderr, closed, trips, destroy: () => channel.close() }
}
