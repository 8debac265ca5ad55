import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer } from './many.ts'
import { newStage, type Stage } from './stage.ts'
import { contents } from './tree.ts'

let stage: Stage
beforeAll(async () => {
  stage = newStage()
  await stage.skep(['key', 'init', '--dir', stage.dir])
  const file = (name: string, text: string) => writeFileSync(join(stage.cwd, name), text)
  mkdirSync(join(stage.cwd, 'foreign'))
  file('foreign/thesis.tex', 'years of work')
  mkdirSync(join(stage.cwd, 'folder'))
  file('plain.txt', 'These are no packets.\n')
  file('armored.asc', '-----BEGIN PGP MESSAGE-----\n\nbm90aGluZw==\n=AAAA\n-----END PGP MESSAGE-----\n')
  file('empty', '')
  file('visits.csv', 'ID\nP001\n')
  file('other.json', '{"skep":"local cloud","format":99}')
  mkdirSync(join(stage.cwd, 'newer'))
  file('newer/skep.json', '{"skep":"local cloud","format":99}')
}, 60_000)
afterAll(() => stage.dispose(), 30_000)

const run = '11111111-1111-4111-8111-111111111111'
const seven = 'not-pgp, tampered, wrong-key, empty, pipeline-crash, worker-dies, hostile-name'

/** Command lines in a folder with some files, for a cloud that is there (SKEP_DIR), and what the one line must say. */
const cases: Readonly<Record<string, readonly [argv: readonly string[], ...says: readonly string[]]>> = {
  'an unknown command': [['dmeo'], "unknown command 'dmeo'", 'Did you mean demo?'],
  'an unknown flag': [['demo', '--sample', '3'], "unknown option '--sample'", 'Did you mean --samples?'],
  'a stray argument': [['demo', 'now'], 'demo', 'Expected 0 arguments but got 1'],
  'no samples at all': [['demo', '--samples', '0'], '--samples', 'whole number', '0'],
  'half a sample': [['demo', '--samples', '1.5'], '--samples', '1.5'],
  'more samples than may be': [['demo', '--samples', '1001'], '--samples', '1000', '1001'],
  'no workers': [['demo', '--workers', '0'], '--workers', '0'],
  'a number that is none': [['agent', '--once', '--workers', 'five'], '--workers', 'five'],
  'an unknown failure': [['demo', '--fail', 'nonsense'], '--fail', 'nonsense', seven],
  'a flag without its value': [['demo', '--dir'], "option '--dir <dir>' argument missing"],
  'a directory without a name': [['demo', '--dir', ''], '--dir', 'expected the path of a directory, got an empty one'],
  'a key made among somebody else’s things': [['key', 'init', '--dir', 'foreign'], 'foreign: expected a new or empty directory'],
  'a directory of somebody else’s': [['demo', '--dir', 'foreign'], 'foreign: expected a new or empty directory, or one that skep made'],
  'a file for a directory': [['demo', '--dir', 'plain.txt'], '--dir: expected a directory, got a file: plain.txt'],
  'a directory inside a file': [['demo', '--dir', 'plain.txt/x'], 'plain.txt/x', 'choose another directory'],
  'a cloud of another version': [['demo', '--dir', 'newer'], 'format 1', '99', 'use the version of skep that made it'],
  'an agent without a cloud': [['agent', '--once', '--dir', 'nowhere'], 'nowhere', 'it is not a local cloud', 'skep key init --dir'],
  'an agent in a foreign directory': [['agent', '--once', '--dir', 'foreign'], 'foreign', 'it is not a local cloud'],
  'a status without a cloud': [['fleet', 'status', '--dir', 'nowhere'], 'nowhere', 'it is not a local cloud'],
  'a fleet without a word': [['fleet', 'statsu'], "unknown command 'statsu'"],
  'an audit without a cloud': [['audit', 'verify', '--dir', 'nowhere'], 'nowhere', 'it is not a local cloud'],
  'a key without a cloud': [['key', 'export', '--dir', 'nowhere'], 'nowhere', 'it is not a local cloud'],
  'a key made in a file': [['key', 'init', '--dir', 'plain.txt'], 'plain.txt', '--dir: expected a directory, got a file'],
  'nothing to submit': [['submit'], 'expected at least one file'],
  'a file that is not there': [['submit', '--encrypted', 'none.pgp'], 'none.pgp: there is no such file'],
  'a folder to submit': [['submit', 'folder'], 'folder: expected a plain file'],
  'an empty file, said to be encrypted': [['submit', '--encrypted', 'empty'], 'empty: it is empty'],
  'a plain file, said to be encrypted': [['submit', '--encrypted', 'plain.txt'], 'plain.txt: expected an OpenPGP message'],
  'a broken message': [['submit', '--encrypted', 'armored.asc'], 'armored.asc: expected an OpenPGP message'],
  'a good file beside a bad one': [['submit', 'visits.csv', 'empty'], 'empty: it is empty'],
  'an owner’s key that is none': [
    ['submit', '--owner-key', 'plain.txt', 'visits.csv'],
    '--owner-key plain.txt',
    'it is not an OpenPGP key',
  ],
  'an unknown run': [['fetch', run, '-o', 'out'], `there is no run ${run} here`, 'the id that `skep submit` printed'],
  'a run that is none': [['fetch', '../../etc/passwd', '-o', 'out'], 'expected the id of a run', '../../etc/passwd'],
  'nowhere to fetch to': [['fetch', run], "required option '-o, --out <dir>' not specified"],
  'a study of nobody': [['synth', '--patients', '0', '-o', 'out'], '--patients', 'from 1 to 10000', '0'],
  'more samples than patients': [['synth', '--patients', '2', '--samples', '3', '-o', 'out'], '--samples', 'patients (2)'],
  'control characters in a command': [['de\u001b[31mmo'], "unknown command 'de\\u{1b}[31mmo'"],
  'control characters in a flag': [['demo', '--fail', '\u001b]0;x\u0007'], '\\u{1b}]0;x\\u{7}'],
  'control characters in a directory': [['agent', '--once', '--dir', 'a\u001b[2Jb'], 'a\\u{1b}[2Jb', 'it is not a local cloud'],
  'control characters in a file': [['submit', 'a\u001b[31m\u202eb.csv'], 'a\\u{1b}[31m\\u{202e}b.csv: there is no such file'],
  'a line break in a file': [['submit', 'a\nskep: all is well'], 'a\\u{a}skep: all is well: there is no such file'],
  'control characters in a run': [['fetch', 'x\u009b31m', '-o', 'out'], 'expected the id of a run', '\\u{9b}31m'],
}

