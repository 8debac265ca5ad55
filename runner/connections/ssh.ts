import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { userInfo } from 'node:os'
import { NodeSSH } from 'node-ssh'
import type { Client } from 'ssh2'
import type { Connection, Connector, Host, SshAddress } from '../contract.ts'
import { HostKeyMismatch, Unreachable, UsageError } from '../errors.ts'
import { Secret } from '../secret.ts'
import { type Channel, defaultLimits, type Limits, type Transport, within } from './channel.ts'
import { openShell } from './shell.ts'

export interface SshOptions extends Partial<Limits> {
  /** The POSIX shell to start on the host, as its login shell would be told: `sh`, `busybox sh`. */
  readonly shell?: string
}

/** Connections over SSH with keys only, to hosts whose key is pinned. There is no trust on first use and no retry. */
export function sshConnector(options: SshOptions = {}): Connector {
  const limits = { ...defaultLimits, ...options }
  return {
    connect: (host, signal): Promise<Connection> =>
      overSsh(host, signal, limits, (transport) => openShell(host.name, transport, options.shell ?? 'sh', limits)),
  }
}

/** Logs in and makes something of the transport, all within `connectMs`. What is made owns the transport from then on. */
export async function overSsh<T>(host: Host, signal: AbortSignal, limits: Limits, make: (transport: Transport) => Promise<T>): Promise<T> {
  if (host.connection.kind !== 'ssh') throw new Unreachable(`${host.name} is not reached by SSH: its connection is ${host.connection.kind}`)
  signal.throwIfAborted()
  const address = await complete(host.name, host.connection)
  const ssh = new NodeSSH()
  const socket = connect({ host: address.host, port: address.port, noDelay: true })
  const drop = (): void => {
    socket.destroy()
    ssh.dispose()
  }
  signal.addEventListener('abort', drop, { once: true })
  const open = async (): Promise<T> => make(channels(host.name, await login(ssh, socket, host, address, limits), drop))
  const late = (): Error => new Unreachable(`${host.name}: no answer at ${where(address)} within ${limits.connectMs} ms`)
  try {
    return await within(limits.connectMs, open(), late)
  } catch (error) {
    drop()
    throw signal.aborted ? signal.reason : error
  } finally {
    signal.removeEventListener('abort', drop)
  }
}

type Complete = Required<Pick<SshAddress, 'host' | 'port' | 'user' | 'privateKey' | 'hostKey'>>

/** An address with nothing left to be found out. */
async function complete(name: string, address: SshAddress): Promise<Complete> {
  const { host, port = 22, user = userInfo().username, privateKeyFile, hostKey, proxyJump } = address
  if (proxyJump !== undefined) throw new UsageError(`${name}: hosts to go through (${proxyJump}) are not supported yet`)
  if (hostKey === undefined)
    throw new UsageError(`${name}: nothing says which key its SSH server has. Add the pin to the inventory: skep_host_key, or hostKey`)
  const pem = async (): Promise<Secret> => {
    if (privateKeyFile === undefined)
      throw new UsageError(
        `${name}: no key to log in with. Name its file in the inventory: ansible_ssh_private_key_file, or privateKeyFile`,
      )
    return new Secret(
      await readFile(privateKeyFile, 'utf8').catch((cause: Error) => {
        throw new UsageError(`${name}: its private key cannot be read: ${cause.message}`, { cause })
      }),
    )
  }
  return { host, port, user, hostKey, privateKey: address.privateKey ?? (await pem()) }
}

