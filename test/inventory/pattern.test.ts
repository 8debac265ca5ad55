import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chooseNames, type Names } from '../../inventory/pattern.ts'
import { UsageError } from '../../runner/errors.ts'

const names: Names = {
  hosts: ['web1', 'web2', 'web10', 'db.example', 'we-b'],
  groups: new Map([
    ['all', ['we-b', 'web1', 'web2', 'web10', 'db.example']],
    ['ungrouped', ['we-b']],
    ['web', ['web1', 'web2', 'web10']],
    ['db', ['db.example']],
    ['prod', ['web10', 'web1', 'db.example']],
    ['empty', []],
  ]),
}

const patterns: readonly (readonly [pattern: string, hosts: readonly string[]])[] = [
  ['all', ['we-b', 'web1', 'web2', 'web10', 'db.example']],
  ['*', ['we-b', 'web1', 'web2', 'web10', 'db.example']],
  ['web', ['web1', 'web2', 'web10']],
  ['web1', ['web1']],
  ['web2,web1', ['web2', 'web1']],
  [' web2 , web1,', ['web2', 'web1']],
  ['web2:db', ['web2', 'db.example']],
  ['web?', ['web1', 'web2']],
  ['web*,!web1', ['web2', 'web10']],
  ['!web1,web*', ['web2', 'web10']],
  ['web:&prod', ['web1', 'web10']],
  ['web:&prod:!web10', ['web1']],
  ['&prod', ['web1', 'web10', 'db.example']],
  ['!web', ['we-b', 'db.example']],
  ['we[ab]?', ['web1', 'web2']],
  ['web[!1]', ['web2']],
  ['*.example', ['db.example']],
  ['nothing*', []],
  ['empty', []],
  ['ungrouped', ['we-b']],
  ['prod[0]', ['web10']],
  ['prod[-1]', ['db.example']],
  ['prod[0:1]', ['web10', 'web1']],
  ['prod[1:]', ['web1', 'db.example']],
  ['prod[1:9]', ['web1', 'db.example']],
  ['prod[0],prod[2]', ['web10', 'db.example']],
  ['web:!prod[0]', ['web1', 'web2']],
  ['~web1', ['web1', 'web10']],
  ['~web1$', ['web1']],
  ['~(web|db)[.\\d].*', ['web1', 'web2', 'web10', 'db.example']],
  ['~(?i)WEB2', ['web2']],
  ['localhost', ['localhost']],
  ['::1', ['::1']],
  ['web1,127.0.0.1', ['web1', '127.0.0.1']],
]

describe('a host pattern', () => {
  test.each(patterns)('%s', (pattern, hosts) => expect(chooseNames(names, pattern)).toEqual(hosts))

  const wrong: readonly (readonly [pattern: string, says: RegExp])[] = [
    ['wbe1', /no host or group is named 'wbe1'. The inventory has: db, db\.example, empty, prod, we-b, web, /],
    ['web,!dp', /no host or group is named 'dp'/],
    ['web[12]', /'web\[12\]': there is no such position, for 'web' has 3 hosts/],
    ['nope[0]', /no host or group is named 'nope'/],
    [' , ', /expected a host pattern like 'all'/],
    ['~(', /'~\(' is no regular expression/],
    ['@/nowhere/at.all', /'@\/nowhere\/at\.all': the file cannot be read: ENOENT/],
  ]
  test.each(wrong)('%s is one clear error', (pattern, says) => {
    expect(() => chooseNames(names, pattern)).toThrow(UsageError)
    expect(() => chooseNames(names, pattern)).toThrow(says)
  })

  test('may be kept in a file, as a run that failed leaves one', () => {
    const directory = mkdtempSync(join(tmpdir(), 'skep-p-'))
    const file = join(directory, 'site.retry')
    writeFileSync(file, 'web2\n\n  db.example\r\n!web1\n')
    expect(chooseNames(names, `@${file}`)).toEqual(['web2', 'db.example'])
    expect(chooseNames(names, `web,@${file}`)).toEqual(['web2', 'web10', 'db.example'])
    rmSync(directory, { recursive: true })
  })
})