let answers: readonly Answer[]
let before: Readonly<Record<string, string>>
beforeAll(async () => {
  before = { ...contents(stage.cwd), ...contents(stage.dir) }
  answers = stage.many(
    Object.values(cases).map(([argv]) => argv),
    { SKEP_DIR: stage.dir },
  )
}, 70_000)

const clear = ({ code, stdout, stderr }: Answer, says: readonly string[]): void => {
  expect({ code, stdout }, stderr).toEqual({ code: 1, stdout: '' })
  for (const words of says) expect(stderr).toContain(words)
  expect(stderr.endsWith('\n')).toBe(true)
  expect(stderr).not.toMatch(/\n\s+at |node:internal|\.ts:[0-9]/)
  expect(/[\p{Cc}\p{Cf}]/u.test(stderr.replaceAll('\n', ''))).toBe(false)
}

describe('one clear line on stderr and exit code 1 for', () => {
  test.each(Object.entries(cases))('%s', (title, [, ...says]) => {
    const answer = answers[Object.keys(cases).indexOf(title)]
    if (answer === undefined) throw new Error('it was not asked')
    clear(answer, says)
    // What may have been meant stands on a line of its own.
    expect(answer.stderr.replace(/\(Did you mean .+\?\)\n$/, '').trimEnd()).not.toContain('\n')
  })

  test('none of them changed anything', () => expect({ ...contents(stage.cwd), ...contents(stage.dir) }).toEqual(before))

  test('a program that is really started, too', async () => {
    const [nowhere, everything] = await Promise.all([
      stage.skep(['agent', '--once', '--dir', 'no\u001b[31mwhere']),
      stage.skep(['demo', '--fail', 'everything']),
    ])
    clear(nowhere, ['no\\u{1b}[31mwhere', 'it is not a local cloud'])
    clear(everything, [seven])
    expect({ ...contents(stage.cwd), ...contents(stage.dir) }).toEqual(before)
  })
})