async function login(ssh: NodeSSH, socket: Socket, host: Host, address: Complete, limits: Limits): Promise<Client> {
  const pin = pinned(host.name, address.hostKey)
  let refused: HostKeyMismatch | undefined
  const hostVerifier = (key: Buffer): boolean => {
    if (key.equals(pin.key)) return true
    refused = new HostKeyMismatch(host.name, where(address), fingerprint(pin.key), fingerprint(key))
    return false
  }
  try {
    await reached(socket)
    await ssh.connect({
      sock: socket,
      username: address.user,
      privateKey: address.privateKey.reveal(),
      authHandler: ['publickey'],
      hostVerifier,
      keepaliveInterval: Math.ceil(limits.idleMs / 3),
      keepaliveCountMax: 3,
      readyTimeout: limits.connectMs,
      algorithms: {
        // The pinned kind first, so that a host with several keys shows that one; the others so that a wrong key is seen and named.
        serverHostKey: [...new Set([...pin.algorithms, 'ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512', 'rsa-sha2-256'] as const)],
        kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org', 'ecdh-sha2-nistp256', 'ecdh-sha2-nistp384', 'ecdh-sha2-nistp521'],
      },
    })
  } catch (cause) {
    throw refused ?? explained(host.name, address, cause)
  }
  if (ssh.connection === null) throw new Unreachable(`${host.name} at ${where(address)} closed the connection right after the login`)
  return ssh.connection
}

function channels(name: string, client: Client, drop: () => void): Transport {
  let why = 'the connection was closed'
  client.on('error', (error: Error) => {
    why = error.message
  })
  return {
    open: (program) =>
      new Promise<Channel>((resolve, reject) => {
        const failed = (cause: Error): void => reject(new Unreachable(`${name} opens no channel: ${cause.message}`, { cause }))
        const gone = (): void => failed(new Error(why))
        client.once('close', gone)
        client.exec(program, (error, channel) => {
          client.off('close', gone)
          if (error) return failed(error)
          let said = ''
          channel.on('exit', (code: number | null, signal?: string) => {
            said = `the shell ended (${signal ?? `exit code ${code}`})`
          })
          const closed = new Promise<string>((ended) => channel.once('close', () => ended(said === '' ? why : said)))
          resolve({ stdin: channel, stdout: channel, stderr: channel.stderr, closed, destroy: () => channel.close() })
        })
      }),
    close: drop,
  }
}

/** The key of a pin like `ssh-ed25519 AAAA… comment`, and the signature algorithms that go with it. */
function pinned(host: string, pin: string) {
  const [kind = '', blob = ''] = pin.trim().split(/\s+/)
  if (kind.includes('-cert-'))
    throw new UsageError(`${host}: the pin is an OpenSSH certificate, which is not supported. Pin the plain host key.`)
  const key = Buffer.from(blob, 'base64')
  const said = key.length > 4 ? key.subarray(4, 4 + key.readUInt32BE(0)).toString() : ''
  if (said !== kind || kind === '') {
    throw new UsageError(
      `${host}: expected a host key pin like 'ssh-ed25519 AAAA…', got '${pin.slice(0, 40)}'. Take it from the host's .pub file.`,
    )
  }
  const kinds = {
    'ssh-ed25519': ['ssh-ed25519'],
    'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
    'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  } as const
  if (!isKind(kind, kinds)) throw new UsageError(`${host}: expected a pin of kind ${Object.keys(kinds).join(', ')}, got '${kind}'`)
  return { key, algorithms: kinds[kind] }
}

const isKind = <K extends string>(kind: string, kinds: Record<K, unknown>): kind is K => Object.hasOwn(kinds, kind)

/** As `ssh-keygen -l` prints it. */
const fingerprint = (key: Buffer): string => `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`

const where = ({ user, host, port }: Complete): string => `${user}@${host}:${port}`

const reached = (socket: Socket): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the connection was closed')))
  })

function explained(name: string, address: Complete, cause: unknown): Unreachable {
  const message = cause instanceof Error ? cause.message : String(cause)
  const refusedLogin = typeof cause === 'object' && cause !== null && 'level' in cause && cause.level === 'client-authentication'
  const what = refusedLogin ? `${where(address)} does not accept the key` : `cannot reach ${where(address)}: ${message}`
  return new Unreachable(`${name}: ${what}`, { cause })
}
