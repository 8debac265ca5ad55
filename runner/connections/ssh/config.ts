/** What ssh_config says of one host. */
import { hostname } from 'node:os'
import { join } from 'node:path'
import { UsageError } from '../../errors.ts'
import { type ConfigFile, type Setting, type Subject, settingsFor } from './config-file.ts'

/** Whom a configuration is read for. */
export interface Reader {
  readonly files: readonly ConfigFile[]
  readonly home: string
  readonly user: string
  readonly uid: number
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** What stands nearer than any file: the inventory, or a hop's own `user@host:port`. */
export interface Asked {
  readonly host: string
  readonly user?: string | undefined
  readonly port?: number | undefined
  /** As after `ssh -J`; `none` goes straight. */
  readonly proxyJump?: string | undefined
}

export interface HostConfig {
  readonly hostName: string
  readonly port: number
  readonly user: string
  /** Named ones, or undefined where nothing names any. */
  readonly identityFiles: readonly string[] | undefined
  readonly identitiesOnly: boolean
  /** A socket; undefined: none is to be used. */
  readonly agent: string | undefined
  readonly certificateFiles: readonly string[]
  /** Hosts to go through, nearest first. */
  readonly proxyJump: readonly Asked[]
  readonly proxyCommand: string | undefined
  readonly userKnownHosts: readonly string[]
  readonly globalKnownHosts: readonly string[]
  readonly hostKeyAlias: string | undefined
  readonly hashKnownHosts: boolean
  /** `ask` is `yes` with another explanation: nobody is asked. */
  readonly checking: 'yes' | 'accept-new' | 'no'
  /** Where the last one was said. */
  readonly checkingSaid: string | undefined
  readonly connectTimeoutMs: number | undefined
}

/** The configuration of a host, as `ssh -G` would say it. Throws UsageError for what Skep cannot decide or does not speak. */
export function configFor(asked: Asked, reader: Reader): HostConfig {
  const said = new Said()
  const subject = (host: string, final: boolean): Subject => ({
    original: asked.host,
    host,
    localUser: reader.user,
    home: reader.home,
    final,
    settled: { hostName: () => (final ? host : hostName(said, asked.host)), user: () => asked.user ?? said.one('user') ?? reader.user },
  })
  let again = false
  const sawFinal = (): void => {
    again = true
  }
  if (asked.proxyJump !== undefined) said.add(of('proxyjump', asked.proxyJump))
  for (const setting of settingsFor(reader.files, subject(asked.host, false), sawFinal)) said.add(setting)
  const named = hostName(said, asked.host).toLowerCase()
  if (again) {
    said.fix('hostname', named.replaceAll('%', '%%'))
    for (const setting of settingsFor(reader.files, subject(named, true), sawFinal)) said.add(setting)
  }
  return settled(said, named, asked, reader)
}

const of = (keyword: string, rest: string): Setting => ({ keyword, rest, words: [rest], where: 'inventory' })

/** First come, first served; files of keys add up. */
class Said {
  readonly #first = new Map<string, Setting>()
  readonly #all = new Map<string, string[]>()

