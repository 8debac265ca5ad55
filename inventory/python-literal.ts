/** INI values are Python literals where they can be, as with Ansible: `8080` is a number, `['a', 'b']` a list, `yes` a text. */
import type { Plain } from '../runner/contract.ts'

/** The value of a Python literal; the text itself where it is none. */
export function pythonValue(text: string): Plain {
  try {
    return new Literal(text.replace(/^[ \t]+/, '')).whole()
  } catch (error) {
    if (error instanceof NotLiteral) return text
    throw error
  }
}

class NotLiteral extends Error {}

const number =
  /^(?:0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:\d(?:_?\d)*)?\.\d(?:_?\d)*(?:[eE][-+]?\d(?:_?\d)*)?|\d(?:_?\d)*\.?(?:[eE][-+]?\d(?:_?\d)*)?)/
const string = /^([rRbBuU]{0,2})('''(?:\\[\s\S]|[^\\])*?'''|"""(?:\\[\s\S]|[^\\])*?"""|'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*")/
const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
}

class Literal {
  #rest: string
  #depth = 0

  constructor(text: string) {
    this.#rest = text
  }

  /** Everything; a bare `80, 443` is a list. */
  whole(): Plain {
    const value = this.#value()
    if (!this.#next(',')) return this.#end(value)
    const items = [value]
    while (!this.#atEnd()) {
      items.push(this.#value())
      if (!this.#next(',')) break
    }
    return this.#end(items)
  }

  #value(): Plain {
    this.#blank()
    const [sign] = /^[-+]/.exec(this.#rest) ?? []
    if (sign !== undefined) {
      this.#take(1)
      this.#blank()
      return sign === '-' ? -this.#number() : this.#number()
    }
    const [name] = /^(?:True|False|None|\.\.\.)(?![\p{L}\p{N}_])/u.exec(this.#rest) ?? []
    if (name !== undefined) {
      this.#take(name.length)
      return name === '...' ? name : name === 'None' ? null : name === 'True'
    }
    if (string.test(this.#rest)) return this.#strings()
    if (/^[\d.]/.test(this.#rest)) return this.#number()
    if (this.#rest.startsWith('set()')) {
      this.#take(5)
      return []
    }
    return this.#group()
  }

  #group(): Plain {
    this.#depth += 1
    if (this.#depth > 90) throw new NotLiteral()
    try {
      if (this.#next('[')) return this.#items(']').items
      if (this.#next('(')) {
        const { items, commas } = this.#items(')')
        return items.length === 1 && !commas ? (items[0] ?? null) : items
      }
      if (this.#next('{')) return this.#braces()
    } finally {
      this.#depth -= 1
    }
    throw new NotLiteral()
  }

  #items(close: string): { readonly items: readonly Plain[]; readonly commas: boolean } {
    const items: Plain[] = []
    let commas = false
    while (!this.#next(close)) {
      if (items.length > 0) {
        this.#need(',')
        commas = true
        if (this.#next(close)) break
      }
      items.push(this.#value())
    }
    return { items, commas }
  }

  /** A dict, or a set, which is a list to everybody else. */
  #braces(): Plain {
    if (this.#next('}')) return {}
    const first = this.#value()
    if (!this.#next(':')) {
      const items = [first]
      while (!this.#next('}')) {
        this.#need(',')
        if (this.#next('}')) break
        items.push(this.#value())
      }
      return items.filter((item, index) => typeof item === 'object' || items.indexOf(item) === index)
    }
    const entries: [string, Plain][] = [[keyOf(first), this.#value()]]
    while (!this.#next('}')) {
      this.#need(',')
      if (this.#next('}')) break
      const key = keyOf(this.#value())
      this.#need(':')
      entries.push([key, this.#value()])
    }
    return Object.fromEntries(entries)
  }

  #number(): number {
    const [digits] = number.exec(this.#rest) ?? []
    if (digits === undefined || (/^0[\d_]*[1-9]/.test(digits) && /^[\d_]+$/.test(digits))) throw new NotLiteral()
    this.#take(digits.length)
    if (/^[\p{L}\p{N}_]/u.test(this.#rest)) throw new NotLiteral()
    const value = Number(digits.replaceAll('_', ''))
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) throw new NotLiteral()
    return value
  }

  /** Strings that stand side by side are one; bytes and texts do not mix. */
  #strings(): string {
    let text = ''
    const isBytes = /^[rR]?[bB]/.test(this.#rest)
    for (let found = string.exec(this.#rest); found !== null; found = string.exec(this.#rest)) {
      const [whole, prefix = '', quoted = ''] = found
      if (!/^(?:|[ruRU]|[bB]|[rR][bB]|[bB][rR])$/.test(prefix) || /[bB]/.test(prefix) !== isBytes) throw new NotLiteral()
      const edge = /^('''|""")/.test(quoted) ? 3 : 1
      const inner = quoted.slice(edge, -edge)
      text += /[rR]/.test(prefix) ? inner : unescaped(inner)
      this.#take(whole.length)
      this.#blank()
    }
    return text
  }

  #end<V>(value: V): V {
    if (!this.#atEnd()) throw new NotLiteral()
    return value
  }

  #atEnd(): boolean {
    this.#blank()
    return this.#rest === '' || this.#rest.startsWith('#')
  }

  #next(mark: string): boolean {
    this.#blank()
    if (!this.#rest.startsWith(mark)) return false
    this.#take(mark.length)
    return true
  }

  #need(mark: string): void {
    if (!this.#next(mark)) throw new NotLiteral()
  }

  #blank(): void {
    this.#rest = this.#rest.replace(/^[ \t\f]+/, '')
  }

  #take(length: number): void {
    this.#rest = this.#rest.slice(length)
  }
}

function keyOf(value: Plain): string {
  if (typeof value === 'object' && value !== null) throw new NotLiteral()
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function unescaped(text: string): string {
  return text.replace(/\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{1,3}|[\s\S])/g, (whole, code: string) => {
    const short = escapes[code]
    if (short !== undefined) return short
    if (/^[xuU][\da-fA-F]{2}/.test(code)) return pointed(Number.parseInt(code.slice(1), 16))
    if (/^[0-7]/.test(code)) return pointed(Number.parseInt(code, 8))
    if (/^[xuUN]/.test(code)) throw new NotLiteral()
    return whole
  })
}

function pointed(code: number): string {
  if (code > 0x10ffff) throw new NotLiteral()
  return String.fromCodePoint(code)
}
