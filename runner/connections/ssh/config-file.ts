/** The files of ssh_config as lines, with what they include; and which of the lines hold for a host. */
import { globSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { UsageError } from '../../errors.ts'
import { matchesList, matchesPattern } from './pattern.ts'
import { textIfThere } from './text-file.ts'

export interface ConfigFile {
  readonly path: string
  /** What a relative Include is seen from. */
  readonly base: string
}

/** What Host and Match lines are held against. */
export interface Subject {
  /** As the user wrote it. */
  readonly original: string
  /** What `Host` lines see: at first the original, in the second pass what it stands for. */
  readonly host: string
  readonly localUser: string
  readonly home: string
  /** The second pass, which only a `Match final` asks for. */
  readonly final: boolean
  /** What has been settled so far. */
  readonly settled: { readonly hostName: () => string; readonly user: () => string }
}

export interface Setting {
  readonly keyword: string
  readonly words: readonly string[]
  /** All after the keyword, as it stands there. */
  readonly rest: string
  readonly where: string
}

/** The lines of the files that hold for the subject, in their order. Whether a `Match final` was seen is told by `sawFinal`. */
export function* settingsFor(files: readonly ConfigFile[], subject: Subject, sawFinal: () => void): Generator<Setting> {
  for (const file of files) yield* linesOf(file, subject, sawFinal, true, 0)
}

function* linesOf(file: ConfigFile, subject: Subject, sawFinal: () => void, reached: boolean, depth: number): Generator<Setting> {
  if (depth > 16) throw new UsageError(`${file.path}: more than 16 ssh_config files include each other`)
  const text = textIfThere(file.path, 'ssh_config')
  let active = reached
  for (const [index, line] of (text ?? '').split('\n').entries()) {
    const where = `${file.path}:${index + 1}`
    const setting = settingOf(line, where)
    if (setting === undefined) continue
    const { keyword, words, rest } = setting
    if (keyword === 'host') active = reached && hostMatches(words, subject.host)
    else if (keyword === 'match') active = matchHolds(rest, subject, where, sawFinal, reached)
    else if (keyword === 'include') {
      for (const path of words.flatMap((word) => included(word, file, subject.home, where)))
        yield* linesOf({ path, base: file.base }, subject, sawFinal, active, depth + 1)
    } else if (active) yield setting
  }
}

function included(word: string, file: ConfigFile, home: string, where: string): readonly string[] {
  if (/^~[^/]/.test(word)) throw new UsageError(`${where}: expected a path, got ${word} (homes of other users are not looked up)`)
  const path = word.startsWith('~/') ? join(home, word.slice(2)) : isAbsolute(word) ? word : join(file.base, word)
  return globSync(path).sort()
}

/** A line's keyword and words; undefined for comments and empty lines. */
function settingOf(line: string, where: string): Setting | undefined {
  const [, quoted, bare, rest = ''] = /^\s*(?:"([^"]*)"|([^\s="#]+))\s*=?\s*(.*?)\s*$/.exec(line) ?? []
  const keyword = (quoted ?? bare)?.toLowerCase()
  if (keyword === undefined) return undefined
  return { keyword, words: wordsOf(rest, where), rest, where }
}

/** Words as ssh reads them: quotes of both kinds, backslashes before quotes, blanks and themselves, `#` at the start of a word ends. */
function wordsOf(text: string, where: string): readonly string[] {
  const words: string[] = []
  for (let at = 0; at < text.length; ) {
    if (/\s/.test(text[at] ?? '')) {
      at += 1
      continue
    }
    if (text[at] === '#') break
    let word = ''
    let quote = ''
    for (; at < text.length; at += 1) {
      const [character = '', next = ''] = [text[at], text[at + 1]]
      if (character === '\\' && (next === '"' || next === "'" || next === '\\' || (quote === '' && next === ' '))) {
        word += next
        at += 1
      } else if (quote === '' && /\s/.test(character)) break
      else if (quote === '' && (character === '"' || character === "'")) quote = character
      else if (quote === character) quote = ''
      else word += character
    }
    if (quote !== '') throw new UsageError(`${where}: expected the quote ${quote} to end, got the end of the line`)
    words.push(word)
  }
  return words
}

function hostMatches(patterns: readonly string[], host: string): boolean {
  const not = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1))
  const yes = patterns.filter((pattern) => !pattern.startsWith('!'))
  return yes.some((pattern) => matchesPattern(host, pattern)) && !not.some((pattern) => matchesPattern(host, pattern))
}

function matchHolds(rest: string, subject: Subject, where: string, sawFinal: () => void, reached: boolean): boolean {
  const words = [...rest.matchAll(/"([^"]*)"|([^\s="]+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
  const end = words.findIndex((word) => word.startsWith('#'))
  const given = end === -1 ? words : words.slice(0, end)
  let holds = reached
  for (let at = 0; at < given.length; at += 1) {
    const negated = given[at]?.startsWith('!') === true
    const criterion = (given[at] ?? '').slice(negated ? 1 : 0).toLowerCase()
    const decide = (matches: boolean): void => {
      if (matches === negated) holds = false
    }
    if (criterion === 'all') {
      const alone = given.length === 1 || (given.length === 2 && at === 1 && /^!?(final|canonical)$/i.test(given[0] ?? ''))
      if (!alone) throw new UsageError(`${where}: expected 'all' alone or after 'final', got 'Match ${rest}'`)
      decide(true)
      continue
    }
    if (criterion === 'final' || criterion === 'canonical') {
      if (criterion === 'final') sawFinal()
      decide(subject.final)
      continue
    }
    at += 1
    const value = given[at]
    if (value === undefined) throw new UsageError(`${where}: expected a value after '${criterion}', got 'Match ${rest}'`)
    if (criterion === 'host') decide(matchesList(subject.settled.hostName().toLowerCase(), value.toLowerCase()))
    else if (criterion === 'originalhost') decide(matchesList(subject.original.toLowerCase(), value.toLowerCase()))
    else if (criterion === 'user') decide(matchesList(subject.settled.user(), value))
    else if (criterion === 'localuser') decide(matchesList(subject.localUser, value))
    else if (holds) throw new UsageError(undecided(criterion, where))
  }
  if (given.length === 0) throw new UsageError(`${where}: expected a condition after 'Match'`)
  return holds
}

function undecided(criterion: string, where: string): string {
  const what = criterion === 'exec' ? "'Match exec' would run a program to find out how to connect" : `cannot decide 'Match ${criterion}'`
  return `${where}: ${what}, which Skep does not do. Say it with Host, or in the inventory.`
}

/** The places of ssh_config: the user's, then the machine's. */
export const usualFiles = (home: string): readonly ConfigFile[] =>
  [join(home, '.ssh', 'config'), '/etc/ssh/ssh_config'].map((path) => ({ path, base: dirname(path) }))
