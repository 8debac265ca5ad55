/**
 * A login that waits no more often than the protocol asks for. ssh2 asks whether a key would do before it signs, waits for the
 * userauth service before it names a key, and waits for a channel before it says what to run in it: four round trips that an
 * OpenSSH server does not need. It has no public way to leave them out, so this reaches into its internals, and only where they
 * look exactly as expected; otherwise, and with any other server, all goes the ordinary way.
 */
import { createSecretKey } from 'node:crypto'
import type { Client, ClientChannel, ParsedKey } from 'ssh2'
import type { Identity } from './identities.ts'

type Sign = (data: Buffer, done: (signature: Buffer) => void) => void

interface Internals {
  readonly _remoteVer: string | undefined
  readonly _protocol: {
    authPK(user: string, key: ParsedKey, algorithm?: string | Sign, sign?: Sign): void
    service(name: string): void
    session(channel: number, window: number, packet: number): void
    exec(channel: number, command: string, reply: boolean): void
    requestSuccess(data?: Buffer): void
    readonly _handlers: {
      SERVICE_ACCEPT(protocol: unknown, name: string): void
      GLOBAL_REQUEST(protocol: unknown, name: string, reply: boolean, data: unknown): void
    }
  }
}

/** Functions that are replaced, and how many parameters they have in the ssh2 that this knows. */
const shape: readonly (readonly [of: '_protocol' | '_handlers', name: string, parameters: number])[] = [
  ['_protocol', 'authPK', 4],
  ['_protocol', 'service', 1],
  ['_protocol', 'session', 3],
  ['_protocol', 'exec', 3],
  ['_protocol', 'requestSuccess', 1],
  ['_handlers', 'SERVICE_ACCEPT', 2],
  ['_handlers', 'GLOBAL_REQUEST', 4],
]

/** Whether this ssh2 is built as the lean login knows it. */
export function isKnown(client: object): client is Internals {
  const protocol = part(client, '_protocol')
  const holders = { _protocol: protocol, _handlers: part(protocol, '_handlers') }
  return (
    '_remoteVer' in client &&
    shape.every(([of, name, parameters]) => {
      const found = part(holders[of], name)
      return typeof found === 'function' && found.length === parameters
    })
  )
}

const part = (of: unknown, name: string): unknown => (typeof of === 'object' && of !== null ? Reflect.get(of, name) : undefined)

/** To be called between `connect` and the first answer. `failed` gets what keeps the key from signing. */
export function loginLean(client: Client, identities: readonly Identity[], failed: (error: unknown) => void): void {
  if (!isKnown(client)) return
  const internals: Internals = client
  const protocol = internals._protocol
  const handlers = protocol._handlers
  const [only, more] = identities
  const service = protocol.service.bind(protocol)
  protocol.service = (name) => {
    service(name)
    // RSA waits: which hashes may be used is told in a packet that may come with the answer.
    if (name !== 'ssh-userauth' || !isOpenSsh(internals) || only === undefined || only.key.type === 'ssh-rsa') return
    const accepted = handlers.SERVICE_ACCEPT
    // The host's answer then comes too late to matter.
    handlers.SERVICE_ACCEPT = () => {
      handlers.SERVICE_ACCEPT = accepted
    }
    process.nextTick(() => accepted(protocol, name))
  }
  const request = protocol.authPK.bind(protocol)
  protocol.authPK = (user, key, algorithm, sign) => {
    // With several keys the host is asked first: a signature may cost somebody a touch or a passphrase.
    if (sign !== undefined || typeof algorithm === 'function' || more !== undefined || only?.ready !== true || !isOpenSsh(internals))
      return request(user, key, algorithm, sign)
    request(user, key, algorithm, (data, done) => {
      only.sign(data, hashOf(algorithm)).then(done, (error: unknown) => {
        failed(error)
        client.destroy()
      })
    })
  }
  const global = handlers.GLOBAL_REQUEST
  handlers.GLOBAL_REQUEST = (of, name, reply, data) => {
    // ssh2 would have the server prove each of its host keys; we have checked the one that counts.
    if (name !== 'hostkeys-00@openssh.com') global(of, name, reply, data)
    else if (reply) protocol.requestSuccess()
  }
}

/**
 * The first channel of a connection, with the command sent right behind the request to open it: OpenSSH numbers channels from 0. Where that
 * proves wrong the connection is closed before the command could have started. False: not possible here, nothing was done.
 */
export function execAhead(client: Client, command: string, done: (error: Error | undefined, channel: ClientChannel) => void): boolean {
  if (!isKnown(client) || !isOpenSsh(client)) return false
  const protocol = (client as Internals)._protocol
  const { session, exec } = protocol
  protocol.session = (channel, window, packet) => {
    protocol.session = session
    session.call(protocol, channel, window, packet)
    exec.call(protocol, 0, command, true)
    protocol.exec = (number) => {
      protocol.exec = exec
      if (number !== 0) client.destroy()
    }
  }
  client.exec(command, done)
  return true
}

/** Node needs three times as long for a cipher whose key comes as bytes, and ssh2 makes one for each packet. */
export function encryptFaster(client: object): void {
  const cipher = part(part(client, '_protocol'), '_cipher')
  const key = part(cipher, '_encKey')
  if (Buffer.isBuffer(key) && cipher instanceof Object && cipher.constructor.name === 'AESGCMCipherNative')
    Reflect.set(cipher, '_encKey', createSecretKey(key))
}

const isOpenSsh = ({ _remoteVer }: Internals): boolean => _remoteVer?.startsWith('OpenSSH_') === true

function hashOf(algorithm: string | undefined): 'sha256' | 'sha512' | 'sha1' | undefined {
  if (algorithm === 'rsa-sha2-256') return 'sha256'
  if (algorithm === 'rsa-sha2-512') return 'sha512'
  return algorithm === 'ssh-rsa' ? 'sha1' : undefined
}
