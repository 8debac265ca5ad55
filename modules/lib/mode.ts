import { z } from 'zod'

const octal = /^[0-7]{3,4}$/
const symbolic = /^[ugoa]*([-+=][rwxXst]*)+(,[ugoa]*([-+=][rwxXst]*)+)*$/

/** A file's mode as people write it. */
export const modeSchema = z
  .string()
  .refine((text) => octal.test(text) || symbolic.test(text), 'expected a mode like "0644" or "u=rwx,go=rx"')
  .describe(
    'Permissions: four octal digits in a string, or symbolic as chmod takes them. Without u, g or o a symbolic part means all of them.',
  )

/** The mode, four octal digits, that `spec` makes of `now`. */
export function modeAfter(spec: string | undefined, now: string, directory: boolean): string {
  if (spec === undefined) return now
  if (octal.test(spec)) return spec.padStart(4, '0')
  const mode = spec.split(',').reduce((bits, part) => withPart(bits, part, directory), Number.parseInt(now, 8))
  return mode.toString(8).padStart(4, '0')
}

function withPart(before: number, part: string, directory: boolean): number {
  const [, who = '', changes = ''] = /^([ugoa]*)(.*)$/.exec(part) ?? []
  const all = who === '' || who.includes('a')
  let mode = before
  for (const [, sign, letters = ''] of changes.matchAll(/([-+=])([rwxXst]*)/g)) {
    const execute = letters.includes('x') || (letters.includes('X') && (directory || (mode & 0o111) !== 0))
    const bits = (letters.includes('r') ? 4 : 0) | (letters.includes('w') ? 2 : 0) | (execute ? 1 : 0)
    const triple = (name: string, shift: number): number => (all || who.includes(name) ? bits << shift : 0)
    const set =
      triple('u', 6) |
      triple('g', 3) |
      triple('o', 0) |
      (letters.includes('s') && (all || who.includes('u')) ? 0o4000 : 0) |
      (letters.includes('s') && (all || who.includes('g')) ? 0o2000 : 0) |
      (letters.includes('t') && (all || who.includes('o')) ? 0o1000 : 0)
    const mask = (name: string, rights: number): number => (all || who.includes(name) ? rights : 0)
    // chmod(1) leaves a directory's set-id bits alone unless they are named.
    const special = directory ? 0 : mask('u', 0o4000) | mask('g', 0o2000)
    const reach = mask('u', 0o700) | mask('g', 0o070) | mask('o', 0o007) | special | mask('o', 0o1000)
    mode = sign === '+' ? mode | set : sign === '-' ? mode & ~set : (mode & ~reach) | set
  }
  return mode
}
