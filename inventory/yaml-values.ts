/** What an unquoted YAML word means to PyYAML, which Ansible reads with. It is YAML 1.1: `yes` is true, `0644` is 420, `1e3` a text. */

/** A number that cannot be held, as whoever reads the file should be told of it. */
export class NoNumber extends Error {}

/** The value of a word. Throws NoNumber. */
export function yamlValue(word: string): null | boolean | number | string {
  if (/^(?:~|null|Null|NULL|)$/.test(word)) return null
  if (/^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(word)) return true
  if (/^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(word)) return false
  const first = word[0] ?? ''
  if (!'-+.0123456789'.includes(first)) return word
  if (isInteger(word)) return heldNumber(integer(word.replaceAll('_', '')), word)
  if (isFloat(word)) return heldNumber(float(word.replaceAll('_', '').toLowerCase()), word)
  return moment(word) ?? word
}

const isInteger = (word: string): boolean =>
  /^[-+]?(?:0b[0-1_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)$/.test(word)

const isFloat = (word: string): boolean =>
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/.test(
    word,
  )

function integer(word: string): number {
  const [sign, digits] = signed(word)
  if (/^0[bx]/.test(digits)) return sign * Number(digits)
  if (digits.startsWith('0')) return sign * Number.parseInt(digits, 8)
  return sign * sixties(digits)
}

function float(word: string): number {
  const [sign, digits] = signed(word)
  if (digits === '.inf') return sign * Number.POSITIVE_INFINITY
  return sign * (digits.includes(':') ? sixties(digits) : Number(digits))
}

const signed = (word: string): readonly [sign: number, digits: string] =>
  word.startsWith('-') ? [-1, word.slice(1)] : [1, word.replace(/^\+/, '')]

/** `1:30` is ninety. */
const sixties = (digits: string): number => digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)

/** The number, if it is the one that was written. */
function heldNumber(value: number, word: string): number {
  const isWhole = !/[.eE]/.test(word) || /^[-+]?0x/.test(word)
  if (Number.isFinite(value) && (!isWhole || Number.isSafeInteger(value))) return value
  throw new NoNumber(`the number ${word.slice(0, 40)} cannot be held exactly: put it in quotes`)
}

/** A point in time, in the one form that Ansible shows. */
function moment(word: string): string | undefined {
  if (/^\d{4}-\d\d-\d\d$/.test(word)) return word
  const parts =
    /^(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(?:(Z)|([-+])(\d\d?)(?::(\d\d))?))?$/.exec(word)
  if (parts === null) return undefined
  const [, year, month = '', day = '', hour = '', minute, second, fraction = '', zulu, sign, zoneHour = '', zoneMinute = '00'] = parts
  const two = (digits: string): string => digits.padStart(2, '0')
  const micros = fraction.slice(0, 6).padEnd(6, '0')
  const zone = zulu !== undefined ? '+00:00' : sign === undefined ? '' : `${sign}${two(zoneHour)}:${zoneMinute}`
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${minute}:${second}${Number(micros) === 0 ? '' : `.${micros}`}${zone}`
}
