import { inspect } from 'node:util'

/** A value that must not be seen: it prints as `***`, has no JSON form and fits in no command line. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself. Call it only where the value is used: to sign, to log in, to write the file it belongs in. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '***'
  }

  toJSON(): never {
    throw new TypeError('A Secret has no JSON form. Write its value with reveal() into a file of mode 0600, or leave it out.')
  }

  [inspect.custom](): string {
    return 'Secret(***)'
  }
}

/** Takes secrets out of a text. */
export type Redact = (text: string) => string

/** A redactor that removes these secrets in every form they usually travel in: raw, quoted, base64, hex, URL. */
export function redactor(secrets: Iterable<Secret>): Redact {
  const forms = new Set([...secrets].flatMap((secret) => formsOf(secret.reveal())))
  if (forms.size === 0) return (text) => text
  const longestFirst = [...forms].sort((a, b) => b.length - a.length)
  // An expression that holds a secret of many lines would be too large.
  const long = longestFirst.filter((form) => form.length > longForm)
  const short = longestFirst.slice(long.length)
  const any = new RegExp(short.length === 0 ? '(?!)' : short.map((form) => escaped(form)).join('|'), 'g')
  return (text) => long.reduce((left, form) => left.replaceAll(form, '***'), text).replace(any, '***')
}

const longForm = 500

/** Every Secret inside a value, however deep. */
export function secretsIn(value: unknown): readonly Secret[] {
  const found = new Set<Secret>()
  const seen = new Set<object>()
  const walk = (part: unknown): void => {
    if (typeof part !== 'object' || part === null || seen.has(part)) return
    seen.add(part)
    if (part instanceof Secret) found.add(part)
    else if (!ArrayBuffer.isView(part)) for (const inner of Object.values(part)) walk(inner)
  }
  walk(value)
  return [...found]
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

function formsOf(value: string): readonly string[] {
  if (value === '') return []
  const lines = value.includes('\n') ? value.split(/\r?\n/).filter((line) => line.length >= 16 && !line.startsWith('-----')) : []
  return [value, ...lines].flatMap((text) => [text, ...(text.length < 4 ? [] : encodings(text))])
}

function encodings(text: string): readonly string[] {
  const bytes = Buffer.from(text)
  const hex = bytes.toString('hex')
  const base64 = [0, 1, 2].map((shift) => base64At(bytes, shift)).filter((form) => form.length >= 6)
  const inJson = JSON.stringify(text).slice(1, -1)
  return [
    ...base64,
    ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
    hex,
    hex.toUpperCase(),
    encodeURIComponent(text),
    encodeURIComponent(text).replaceAll('%20', '+'),
    inJson,
    text.replaceAll("'", `'\\''`),
  ]
}

/** The part of the base64 text that is the same wherever the secret stands `shift` bytes after a multiple of three. */
function base64At(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replace(/=+$/, '')
  const head = Math.ceil((shift * 8) / 6)
  const tail = ((shift + bytes.length) * 8) % 6 === 0 ? 0 : 1
  return text.slice(head, text.length - tail)
}
