import { UsageError } from '../runner/errors.ts'

/** The words of a line as a shell reads them, and as Ansible does: quotes and backslashes are taken off, `#` begins a comment wherever it stands. */
export function wordsOf(line: string, where: string): readonly string[] {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let index = 0; index < line.length; index += 1) {
    const char = line[index] ?? ''
    if (quote !== '') {
      if (char === quote) quote = ''
      else if (char === '\\' && quote === '"') word += escapedIn(line[++index], quote)
      else word += char
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (char === '#') break
    else {
      word ??= ''
      if (char === '\\') word += escapedIn(line[++index], '')
      else if (char === '"' || char === "'") quote = char
      else word += char
    }
  }
  if (quote !== '') throw new UsageError(`${where}: a quote (${quote}) is opened and not closed`)
  if (word !== undefined) words.push(word)
  return words

  function escapedIn(next: string | undefined, within: string): string {
    if (next === undefined) throw new UsageError(`${where}: the line ends with a backslash`)
    return within === '' || next === within || next === '\\' ? next : `\\${next}`
  }
}
