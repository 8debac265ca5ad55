/** Which hosts a pattern chooses: Ansible's language. */
import { readFileSync } from 'node:fs'
import { UsageError } from '../runner/errors.ts'
import { splitAddress } from './address.ts'

/** Names in the order in which they came up, and those of each group in its own; `all` is one of them. */
export interface Names {
  readonly hosts: readonly string[]
  readonly groups: ReadonlyMap<string, readonly string[]>
}

/** Names of this machine that are known to every inventory. */
export const implicitNames: readonly string[] = ['localhost', '127.0.0.1', '::1']

/**
 * The hosts that a pattern chooses, in the order in which it names them: names, groups, globs and `~regex`, joined by `,` or `:`; `!x`
 * takes away, `&x` keeps only those; `web[0]`, `web[-1]`, `web[0:9]`, `web[2:]` choose by position; `@FILE` stands for the lines of a file.
 * A name that nobody has is an error, a glob that matches nobody is not.
 */
export function chooseNames(names: Names, pattern: string): readonly string[] {
  const terms = termsOf(pattern)
  if (terms.length === 0) throw new UsageError(`expected a host pattern like 'all' or 'web*,!web3', got '${pattern}'`)
  const plain = terms.filter((term) => !/^[!&]/.test(term))
  const marked = (mark: string): readonly string[] => terms.filter((term) => term.startsWith(mark)).map((term) => term.slice(1))
  let chosen = (plain.length === 0 ? ['all'] : plain).flatMap((term) => matches(names, term))
  for (const term of marked('&')) chosen = within(chosen, new Set(matches(names, term)), true)
  for (const term of marked('!')) chosen = within(chosen, new Set(matches(names, term)), false)
  return [...new Set(chosen)]
}

const within = (chosen: readonly string[], set: ReadonlySet<string>, isWanted: boolean): string[] =>
  chosen.filter((name) => set.has(name) === isWanted)

/** Colons part terms only where there are no commas, and where the whole is no address: `::1`, `web[1:3]`. */
function termsOf(pattern: string): readonly string[] {
  const parts = pattern.includes(',')
    ? pattern.split(',')
    : splitAddress(pattern) !== undefined || pattern.startsWith('@')
      ? [pattern]
      : (pattern.match(/(?:[^\s:[\]]|\[[^\]]*\])+/g) ?? [])
  return parts
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .flatMap((part) => (part.startsWith('@') ? linesOf(part.slice(1)) : [part]))
}

/** The terms of a file, as a run that failed leaves one behind. */
function linesOf(file: string): readonly string[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n')
    return lines.map((line) => line.trim()).filter((line) => line !== '')
  } catch (cause) {
    throw new UsageError(`host pattern '@${file}': the file cannot be read: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}

/** All that a term without its mark stands for. A host may be there twice, which counts for positions. */
function matches(names: Names, term: string): readonly string[] {
  if (names.hosts.includes(term)) return [term]
  const [, base = term, index, from, to] = term.startsWith('~') ? [] : (/^(.+)\[(?:(-?\d+)|(\d+)[:-](\d*))\]$/.exec(term) ?? [])
  const found = named(names, base)
  if (found.length === 0 || base === term) return found
  if (from !== undefined) return found.slice(Number(from), to === '' ? undefined : Number(to) + 1)
  const one = found.at(Number(index))
  if (one === undefined) throw new UsageError(`host pattern '${term}': there is no such position, for '${base}' has ${found.length} hosts`)
  return [one]
}

function named(names: Names, term: string): readonly string[] {
  const is = matcher(term)
  const groups = [...names.groups].filter(([group]) => is(group))
  const found = groups.flatMap(([, hosts]) => hosts)
  const isWord = !/[.?*[]/.test(term) && !term.startsWith('~')
  if (groups.length === 0 || !isWord) found.push(...names.hosts.filter(is))
  if (found.length === 0 && implicitNames.includes(term)) return [term]
  if (found.length === 0 && groups.length === 0 && !/[?*[]/.test(term) && !term.startsWith('~')) throw unknown(names, term)
  return found
}

function unknown({ hosts, groups }: Names, term: string): UsageError {
  const known = [...new Set([...groups.keys(), ...hosts])].filter((name) => name !== 'all' && name !== 'ungrouped').sort()
  return new UsageError(
    `no host or group is named '${term}'. The inventory has: ${known.slice(0, 20).join(', ')}${known.length > 20 ? ', …' : ''}`,
  )
}

function matcher(term: string): (name: string) => boolean {
  const form = term.startsWith('~') ? regex(term) : new RegExp(`^(?:${globSource(term)})$`, 's')
  return (name) => form.test(name)
}

/** Matches from the beginning of a name, as Python's `re.match`. */
function regex(term: string): RegExp {
  const [, flags = '', source = ''] = /^~(?:\(\?([aimsux]+)\))?(.*)$/s.exec(term) ?? []
  try {
    return new RegExp(
      `^(?:${source.replaceAll('(?P<', '(?<').replaceAll('\\Z', '$').replaceAll('\\A', '^')})`,
      flags.replaceAll(/[^ims]/g, ''),
    )
  } catch (cause) {
    throw new UsageError(`host pattern '${term}' is no regular expression: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}

/** `*`, `?`, `[abc]`, `[a-c]`, `[!abc]`; a bracket without its other half is one. */
function globSource(glob: string): string {
  return glob.replace(/\[!?\]?[^\]]*\]|[\s\S]/g, (part) => {
    if (part === '*') return '.*'
    if (part === '?') return '.'
    if (part.length === 1) return part.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
    const inner = part.slice(1, -1)
    const chosen = inner.replace(/^!/, '').replace(/[\\^[\]]/g, '\\$&')
    return chosen === '' ? '\\[\\]' : `[${inner.startsWith('!') ? '^' : ''}${withoutEmptyRanges(chosen)}]`
  })
}

/** `z-a` matches nothing, and is no error. */
const withoutEmptyRanges = (chosen: string): string =>
  chosen.replace(/([^\\])-([^\\])/g, (range, from: string, to: string) => (from > to ? '' : range))
