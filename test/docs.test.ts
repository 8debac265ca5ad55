import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { topNames } from '../cloud/local/layout.ts'
import { auditFields } from '../custody/audit-record.ts'
import { explain } from '../custody/failures.ts'
import { failureClasses } from '../custody/messages.ts'
import { skepCallsIn, skepProgram, wrongWith } from './docs/commands.ts'
import { anchorsIn, codeLinesIn, codeSpansIn, linksIn, rowsIn } from './docs/markdown.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const documents: readonly string[] = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
].sort()

const program = await skepProgram(join(root, 'cli'))

/** Why a link leads nowhere. */
function brokenLink(from: string, target: string): string | undefined {
  if (/^(https?|mailto):/.test(target)) return undefined
  const [path = '', anchor] = target.split('#')
  if (path.startsWith('/')) return `${from}: the link ${target} is not relative`
  const file = path === '' ? from : normalize(join(dirname(from), path))
  if (file.startsWith('..') || !existsSync(join(root, file))) return `${from}: the link ${target} leads nowhere`
  if (anchor === undefined || statSync(join(root, file)).isDirectory()) return undefined
  return anchorsIn(read(file)).includes(anchor) ? undefined : `${from}: ${file} has no heading #${anchor}`
}

/** What is wrong with the command lines of a text. A span counts when it begins like a command; a line wherever one stands in it. */
function wrongCommands(text: string): readonly string[] {
  const spans = codeSpansIn(text).filter((code) => /^(npx )?skep\s/.test(code))
  return [...codeLinesIn(text), ...spans].flatMap((line) =>
    skepCallsIn(line).flatMap((call) => {
      const wrong = wrongWith(program, call)
      return wrong === undefined ? [] : [`${line.trim()}: ${wrong}`]
    }),
  )
}

/** What stands as code in the first cells of a document's tables. */
const firstCells = (path: string): readonly string[] =>
  rowsIn(read(path)).flatMap(([first = '']) => [...first.matchAll(/`([^`]+)`/g)].flatMap(([, name]) => name ?? []))

const machinePath = /(?<![\w.$}~-])\/(?:work|root|tmp|home\/\w|Users\/\w|private|var\/folders)(?:\/|\b)/
const outsideTheClone = /npm (?:i|install|add)\b[^\n`]*\bskep\b|npx (?:-\S+ )+skep\b/

describe('the documents', () => {
  test('are those that are promised', () => {
    for (const path of ['README.md', 'SCOPE.md', 'CONTRIBUTING.md', 'docs/architecture.md', 'docs/threat-model.md'])
      expect(documents).toContain(path)
  })

  test('are all reached from the README', () => {
    const reached = new Set(['README.md'])
    for (const from of reached) {
      for (const target of linksIn(read(from))) {
        const path = normalize(join(dirname(from), target.split('#')[0] ?? ''))
        if (documents.includes(path)) reached.add(path)
      }
    }
    expect(documents.filter((path) => !reached.has(path))).toEqual([])
  })

  test.each(documents)('%s links to what is there', (path) => {
    expect(linksIn(read(path)).flatMap((target) => brokenLink(path, target) ?? [])).toEqual([])
  })

  test.each(documents)('%s names commands and flags that are there', (path) => {
    expect(wrongCommands(read(path))).toEqual([])
  })

  test.each(documents)('%s names no path of a machine, leaves nothing to be done, and sends nobody to the registry for skep', (path) => {
    const text = read(path)
    expect(machinePath.exec(text)?.[0]).toBeUndefined()
    expect(/\bTODO\b|\bFIXME\b/.exec(text)?.[0]).toBeUndefined()
    expect(outsideTheClone.exec(text)?.[0]).toBeUndefined()
  })
})

describe('tables that repeat the code', () => {
  test('every class of failure is explained in the words that a data owner reads', () => {
    const rows = rowsIn(read('docs/guides/when-it-stops.md'))
    for (const failure of failureClasses) {
      const { happened, todo } = explain(failure)
      expect(rows).toContainEqual([`\`${failure}\``, happened, todo])
    }
  })

  test('every reason that stands in the audit chain, and every way to fail a demo, is told of', () => {
    const told = firstCells('docs/guides/when-it-stops.md')
    const kinds =
      program.commands.find((command) => command.name() === 'demo')?.options.find(({ long }) => long === '--fail')?.argChoices ?? []
    expect(kinds).not.toEqual([])
    const reasons = auditFields.shape.reason.unwrap().options
    expect([...reasons, ...kinds].filter((name) => !told.includes(name))).toEqual([])
  })

  test('every direct dependency has its reason, and no other is named as one', () => {
    const { dependencies, devDependencies, optionalDependencies }: Record<string, Record<string, string>> = JSON.parse(read('package.json'))
    const text = read('docs/decisions/0004-dependencies.md')
    const direct = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })
    expect(direct.filter((name) => !text.includes(`\`${name}\``))).toEqual([])
    const named = firstCells('docs/decisions/0004-dependencies.md')
    expect(named.filter((name) => !direct.includes(name))).toEqual([])
  })

  test('everything that may lie at the top of a local cloud is told of', () => {
    const first = firstCells('docs/local-cloud-layout.md').map((name) => name.split('/')[0])
    expect([...topNames].filter((name) => !first.includes(name))).toEqual([])
  })
})

describe('this test itself', () => {
  const cases: readonly (readonly [line: string, wrong: string | undefined])[] = [
    ['npx skep key init --dir my-skep', undefined],
    ['$ RUN=$(npx skep submit --encrypted --owner-key mary.asc study/*.gpg)', undefined],
    ['skep synth [--patients N] [--visits N] [--seed S] -o DIR', undefined],
    ['export A=b && npx skep fetch $RUN -o results | head -3', undefined],
    ['cat x > y; skep demo --fail …', 'skep demo --fail needs a value'],
    ['skep kez init', "skep has no command 'kez'"],
    ['skep key invent', "skep key has no command 'invent'"],
    ['skep agent --twice', "skep agent has no flag '--twice'"],
    ['npx skep fetch RUN -o', 'skep fetch -o needs a value'],
    ['skep demo --fail tampered --samples 3', undefined],
    ['skep demo --fail badly', "skep demo --fail cannot be 'badly'"],
    ['npx skep fleet status --once', "skep fleet status has no flag '--once'"],
    ['next: skep nothing at all', undefined],
  ]
  test.each(cases)('%s', (line, wrong) => {
    expect(skepCallsIn(line).flatMap((call) => wrongWith(program, call) ?? [])[0]).toBe(wrong)
  })

  test('finds a command inside of a table, a sentence, a fence and an indented block', () => {
    const text = 'Say `skep foo`.\n\n| a | `npx skep bar` |\n\n```sh\nskep baz\n```\n\n    $ npx skep qux \\\n    >   --x\n'
    expect(wrongCommands(text)).toHaveLength(4)
  })

  test('finds broken links and anchors, but none in code', () => {
    const text = '[a](no.md) [b](../README.md#no) [c](../README.md#try-it) `[d](no.md)`\n\n    [e](no.md)\n'
    expect(linksIn(text).flatMap((target) => brokenLink('docs/x.md', target) ?? [])).toHaveLength(2)
  })

  test.each([
    [`see ${['', 'root', 'x'].join('/')}`, true],
    ['in /tmp/y', true],
    ['under /opt/skep', false],
    ['$HOME/work/x', false],
    ['a/tmp/b', false],
  ])('%s: path of a machine %s', (text, is) => {
    expect(machinePath.test(text)).toBe(is)
  })
})