  add(setting: Setting): void {
    const { keyword, words } = setting
    if (keyword === 'identityfile' || keyword === 'certificatefile') {
      const list = this.#all.get(keyword) ?? []
      for (const word of words.slice(0, 1)) if (!list.includes(word)) list.push(word)
      this.#all.set(keyword, list)
    }
    // As ssh has it: this leaves room for a later one.
    if (keyword === 'connecttimeout' && words[0]?.toLowerCase() === 'none') return
    // Whichever of the two comes first shuts the other out; only a `ProxyJump none` does not.
    if (keyword === 'proxyjump' && this.#first.has('proxycommand')) return
    if (keyword === 'proxycommand' && !/^(none)?$/i.test(this.#first.get('proxyjump')?.rest ?? '')) return
    if (!this.#first.has(keyword)) this.#first.set(keyword, setting)
  }

  fix(keyword: string, word: string): void {
    this.#first.set(keyword, of(keyword, word))
  }

  one(keyword: string): string | undefined {
    return this.#first.get(keyword)?.words[0]
  }

  setting(keyword: string): Setting | undefined {
    return this.#first.get(keyword)
  }

  list(keyword: string): readonly string[] {
    return this.#all.get(keyword) ?? []
  }

  yes(keyword: string): boolean {
    return /^(yes|true)$/i.test(this.one(keyword) ?? '')
  }
}

const hostName = (said: Said, host: string): string =>
  (said.one('hostname') ?? host).replace(/%(.)/g, (token, letter) => {
    if (letter === '%') return '%'
    if (letter === 'h') return host
    throw new UsageError(`${said.setting('hostname')?.where}: HostName knows %h and %%, got ${token}`)
  })

const defaultKeys = ['id_rsa', 'id_ecdsa', 'id_ed25519'] as const

function settled(said: Said, host: string, asked: Asked, reader: Reader): HostConfig {
  refuse(said)
  const port = asked.port ?? numberOf(said.setting('port'), 1, 65_535) ?? 22
  const user = asked.user ?? said.one('user') ?? reader.user
  const alias = said.one('hostkeyalias')?.toLowerCase()
  const jump = said.setting('proxyjump')?.rest
  const tokens: Tokens = {
    '%': '%',
    d: reader.home,
    h: host,
    i: String(reader.uid),
    j: jump ?? '',
    k: alias ?? asked.host,
    L: hostname().split('.')[0] ?? '',
    l: hostname(),
    n: asked.host,
    p: String(port),
    r: user,
    u: reader.user,
  }
  const path = (keyword: string) => (word: string) => expanded(word, tokens, reader, said.setting(keyword)?.where ?? '')
  const paths = (keyword: string, usual: readonly string[]): readonly string[] =>
    (said.setting(keyword)?.words ?? usual).filter((word) => word.toLowerCase() !== 'none').map(path(keyword))
  const keys = said.list('identityfile')
  const command = said.setting('proxycommand')?.rest
  const { h, n, p, r } = tokens
  return {
    hostName: host,
    port,
    user,
    identityFiles: keys.length === 0 ? undefined : keys.filter((word) => word.toLowerCase() !== 'none').map(path('identityfile')),
    identitiesOnly: said.yes('identitiesonly'),
    agent: agentOf(said.one('identityagent'), path('identityagent'), reader),
    certificateFiles: said.list('certificatefile').map(path('certificatefile')),
    proxyJump: jump === undefined || jump.toLowerCase() === 'none' ? [] : hopsOf(jump, said.setting('proxyjump')?.where ?? ''),
    proxyCommand:
      command === undefined || command.toLowerCase() === 'none'
        ? undefined
        : withTokens(command, { '%': '%', h, n, p, r }, said.setting('proxycommand')?.where ?? ''),
    userKnownHosts: paths('userknownhostsfile', ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']),
    globalKnownHosts: paths('globalknownhostsfile', ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']),
    hostKeyAlias: alias,
    hashKnownHosts: said.yes('hashknownhosts'),
    checking: checkingOf(said.setting('stricthostkeychecking')),
    checkingSaid: said.setting('stricthostkeychecking')?.where,
    connectTimeoutMs: secondsOf(said.setting('connecttimeout')),
  }
}

/** The private keys that ssh tries where nothing names any. */
export const usualKeys = (home: string): readonly string[] => defaultKeys.map((name) => join(home, '.ssh', name))

function refuse(said: Said): void {
  const canonical = said.setting('canonicalizehostname')
  if (canonical !== undefined && !/^(no|false|none)$/i.test(canonical.words[0] ?? ''))
    throw new UsageError(
      `${canonical.where}: CanonicalizeHostname is not supported: it lets a name server say who a host is. Set it to no.`,
    )
  const revoked = said.setting('revokedhostkeys')
  if (revoked !== undefined && revoked.words[0]?.toLowerCase() !== 'none')
    throw new UsageError(`${revoked.where}: RevokedHostKeys is not supported. Mark the keys with @revoked in known_hosts.`)
}

/** `ops@bastion:2222,second` as hosts. */
function hopsOf(text: string, where: string): readonly Asked[] {
  return text
    .replace(/\s*#.*$/, '')
    .split(',')
    .map((hop) => {
      const [, user, bracketed, bare, port] = /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^:@[\]/]+))(?::(\d+))?\/?$/.exec(hop.trim()) ?? []
      const host = bracketed ?? bare
      if (host === undefined || Number(port ?? 22) > 65_535 || port === '0')
        throw new UsageError(`${where}: expected hosts to go through like ops@bastion:2222,second, got '${text}'`)
      return { host, user, port: port === undefined ? undefined : Number(port) }
    })
}

type Tokens = Readonly<Record<string, string | undefined>>

function withTokens(text: string, tokens: Tokens, where: string): string {
  return text.replace(/%(.|$)/g, (token, letter: string) => {
    const value = tokens[letter]
    if (value !== undefined) return value
    const known = Object.keys(tokens).map((name) => `%${name}`)
    throw new UsageError(`${where}: expected one of ${known.join(' ')}, got ${token}`)
  })
}

function expanded(word: string, tokens: Tokens, { home, environment }: Reader, where: string): string {
  const whole = withTokens(word, tokens, where).replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = environment[name]
    if (value === undefined) throw new UsageError(`${where}: the environment has no ${name}, which ${word} needs`)
    return value
  })
  if (whole === '~') return home
  if (whole.startsWith('~/')) return join(home, whole.slice(2))
  if (whole.startsWith('~')) throw new UsageError(`${where}: expected a path, got ${word} (homes of other users are not looked up)`)
  return whole
}

function agentOf(word: string | undefined, path: (word: string) => string, { environment }: Reader): string | undefined {
  if (word === undefined || word === 'SSH_AUTH_SOCK') return environment['SSH_AUTH_SOCK']
  if (word.toLowerCase() === 'none') return undefined
  return /^\$\w+$/.test(word) ? environment[word.slice(1)] : path(word)
}

function checkingOf(setting: Setting | undefined): HostConfig['checking'] {
  const word = setting?.words[0]?.toLowerCase() ?? 'ask'
  if (['yes', 'true', 'ask'].includes(word)) return 'yes'
  if (word === 'accept-new') return word
  if (['no', 'false', 'off'].includes(word)) return 'no'
  throw new UsageError(`${setting?.where}: expected StrictHostKeyChecking yes, accept-new, no or ask, got ${word}`)
}

function numberOf(setting: Setting | undefined, least: number, most: number): number | undefined {
  if (setting === undefined) return undefined
  const value = Number(setting.words[0])
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new UsageError(`${setting.where}: expected a whole number from ${least} to ${most}, got ${setting.rest}`)
}

const units: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 }

function secondsOf(setting: Setting | undefined): number | undefined {
  const word = setting?.words[0]?.toLowerCase()
  if (setting === undefined || word === undefined) return undefined
  if (!/^(\d+[smhdw]?)+$/.test(word)) throw new UsageError(`${setting.where}: expected a time like 10, 30s or 1m30s, got ${setting.rest}`)
  const parts = [...word.matchAll(/(\d+)([smhdw]?)/g)]
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? 1), 0) * 1_000
}
