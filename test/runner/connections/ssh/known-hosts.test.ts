import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { makeSshKey } from '../../../../custody/ssh-keys.ts'
import { judge, knownHosts, nameFor, remember } from '../../../../runner/connections/ssh/known-hosts.ts'

const dir = mkdtempSync(join(tmpdir(), 'skep-kh-'))
afterAll(() => rmSync(dir, { recursive: true }))
const path = join(dir, 'known_hosts')
const keys = Array.from({ length: 6 }, () => makeSshKey().publicKey)
const [first = '', second = '', third = ''] = keys
const blob = (key: string): Buffer => Buffer.from(key.split(' ')[1] ?? '', 'base64')
const file = (...lines: readonly string[]): string => {
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''))
  return path
}

const noKeygen = process.env['CI'] !== 'true' && spawnSync('ssh-keygen', ['-?']).error !== undefined

describe.skipIf(noKeygen)('known_hosts is read as ssh-keygen reads it', () => {
  const name = fc.constantFrom('web', 'Web', 'db.example.com', '10.0.0.1', '[web]:2200', '[db.example.com]:22', 'a-b')
  const pattern = fc.oneof(name, fc.constantFrom('*', 'w*', '!web', '*.example.com', '!db.*', '[*]:2200', '1?.0.0.1', '[w?b]:2200'))
  const hosts = fc.array(pattern, { minLength: 1, maxLength: 3 }).map((list) => list.join(','))
  const line = fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(hosts, fc.constantFrom(...keys), fc.constantFrom('', ' a remark', '\t'))
        .map(([who, key, end]) => `${who} ${key}${end}`),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom('# web AAAA', '', 'web', 'web ssh-ed25519'),
    },
  )

  const found = (asked: string): string[] => knownHosts([path], [asked]).keys.map(({ where }) => where.split(':').at(-1) ?? '')
  const theirs = (asked: string): string[] =>
    [...spawnSync('ssh-keygen', ['-F', asked, '-f', path], { encoding: 'utf8' }).stdout.matchAll(/found: line (\d+)/g)].map(
      ([, at = '']) => at,
    )

  test.each([false, true])('in generated files (names hashed: %s)', (hashed) => {
    const compare = (lines: string[], asked: string): void => {
      file(...lines)
      if (hashed) spawnSync('ssh-keygen', ['-H', '-f', path])
      expect(found(asked)).toEqual(theirs(asked))
    }
    fc.assert(fc.property(fc.array(line, { maxLength: 8 }), name, compare), { numRuns: 60 })
  })

  test('what we add is found by it, hashed or not', () => {
    file(`other ${third}`)
    remember(path, nameFor('web', 2200), blob(first), true)
    remember(path, nameFor('web', 22), blob(second), false)
    expect(theirs('[web]:2200')).toEqual(['2'])
    expect(theirs('web')).toEqual(['3'])
    expect(readFileSync(path, 'utf8')).toMatch(/^other .*\n\|1\|.*\nweb ssh-ed25519 .*\n$/)
  })
})

test('a line is added on a line of its own', () => {
  writeFileSync(path, `other ${third}`)
  remember(path, 'web', blob(first), false)
  expect(readFileSync(path, 'utf8')).toBe(`other ${third}\nweb ${first}\n`)
  const fresh = join(dir, 'below', 'known_hosts')
  remember(fresh, 'web', blob(first), false)
  expect(readFileSync(fresh, 'utf8')).toBe(`web ${first}\n`)
})

describe('a shown key is', () => {
  const cases: Record<string, { lines: string[]; names?: string[]; is: string }> = {
    'known when a line has it': { lines: [`web ${second}`, `web ${first}`], is: 'known' },
    'unknown when none is about the host': { lines: [`db ${first}`], is: 'unknown' },
    'changed when the host has another': { lines: [`web ${second}`], is: 'changed' },
    'changed when the host has one of another kind only': {
      lines: [
        'web ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg=',
      ],
      is: 'changed',
    },
    'revoked whatever else is said': { lines: [`web ${first}`, `@revoked * ${first}`], is: 'revoked' },
    'revoked for another host only': { lines: [`web ${first}`, `@revoked db ${first}`], is: 'known' },
    'certified when only an authority is known': { lines: [`@cert-authority *eb ${second}`], is: 'certified' },
    'known beside an authority': { lines: [`@cert-authority * ${second}`, `web ${first}`], is: 'known' },
    'known under the name without the port': { lines: [`web ${first}`], names: ['[web]:2200', 'web'], is: 'known' },
    'changed where the name with the port has another': {
      lines: [`web ${first}`, `[web]:2200 ${second}`],
      names: ['[web]:2200', 'web'],
      is: 'changed',
    },
    'not known by the name of an authority': { lines: [`@cert-authority web ${first}`], is: 'certified' },
    // ssh-keygen lists such a line, and ssh does not take it.
    'not known by a line that calls its key another kind': { lines: [`web ssh-rsa ${first.split(' ')[1]}`], is: 'unknown' },
    'not known by a line whose key is none': { lines: ['web ssh-ed25519 AAAA'], is: 'unknown' },
    'not known by a marker that nobody knows': { lines: [`@future web ${first}`], is: 'unknown' },
  }
  for (const [what, { lines, names = ['web'], is }] of Object.entries(cases)) {
    test(what, () => expect(judge(knownHosts([file(...lines)], names), blob(first)).is).toBe(is))
  }

  test('looked for in all files, of which some are missing', () => {
    expect(judge(knownHosts([join(dir, 'not there'), file(`web ${first}`)], ['web']), blob(first)).is).toBe('known')
  })
})
