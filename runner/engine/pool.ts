import type { As, Connection, Connector, Host, Reader } from '../contract.ts'
import { BecomeRefused, Unreachable } from '../errors.ts'
import { asKey, type Effective } from './effective.ts'

/** All that a look may use, at run time too. */
export function eyesOf(connection: Connection, environment: Effective['environment']): Reader {
  return Object.freeze({
    probe: ((command, options) =>
      connection.probe(command, environment === undefined ? options : { ...options, environment })) satisfies Reader['probe'],
    read: (path: string) => connection.read(path),
  })
}

/** What a task's apply uses: every command gets the environment. */
export function handsOf(connection: Connection, environment: Effective['environment']): Connection {
  if (environment === undefined) return connection
  return {
    ...eyesOf(connection, environment),
    run: (command, options) => connection.run(command, { ...options, environment }),
    write: (path, content, mode) => connection.write(path, content, mode),
    close: () => connection.close(),
  }
}

/** The connection to one host, with a shell for each user that its tasks become. */
export class Link {
  readonly #connect: () => Promise<Connection>
  readonly #host: Host
  readonly #shells = new Map<string, Promise<Connection>>()
  readonly #open = new Map<string, Connection>()
  /** Of connections that are closed. */
  #trips = 0
  #closed = 0

  constructor(host: Host, connect: () => Promise<Connection>) {
    this.#host = host
    this.#connect = connect
  }

  /** The shell of this user; made at the first call. */
  shell(as: As | undefined): Promise<Connection> {
    const key = asKey(as)
    const open = this.#shells.get(key) ?? this.#start(key, as)
    this.#shells.set(key, open)
    return open
  }

  /** The shell of this user, if it is there. */
  ready(as: As | undefined): Connection | undefined {
    return this.#open.get(asKey(as))
  }

  roundTrips(): number {
    return [...this.#open.values()].reduce((sum, connection) => sum + (connection.roundTrips?.() ?? 0), this.#trips)
  }

  /** Lets go of the host; the next call connects anew. */
  async close(): Promise<void> {
    this.#trips = this.roundTrips()
    this.#closed += 1
    const open = [...this.#open.values()]
    this.#shells.clear()
    this.#open.clear()
    await Promise.all(open.map((connection) => connection.close()))
  }

  async #start(key: string, as: As | undefined): Promise<Connection> {
    const closed = this.#closed
    try {
      const connection = await (as === undefined ? this.#connect() : become(await this.shell(undefined), as, this.#host))
      if (closed === this.#closed) {
        this.#open.set(key, connection)
        return connection
      }
      await connection.close()
      throw new Unreachable(`${this.#host.name}: the connection was closed while it was being made`)
    } catch (error) {
      if (closed === this.#closed) this.#shells.delete(key)
      throw error
    }
  }
}

async function become(connection: Connection, as: As, host: Host): Promise<Connection> {
  if (connection.as === undefined) throw new BecomeRefused(`${host.name}: its connection cannot become another user (asked for ${as.user})`)
  return connection.as(as)
}

/** The links of a run, one a host. */
export class Pool {
  readonly #links = new Map<string, Link>()
  readonly #connector: Connector
  readonly #signal: AbortSignal

  constructor(connector: Connector, signal: AbortSignal) {
    this.#connector = connector
    this.#signal = signal
  }

  link(host: Host): Link {
    const link = this.#links.get(host.name) ?? new Link(host, async () => this.#connector.connect(host, this.#signal))
    this.#links.set(host.name, link)
    return link
  }

  async close(): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link.close()))
  }
}
