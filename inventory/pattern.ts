import type { Host } from '../runner/contract.ts'
import { UsageError } from '../runner/errors.ts'

/**
 * The hosts that a pattern chooses, in the inventory's order: names, globs and groups, joined by `,` or `:`; `!x` takes away,
 * `&x` keeps only those. `all` is every host. A name that nobody has is an error, a glob that matches nobody is not.
 */
export function chooseHosts(hosts: readonly Host[], pattern: string): readonly Host[] {
  const terms = pattern
    .split(/[,:]/)
    .map((term) => term.trim())
    .filter((term) => term !== '')
  if (terms.length === 0) throw new UsageError(`expected a host pattern like 'all' or 'web*,!web3', got '${pattern}'`)
  const named = (sign: string): string[] => terms.filter((term) => term.startsWith(sign)).map((term) => term.slice(1))
  const plain = terms.filter((term) => !/^[!&]/.test(term))
  const wanted = (plain.length === 0 ? ['all'] : plain).map((term) => matcher(hosts, term))
  const kept = named('&').map((term) => matcher(hosts, term))
  const dropped = named('!').map((term) => matcher(hosts, term))
  return hosts.filter((host) => wanted.some((is) => is(host)) && kept.every((is) => is(host)) && !dropped.some((is) => is(host)))
}

function matcher(hosts: readonly Host[], term: string): (host: Host) => boolean {
  if (term === 'all' || term === '*') return () => true
  const isGlob = /[*?[]/.test(term)
  const form = isGlob ? new RegExp(`^${globSource(term)}$`) : undefined
  const is = ({ name, groups = [] }: Host): boolean =>
    [name, ...groups].some((word) => (form === undefined ? word === term : form.test(word)))
  if (!isGlob && !hosts.some(is)) {
    const known = [...new Set(hosts.flatMap(({ name, groups = [] }) => [name, ...groups]))].sort()
    throw new UsageError(
      `no host or group is named '${term}'. The inventory has: ${known.slice(0, 20).join(', ')}${known.length > 20 ? ', …' : ''}`,
    )
  }
  return is
}

function globSource(glob: string): string {
  return glob.replace(/\[!?[^\]]+\]|[\s\S]/g, (part) => {
    if (part === '*') return '.*'
    if (part === '?') return '.'
    if (part.length > 1) return part.replace(/^\[!/, '[^').replaceAll('\\', '\\\\')
    return part.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
  })
}