const letters = ['a', 'b', 'c'] as const
const word = fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 2 })
const inventories = fc
  .record({
    hosts: fc.uniqueArray(
      word.map((name) => `h${name}`),
      { minLength: 1, maxLength: 6 },
    ),
    members: fc.dictionary(word, fc.array(fc.nat(20), { maxLength: 5 })),
  })
  .map(({ hosts, members }): Names => {
    const groups = Object.entries(members).map(
      ([name, chosen]) => [name, [...new Set(chosen.map((index) => hosts[index % hosts.length] ?? ''))]] as const,
    )
    return { hosts, groups: new Map([['all', hosts], ...groups]) }
  })

/** The language as its description has it, slowly: a term is a set of hosts, and terms are taken one after the other. */
function naive({ hosts, groups }: Names, terms: readonly string[]): ReadonlySet<string> {
  const fits = (glob: string, name: string): boolean => {
    if (glob === '') return name === ''
    if (glob.startsWith('*')) return fits(glob.slice(1), name) || (name !== '' && fits(glob, name.slice(1)))
    return name !== '' && (glob[0] === '?' || glob[0] === name[0]) && fits(glob.slice(1), name.slice(1))
  }
  const of = (term: string): ReadonlySet<string> =>
    new Set([
      ...hosts.filter((host) => fits(term, host)),
      ...[...groups].filter(([group]) => fits(term, group)).flatMap(([, members]) => members),
    ])
  const plain = terms.filter((term) => !/^[!&]/.test(term))
  const any = plain.length === 0 ? new Set(hosts) : new Set(plain.flatMap((term) => [...of(term)]))
  const all = terms.filter((term) => term.startsWith('&')).map((term) => of(term.slice(1)))
  const none = terms.filter((term) => term.startsWith('!')).map((term) => of(term.slice(1)))
  return new Set([...any].filter((host) => all.every((set) => set.has(host)) && !none.some((set) => set.has(host))))
}

test('a pattern chooses what its description says, whatever the order of its terms', () => {
  const glob = fc.array(fc.constantFrom(...letters, 'h', '*', '?'), { minLength: 1, maxLength: 3 }).map((parts) => `${parts.join('')}*`)
  const terms = fc.array(
    fc.tuple(fc.constantFrom('', '', '!', '&'), glob).map(([mark, text]) => mark + text),
    { minLength: 1, maxLength: 5 },
  )
  fc.assert(
    fc.property(inventories, terms, fc.constantFrom(',', ':', ' , '), (given, parts, between) => {
      const chosen = chooseNames(given, parts.join(between))
      expect(new Set(chosen)).toEqual(naive(given, parts))
      expect(chosen).toHaveLength(new Set(chosen).size)
      expect(new Set(chooseNames(given, parts.toReversed().join(',')))).toEqual(new Set(chosen))
    }),
    { numRuns: 500 },
  )
})

test('positions are those of the group, counted from either end', () => {
  fc.assert(
    fc.property(inventories, fc.integer({ min: -7, max: 7 }), fc.nat(7), (given, index, length) => {
      const [, [group, members] = ['all', given.hosts]] = [...given.groups]
      const one = members.at(index)
      if (one === undefined && members.length > 0) expect(() => chooseNames(given, `${group}[${index}]`)).toThrow('no such position')
      else expect(chooseNames(given, `${group}[${index}]`)).toEqual(one === undefined ? [] : [one])
      const from = Math.abs(index)
      expect(chooseNames(given, `${group}[${from}:${from + length}]`)).toEqual(members.filter((_, at) => at >= from && at <= from + length))
      expect(chooseNames(given, `${group}[${from}:]`)).toEqual(members.slice(from))
    }),
    { numRuns: 300 },
  )
})
