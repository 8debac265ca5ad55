/** Host names as inventories write them: `web[01:50].example.com:2222`. */
import { UsageError } from '../runner/errors.ts'

/** How many hosts one line may stand for. */
const most = 100_000

const range = (bounds: string): string => `\\[(?:${bounds})(?::[0-9]+)?\\]`
const hexPart = `(?:[0-9a-f]{1,4}|${range('[0-9a-f]+:[0-9a-f]+')})`
const decimalPart = `(?:[01]?[0-9]{1,2}|2[0-4][0-9]|25[0-5]|${range('[0-9]+:[0-9]+')})`
const word = '[\\p{L}\\p{N}_]'
const anyRange = range('[a-z]:[a-z]|[0-9]+:[0-9]+')
const label = `(?:${word}|${anyRange})(?:${word}|-|${anyRange})*(?<![_-])`
const ipv4 = `(?:${decimalPart}\\.){3}${decimalPart}`
const ipv6 = [
  `(?:H:){7}H`,
  `(?:H:){1,6}:`,
  `(?:H:)(?::H){1,6}`,
  `(?:H:){2}(?::H){1,5}`,
  `(?:H:){3}(?::H){1,4}`,
  `(?:H:){4}(?::H){1,3}`,
  `(?:H:){5}(?::H){1,2}`,
  `(?:H:){6}(?::H)`,
  `:(?::H){1,6}`,
  `H?::`,
  `(?:0:){6}${ipv4}`,
  `::(?:ffff:)?${ipv4}`,
  `(?:0:){5}ffff:${ipv4}`,
].map((form) => form.replaceAll('H', hexPart))
const address = new RegExp(`^(?:${ipv4}|${ipv6.join('|')}|${label}(?:\\.${label})*)$`, 'iu')

/** An address with its port, if it is one. */
export function splitAddress(text: string): { readonly host: string; readonly port?: number } | undefined {
  let [host, port] = [text, '']
  for (const form of [/^\[(.+)\]:([0-9]+)$/, /^((?:[^:[\]]|\[[^\]]*\])*):([0-9]+)$/]) [, host = host, port = port] = form.exec(host) ?? []
  if (!address.test(host)) return undefined
  return port === '' ? { host } : { host, port: Number(port) }
}

/** The names that a host's line stands for. Throws UsageError. */
export function expandHost(text: string, where: string): { readonly names: readonly string[]; readonly port?: number } {
  const { host, port } = splitAddress(text) ?? { host: text }
  return { names: expandRanges(host, where), ...(port === undefined ? {} : { port }) }
}

/** Every name of `web[01:50]-[a:c]`; the last range counts fastest. Throws UsageError. */
export function expandRanges(text: string, where: string): readonly string[] {
  const parts = text.split(/(\[[^[\]]*\])/)
  const choices = parts.map((part, index) => (index % 2 === 0 ? [part] : undefined) ?? new Range(part, text, where))
  if (parts.some((part, index) => index % 2 === 0 && /[[\]]/.test(part)))
    throw new UsageError(`${where}: '${text}' has a bracket with no other half`)
  const count = choices.reduce((product, { length }) => product * length, 1)
  if (count > most)
    throw new UsageError(`${where}: '${text}' stands for ${count} hosts; ${most} are the most. Check the bounds of its ranges`)
  return choices.reduce<readonly string[]>((heads, choice) => heads.flatMap((head) => [...choice].map((tail) => head + tail)), [''])
}

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** `[first:last]` or `[first:last:step]`: numbers, with leading zeros kept, or letters. The last is one of them. */
class Range {
  readonly length: number
  readonly #nth: (index: number) => string

  constructor(part: string, text: string, where: string) {
    const wrong = (why: string): UsageError => new UsageError(`${where}: the range ${part} in '${text}' ${why}`)
    const [, first = '', last = '', by = '1'] = /^\[(\d*|[a-zA-Z]):(\d+|[a-zA-Z])(?::(\d+))?\]$/.exec(part) ?? []
    if (last === '') throw wrong('is none: expected [1:50], [01:50], [a:f] or [1:50:2]')
    const isLetter = (bound: string): boolean => letters.includes(bound) && bound !== ''
    if (isLetter(first) !== isLetter(last)) throw wrong('goes from a number to a letter')
    if (/^0\d/.test(first) && first.length !== last.length) throw wrong('has leading zeros: write both ends with as many digits')
    const [from, to] = isLetter(first) ? [letters.indexOf(first), letters.indexOf(last)] : [Number(first), Number(last)]
    if (from > to) throw wrong('ends before it begins')
    const step = Number(by)
    if (step === 0) throw wrong('has a step of 0')
    this.length = Math.floor((to - from) / step) + 1
    const digits = /^0\d/.test(first) ? first.length : 1
    this.#nth = (index) => (isLetter(first) ? (letters[from + index * step] ?? '') : String(from + index * step).padStart(digits, '0'))
  }

  *[Symbol.iterator](): Iterator<string> {
    for (let index = 0; index < this.length; index += 1) yield this.#nth(index)
  }
}
