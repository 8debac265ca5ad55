/** The way to a host: where to log in on the way, as whom, with which keys, and whom to trust there. */
import type { SshAddress } from '../../contract.ts'
import { UsageError } from '../../errors.ts'
import type { Secret } from '../../secret.ts'
import { type Asked, configFor, type HostConfig, type Reader, usualKeys } from './config.ts'
import type { Ask, Wanted } from './identities.ts'
import { asKnown, pinned, type Trust } from './trust.ts'

/** What a person at the keyboard has: their ssh_config, known hosts, agent, keys. */
export interface Person extends Reader {
  readonly ask?: Ask
  readonly warn: (text: string) => void
}

export interface Hop {
  readonly host: string
  readonly port: number
  readonly user: string
  /** `user@host:port` */
  readonly at: string
  readonly keys: Wanted
  readonly trust: Trust
  /** A program to speak through instead of TCP. */
  readonly proxyCommand: string | undefined
  readonly connectTimeoutMs: number | undefined
  /** Certificates that would be used if we could. */
  readonly certificates: readonly string[]
}

/** All hops to an address, nearest first; the last is the host itself. Without a person only what the inventory says counts. */
export function wayTo(name: string, address: SshAddress, person: Person | undefined): readonly Hop[] {
  if (person === undefined) return [pinnedHop(name, address)]
  const { host, port, user, proxyJump } = address
  const config = configFor({ host, port, user, proxyJump }, person)
  return [...gates(name, config.proxyJump, person, 0), hopOf(name, config, address, person)]
}

/** As `ssh -J a,b` has it: only the first may have a way of its own. */
function gates(name: string, hops: readonly Asked[], person: Person, depth: number): readonly Hop[] {
  if (depth > 8) throw new UsageError(`${name}: the hosts to go through lead in a circle (ProxyJump)`)
  return hops.flatMap((asked, index) => {
    const config = configFor(asked, person)
    const before = index === 0 ? gates(name, config.proxyJump, person, depth + 1) : []
    const straight = index === 0 ? config : { ...config, proxyCommand: undefined }
    return [...before, hopOf(name, straight, {}, person)]
  })
}

type Given = Partial<Pick<SshAddress, 'privateKey' | 'privateKeyFile' | 'hostKey'>>

function hopOf(name: string, config: HostConfig, given: Given, person: Person): Hop {
  const { hostName: host, port, user, proxyCommand, connectTimeoutMs } = config
  const at = `${user}@${host}:${port}`
  const trust = given.hostKey === undefined ? asKnown({ host: name, at }, config, person.warn) : pinned({ host: name, at }, given.hostKey)
  const { privateKey, privateKeyFile } = given
  const only = privateKeyFile !== undefined || config.identitiesOnly
  const files = privateKeyFile === undefined ? (config.identityFiles ?? usualKeys(person.home)) : [privateKeyFile]
  return {
    host,
    port,
    user,
    at,
    trust,
    proxyCommand,
    connectTimeoutMs,
    keys: { given: privateKey, files, strict: privateKeyFile !== undefined, only, agent: config.agent },
    certificates: config.certificateFiles,
  }
}

function pinnedHop(name: string, { host, port = 22, user, privateKey, privateKeyFile, hostKey, proxyJump }: SshAddress): Hop {
  const missing = (what: string): UsageError => new UsageError(`${name}: ${what}`)
  if (proxyJump !== undefined) throw missing(`hosts to go through (${proxyJump}) need an ssh_config, and none is read here`)
  if (hostKey === undefined) throw missing('nothing says which key its SSH server has. Add the pin to the inventory: hostKey')
  if (user === undefined) throw missing('nothing says as whom to log in. Add user to the inventory')
  if (privateKey === undefined && privateKeyFile === undefined)
    throw missing('no key to log in with. Name it in the inventory: privateKeyFile')
  const at = `${user}@${host}:${port}`
  const keys: Wanted = {
    given: privateKey as Secret | undefined,
    files: [privateKeyFile ?? ''],
    strict: true,
    only: true,
    agent: undefined,
  }
  const trust = pinned({ host: name, at }, hostKey)
  return { host, port, user, at, trust, keys, proxyCommand: undefined, connectTimeoutMs: undefined, certificates: [] }
}
