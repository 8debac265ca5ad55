/** Files that hold data: YAML, and JSON, which Ansible tries first whatever a file is called. */
import { UsageError } from '../runner/errors.ts'
import { type Entry, lineOf, type Part, vaulted } from './part.ts'

const deepest = 100

/** What a YAML or JSON text says, with its lines; undefined: nothing. Throws UsageError. */
export async function readData(text: string, source: string): Promise<Part | undefined> {
  if (text.startsWith('$ANSIBLE_VAULT')) throw new UsageError(vaulted(source, 'the file'))
  if (isJson(text)) return new Json(text, source).part(0)
  const { readYaml } = await import('./yaml-file.ts') // a library, which many runs do without
  return readYaml(text, source)
}

function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Goes through a text that is known to be JSON, and counts lines. */
class Json {
  readonly #source: string
  readonly #tokens: RegExpStringIterator<RegExpExecArray>
  #line = 1

  constructor(text: string, source: string) {
    this.#source = source
    this.#tokens = text.matchAll(/\n|"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)
  }

  part(depth: number, token = this.#next()): Part {
    const line = this.#line
    if (depth > deepest) throw this.#wrong(line, `more than ${deepest} levels within each other`)
    if (token === '{') return { kind: 'map', line, entries: this.#entries(depth) }
    if (token !== '[') return { kind: 'scalar', line, value: this.#value(token) }
    const items: Part[] = []
    for (let next = this.#next(); next !== ']'; next = this.#next()) if (next !== ',') items.push(this.part(depth + 1, next))
    return { kind: 'list', line, items }
  }

  #entries(depth: number): readonly Entry[] {
    const entries = new Map<string, Entry>()
    for (let token = this.#next(); token !== '}'; token = this.#next()) {
      if (token === ',') continue
      const [key, line]: [string, number] = [JSON.parse(token), this.#line]
      const before = entries.get(key)
      if (before !== undefined)
        throw this.#wrong(line, `${token.slice(0, 60)} is here already, in line ${before.line}: keep one of the two`)
      this.#next()
      entries.set(key, { key, isText: true, line, value: this.part(depth + 1) })
    }
    return [...entries.values()]
  }

  #value(token: string): null | boolean | number | string {
    const value: null | boolean | number | string = JSON.parse(token)
    const isHeld = typeof value !== 'number' || (Number.isFinite(value) && (/[.eE]/.test(token) || Number.isSafeInteger(value)))
    if (!isHeld) throw this.#wrong(this.#line, `the number ${token.slice(0, 40)} cannot be held exactly: put it in quotes`)
    return value
  }

  #next(): string {
    for (;;) {
      const [token = ''] = this.#tokens.next().value ?? []
      if (token !== '\n') return token
      this.#line += 1
    }
  }

  #wrong(line: number, what: string): UsageError {
    return new UsageError(`${lineOf(this.#source)(line)}: ${what}`)
  }
}
