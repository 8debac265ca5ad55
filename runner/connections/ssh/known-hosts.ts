/** What known_hosts says of a key that a host shows. */
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { appendFileSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { matchesList } from './pattern.ts'
import { textIfThere } from './text-file.ts'

interface KnownKey {
  readonly kind: string
  readonly key: Buffer
  /** `file:line` */
  readonly where: string
}

/** All that the files know of one host. */
export interface Known {
  readonly keys: readonly KnownKey[]
  readonly revoked: readonly KnownKey[]
  readonly authorities: readonly KnownKey[]
}

export type Verdict =
  | { readonly is: 'known' }
  | { readonly is: 'revoked'; readonly where: string }
  /** Another key is known, or several. */
  | { readonly is: 'changed'; readonly instead: readonly KnownKey[] }
  /** Only a certificate authority is known. */
  | { readonly is: 'certified'; readonly where: string }
  | { readonly is: 'unknown' }

/**
 * The lines about any of `names`, each a name as ssh looks it up: `web1`, `[web1]:2200`. The first name that has keys is the one that
 * counts, as ssh looks for `[web1]:2200` and then for `web1`; what is revoked is so under every name.
 */
export function knownHosts(files: readonly string[], names: readonly string[]): Known {
  const lines = files.flatMap((path) => linesOf(path))
  const about = (name: string): readonly Line[] => lines.filter((line) => holds(line.hosts, name))
  const found = names.map(about)
  const all = found.flat()
  const plain = (some: readonly Line[]): readonly Line[] => some.filter(({ marker }) => marker === '')
  return {
    keys: plain(found.find((some) => plain(some).length > 0) ?? []),
    // A key that is revoked anywhere for this host, or for all hosts, is not to be trusted.
    revoked: all.filter(({ marker }) => marker === '@revoked'),
    authorities: all.filter(({ marker }) => marker === '@cert-authority'),
  }
}

/** Whether to trust the key. A key of another kind than the known ones is no better than another key. */
export function judge({ keys, revoked, authorities }: Known, key: Buffer): Verdict {
  const bad = revoked.find((line) => line.key.equals(key))
  if (bad !== undefined) return { is: 'revoked', where: bad.where }
  if (keys.some((line) => line.key.equals(key))) return { is: 'known' }
  if (keys.length > 0) return { is: 'changed', instead: keys }
  const [authority] = authorities
  return authority === undefined ? { is: 'unknown' } : { is: 'certified', where: authority.where }
}

/** Adds a key to a file of known hosts. */
export function remember(path: string, name: string, key: Buffer, hashed: boolean): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const line = `${hashed ? hashOf(name, randomBytes(20)) : name} ${kindOf(key)} ${key.toString('base64')}\n`
  appendFileSync(path, unfinished(path) ? `\n${line}` : line, { mode: 0o600 })
}

/** The name under which a host's key is kept. */
export const nameFor = (host: string, port: number): string => (port === 22 ? host : `[${host}]:${port}`)

/** As `ssh-keygen -l` prints it. */
export const fingerprint = (key: Buffer): string => `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`

/** The kind that a key in its wire form says it is. */
export const kindOf = (key: Buffer): string =>
  key.length < 4 || key.readUInt32BE(0) > key.length - 4 ? '' : key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1')

interface Line extends KnownKey {
  readonly marker: '' | '@revoked' | '@cert-authority'
  readonly hosts: string
}

function linesOf(path: string): readonly Line[] {
  return (textIfThere(path, 'the known hosts in') ?? '').split('\n').flatMap((text, index) => {
    const [, marker = '', hosts, kind, blob = ''] = /^\s*(?:(@\S+)\s+)?([^\s#@]\S*)\s+(\S+)\s+(\S+)/.exec(text) ?? []
    if (hosts === undefined || kind === undefined) return []
    const key = Buffer.from(blob, 'base64')
    // A line that says nothing sensible says nothing, as ssh has it.
    if (kindOf(key) !== kind || (marker !== '' && marker !== '@revoked' && marker !== '@cert-authority')) return []
    return [{ marker, hosts, kind, key, where: `${path}:${index + 1}` }]
  })
}

const unfinished = (path: string): boolean => !/(^|\n)$/.test(textIfThere(path, 'the known hosts in') ?? '')

function holds(hosts: string, name: string): boolean {
  if (hosts.startsWith('|1|')) {
    const salt = Buffer.from(hosts.split('|')[2] ?? '', 'base64')
    return hosts === hashOf(name, salt)
  }
  return matchesList(name.toLowerCase(), hosts.toLowerCase())
}

const hashOf = (name: string, salt: Buffer): string =>
  `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
