import type { Command } from './contract.ts'
import { Secret } from './secret.ts'

/** What may stand in a command: each string or number becomes one word, a list one word an item, a Command itself. */
type Word = string | number | Command | readonly (string | number)[]

/**
 * A command for a POSIX shell in which everything interpolated is quoted. Backslashes mean what they mean to the shell;
 * only `\${` and a backslash before a backtick stand for the plain characters, which JavaScript cannot say otherwise.
 *
 * @example sh`chown ${owner} -- ${paths}`
 */
export function sh(text: TemplateStringsArray, ...words: readonly Word[]): Command {
  const parts = text.raw.map((part, index) => unescaped(part) + (index < words.length ? quoted(words[index] as Word) : ''))
  return { text: parts.join(''), quoted: true }
}

/** One word for a POSIX shell, whatever is in it. */
export function quote(word: string): string {
  if (word.includes('\0')) throw new TypeError(`A command cannot hold the NUL character: ${JSON.stringify(word)}`)
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** A path in which `*`, `?` and `[…]` stay wildcards and all else is quoted. */
export function glob(pattern: string): Command {
  if (pattern.includes('\0')) throw new TypeError(`A path cannot hold the NUL character: ${JSON.stringify(pattern)}`)
  const text = pattern.replace(/[^\w@%+=:,./*?[\]!^-]/gu, (character) => (character === '\n' ? `'\n'` : `\\${character}`))
  return { text, quoted: true }
}

function quoted(word: Word): string {
  // The types refuse it; this is for plain JavaScript.
  if ((word as unknown) instanceof Secret) throw new TypeError('A Secret may not stand in a command line. Give it as stdin.')
  if (typeof word === 'string' || typeof word === 'number') return quote(String(word))
  if (isList(word)) return word.map((item) => quoted(item)).join(' ')
  if (typeof word === 'object' && word !== null && word.quoted === true) return word.text
  throw new TypeError(`A command is made of strings, numbers and commands, got ${word === null ? 'null' : typeof word}`)
}

const unescaped = (part: string): string => part.replace(/\\(`|\$\{)/g, '$1')

const isList = (word: Word): word is readonly (string | number)[] => Array.isArray(word)
