/** Whether whoever answers at a host's address is the host. Decided before anything is sent to it. */
import type { ServerHostKeyAlgorithm } from 'ssh2'
import { HostKeyMismatch, Unreachable, UsageError } from '../../errors.ts'
import type { HostConfig } from './config.ts'
import { fingerprint, judge, type Known, kindOf, knownHosts, nameFor, remember } from './known-hosts.ts'

export interface Trust {
  /** What to ask the host for: kinds of which a key is known first, so that a host with several keys shows that one. */
  readonly algorithms: readonly ServerHostKeyAlgorithm[]
  /** The reason not to trust this key; undefined: it is the host's. */
  refuse(key: Buffer): Unreachable | undefined
}

/** For messages. */
export interface Whom {
  readonly host: string
  /** `user@host:port` */
  readonly at: string
}

/** The kinds of keys that ssh2 knows, and the signature algorithms that go with each. */
const kinds = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
} as const satisfies Record<string, readonly ServerHostKeyAlgorithm[]>

/** Trust in one key, `ssh-ed25519 AAAA…`, and in nothing else. */
export function pinned({ host, at }: Whom, pin: string): Trust {
  const [kind = '', blob = ''] = pin.trim().split(/\s+/)
  if (kind.includes('-cert-'))
    throw new UsageError(`${host}: the pin is an OpenSSH certificate, which is not supported. Pin the plain host key.`)
  const key = Buffer.from(blob, 'base64')
  if (kindOf(key) !== kind || kind === '') {
    throw new UsageError(
      `${host}: expected a host key pin like 'ssh-ed25519 AAAA…', got '${pin.slice(0, 40)}'. Take it from the host's .pub file.`,
    )
  }
  if (!isKind(kind)) throw new UsageError(`${host}: expected a pin of kind ${Object.keys(kinds).join(', ')}, got '${kind}'`)
  return {
    algorithms: inOrder([kind]),
    refuse: (shown) => (shown.equals(key) ? undefined : new HostKeyMismatch(host, at, fingerprint(key), fingerprint(shown))),
  }
}

/** Trust in what the files of known hosts say, as ssh_config has it. */
export function asKnown({ host, at }: Whom, config: HostConfig, warn: (text: string) => void): Trust {
  const { userKnownHosts, globalKnownHosts, hostKeyAlias, hostName, port, checking, checkingSaid } = config
  const names = hostKeyAlias === undefined ? [...new Set([nameFor(hostName, port), hostName])] : [hostKeyAlias]
  const [name = hostName] = names
  const files = [...userKnownHosts, ...globalKnownHosts]
  const known = knownHosts(files, names)
  const newcomer = (key: Buffer): Unreachable | undefined => {
    const [file] = userKnownHosts
    if (checking === 'accept-new' && file !== undefined) {
      remember(file, name, key, config.hashKnownHosts)
      warn(`${host}: met ${at} for the first time; its host key ${fingerprint(key)} is now in ${file} (StrictHostKeyChecking accept-new)`)
      return undefined
    }
    return new Unreachable(
      `${host}: nothing is known of the host key of ${at}, which is ${kindOf(key)} ${fingerprint(key)}. Looked for ${name} in ${list(files)}. ` +
        'Pin the key in the inventory, add it to known_hosts from a source that you trust, or set StrictHostKeyChecking accept-new for this host.',
    )
  }
  return {
    algorithms: inOrder(known.keys.map(({ kind }) => kind)),
    refuse: (key) => {
      const verdict = judge(known, key)
      if (verdict.is === 'known') return undefined
      if (verdict.is === 'revoked')
        return new Unreachable(`Refused to log in to ${host} at ${at}: its host key ${fingerprint(key)} is revoked (${verdict.where}).`)
      if (checking === 'no') {
        warn(
          `WARNING: nobody checks who answers at ${at} (${host}): StrictHostKeyChecking is off (${checkingSaid ?? 'ssh_config'}). ` +
            `Its host key ${fingerprint(key)} is ${verdict.is === 'changed' ? `NOT the known one (${places(known)})` : 'not known'}. Whoever it is gets all that is sent.`,
        )
        return undefined
      }
      if (verdict.is === 'changed') return new HostKeyMismatch(host, at, verdict.instead.map(shownAs).join(' or '), fingerprint(key))
      if (verdict.is === 'certified')
        return new Unreachable(
          `${host}: ${verdict.where} trusts a certificate authority for ${at}. Host certificates are not supported: ` +
            `add the plain key of the host to known_hosts, or pin it in the inventory. It shows ${fingerprint(key)}.`,
        )
      return newcomer(key)
    },
  }
}

const shownAs = ({ key, where }: Known['keys'][number]): string => `${fingerprint(key)} (${where})`

const places = ({ keys }: Known): string => keys.map(({ where }) => where).join(', ')

const list = (files: readonly string[]): string => (files.length === 0 ? 'no file' : files.join(', '))

function inOrder(known: readonly string[]): readonly ServerHostKeyAlgorithm[] {
  const first = known.flatMap((kind) => (isKind(kind) ? kinds[kind] : []))
  return [...new Set([...first, ...Object.values(kinds).flat()])]
}

const isKind = (kind: string): kind is keyof typeof kinds => Object.hasOwn(kinds, kind)
