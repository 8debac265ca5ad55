/** Links to hosts: over TCP, through a program, or through other hosts, which are logged in to once for all who go through them. */
import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'ssh2'
import { Unreachable } from '../../errors.ts'
import { gathering, type Login, login, Unsteady } from './login.ts'
import type { Hop } from './way.ts'

/** What has to be let go of when a link ends, newest first; what comes after the end is let go of at once. */
export class Leash {
  readonly #held: (() => void)[] = []
  #released = false

  hold(release: () => void): void {
    if (this.#released) release()
    else this.#held.push(release)
  }

  release(): void {
    this.#released = true
    for (const release of this.#held.splice(0).reverse()) release()
  }
}

interface Gate {
  readonly client: Promise<Client>
  readonly leash: Leash
  users: number
}

/** The links of one connector. */
export class Links {
  readonly #gates = new Map<string, Gate>()

  /** Logs in to the last of `way`, through all before it; whatever that takes is put on the leash. */
  async open(way: readonly Hop[], how: Omit<Login, 'hop'>, leash: Leash): Promise<Client> {
    const hop = way.at(-1)
    if (hop === undefined) throw new Unreachable(`${how.name}: there is no way to it`)
    const before = way.slice(0, -1)
    const stream = before.length === 0 ? straight(how.name, hop, leash) : await this.#through(before, hop, how, leash)
    const client = await login(stream.duplex, { ...how, hop }).catch(async (error: unknown) => {
      throw (await stream.explain?.(error)) ?? error
    })
    leash.hold(() => client.destroy())
    return client
  }

  async #through(before: readonly Hop[], hop: Hop, how: Omit<Login, 'hop'>, leash: Leash): Promise<Stream> {
    const gate = await this.#gate(before, how, leash)
    const { name } = how
    const duplex = await new Promise<Duplex>((resolve, reject) => {
      const gone = (): void => reject(new Unsteady(`${name}: ${before.at(-1)?.at} closed the connection on the way to ${hop.at}`))
      gate.once('close', gone)
      gate.forwardOut('127.0.0.1', 0, hop.host, hop.port, (error, channel) => {
        gate.off('close', gone)
        if (error) reject(new Unreachable(`${name}: ${before.at(-1)?.at} does not lead to ${hop.at}: ${error.message}`, { cause: error }))
        else resolve(channel)
      })
    })
    leash.hold(() => duplex.destroy())
    return { duplex }
  }

  async #gate(way: readonly Hop[], how: Omit<Login, 'hop'>, leash: Leash): Promise<Client> {
    const key = way.map(({ at }) => at).join(' ')
    const gate = this.#gates.get(key) ?? this.#newGate(key, way, how)
    gate.users += 1
    leash.hold(() => {
      gate.users -= 1
      if (gate.users > 0) return
      if (this.#gates.get(key) === gate) this.#gates.delete(key)
      gate.leash.release()
    })
    return gate.client
  }

  #newGate(key: string, way: readonly Hop[], how: Omit<Login, 'hop'>): Gate {
    const leash = new Leash()
    const gate: Gate = { client: this.open(way, how, leash), leash, users: 0 }
    this.#gates.set(key, gate)
    const forget = (): void => {
      if (this.#gates.get(key) === gate) this.#gates.delete(key)
    }
    gate.client.then((client) => {
      client.on('error', () => undefined) // its users see their channels close
      client.once('close', forget)
    }, forget)
    return gate
  }
}

interface Stream {
  readonly duplex: Duplex
  /** A better word for why the login over it failed. */
  explain?(error: unknown): Promise<Error | undefined>
}

function straight(name: string, hop: Hop, leash: Leash): Stream {
  if (hop.proxyCommand !== undefined) return program(name, hop, hop.proxyCommand, leash)
  const socket = connect({ host: hop.host, port: hop.port, noDelay: true })
  leash.hold(() => socket.destroy())
  return { duplex: gathering(socket) }
}

function program(name: string, { at }: Hop, command: string, leash: Leash): Stream {
  const child = spawn('sh', ['-c', `exec ${command}`], { stdio: 'pipe' })
  let said = ''
  child.stderr.on('data', (part: Buffer) => {
    said = (said + part.toString()).slice(-300)
  })
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  leash.hold(() => child.kill())
  return {
    duplex: gathering(Duplex.from({ readable: child.stdout, writable: child.stdin })),
    explain: async (error) => {
      if (!(error instanceof Unsteady)) return undefined
      const end = await Promise.race([ended, sleep(500, undefined, { ref: false })])
      const why = [end, said.trim()].filter((part) => part !== undefined && part !== '').join(': ')
      return why === '' ? undefined : new Unreachable(`${name}: cannot reach ${at} through \`${command}\`: ${why}`, { cause: error })
    },
  }
}
