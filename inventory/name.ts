import { UsageError } from '../runner/errors.ts'

/** A name of a host or a group, if it can be one. Names are shown and compared: nothing in them may be invisible. */
export function checkedName(name: unknown, what: 'host' | 'group', where: string): string {
  if (typeof name !== 'string')
    throw new UsageError(`${where}: expected the name of a ${what} to be a text, got ${JSON.stringify(name)}. Put it in quotes`)
  if (name === '') throw new UsageError(`${where}: the name of a ${what} is empty`)
  if (name.length > 255) throw new UsageError(`${where}: the name of a ${what} is ${name.length} characters long; 255 are the most`)
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name))
    throw new UsageError(`${where}: the name of a ${what} has a control character in it, or one that cannot be seen: ${escaped(name)}`)
  return name
}

/** With everything that a terminal would not show, or would obey, spelt out. */
const escaped = (text: string): string =>
  `'${text.slice(0, 80).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`)}'`
