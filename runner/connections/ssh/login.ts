/** One login: over a stream that leads to a server, with its key checked and ours offered. */
import { existsSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import { NodeSSH } from 'node-ssh'
import type { Client } from 'ssh2'
import { Unreachable, UsageError } from '../../errors.ts'
import type { Limits } from '../channel.ts'
import { agentOf, type Keyring, Locked } from './identities.ts'
import { encryptFaster, loginLean } from './lean.ts'
import type { Hop } from './way.ts'

export interface Login {
  /** The host, for messages; it may lie behind the hop. */
  readonly name: string
  readonly hop: Hop
  readonly keyring: Keyring
  readonly limits: Limits
  /** Without waiting where the protocol does not ask for it. */
  readonly lean: boolean
}

/** The link broke before anybody had logged in: to try again is safe. */
export class Unsteady extends Unreachable {}

/** Logs in. Rejects with Locked where a passphrase is needed, with Unsteady where another try may do. */
export async function login(stream: Duplex, { name, hop, keyring, limits, lean }: Login): Promise<Client> {
  const identities = await keyring.identities(name, hop.keys)
  if (identities.length === 0) throw new UsageError(noKeys(name, hop))
  const held: { reason?: unknown } = {}
  const hold = (reason: unknown): void => {
    held.reason ??= reason
  }
  const hostVerifier = (key: Buffer): boolean => {
    const refused = hop.trust.refuse(key)
    if (refused !== undefined) hold(refused)
    return refused === undefined
  }
  const ssh = new NodeSSH()
  try {
    const connected = ssh.connect({
      sock: stream,
      username: hop.user,
      agent: agentOf(identities, hold),
      authHandler: ['agent'],
      hostVerifier,
      keepaliveInterval: Math.ceil(limits.idleMs / 3),
      keepaliveCountMax: 3,
      readyTimeout: 0, // whoever calls has a limit
      algorithms: {
        serverHostKey: [...hop.trust.algorithms],
        kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org', 'ecdh-sha2-nistp256', 'ecdh-sha2-nistp384', 'ecdh-sha2-nistp521'],
        // The cheapest first; all of them are sound.
        cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'chacha20-poly1305@openssh.com', 'aes128-ctr', 'aes256-ctr'],
      },
    })
    // node-ssh makes its client at once; only its answer takes time.
    if (lean && ssh.connection !== null) loginLean(ssh.connection, identities, hold)
    await connected
  } catch (cause) {
    stream.destroy()
    ssh.dispose()
    throw held.reason instanceof Unreachable || held.reason instanceof UsageError || held.reason instanceof Locked
      ? held.reason
      : explained(name, hop, cause)
  }
  if (ssh.connection === null) throw new Unsteady(`${name} at ${hop.at} closed the connection right after the login`)
  encryptFaster(ssh.connection)
  return ssh.connection
}

/** Writes that are made together leave together: ssh2 makes three of each packet, and Nagle is off. */
export function gathering<S extends Duplex>(stream: S): S {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
  let corked = false
  stream.write = (...args: unknown[]): boolean => {
    if (!corked) {
      corked = true
      stream.cork()
      process.nextTick(() => {
        corked = false
        stream.uncork()
      })
    }
    return write(...args)
  }
  return stream
}

function explained(name: string, hop: Hop, cause: unknown): Unreachable {
  const message = cause instanceof Error ? cause.message : String(cause)
  const level = typeof cause === 'object' && cause !== null && 'level' in cause ? cause.level : undefined
  if (level === 'client-authentication') return new Unreachable(`${name}: ${hop.at} does not accept the key${unspoken(hop)}`, { cause })
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
  const unsteady = code === 'ECONNRESET' || code === 'EPIPE' || level === 'protocol' || /No response from server|closed/i.test(message)
  const what = `${name}: cannot reach ${hop.at}: ${message}`
  return unsteady ? new Unsteady(what, { cause }) : new Unreachable(what, { cause })
}

function noKeys(name: string, { at, keys }: Hop): string {
  const agent = keys.agent === undefined ? 'and there is no agent' : `and the agent at ${keys.agent} has none that would do`
  const looked = keys.files.length === 0 ? 'no file is named' : `there is none that can be used in ${keys.files.join(', ')}`
  return `${name}: no key to log in with at ${at}: ${looked}, ${agent}. Name one in the inventory or in ssh_config (IdentityFile), or ssh-add it.`
}

/** A login that fails for want of a certificate should say so. */
function unspoken({ certificates, keys }: Hop): string {
  const beside = keys.files.map((file) => `${file}-cert.pub`).filter((file) => existsSync(file))
  const [certificate] = [...certificates, ...beside]
  return certificate === undefined
    ? ''
    : `. Certificates are not supported, so ${certificate} was not shown; let the host accept the plain key`
}
