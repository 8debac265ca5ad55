import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import { UsageError } from '../runner/errors.ts'
import { type At, type Entry, lineOf, type Part } from './part.ts'
import { NoNumber, yamlValue } from './yaml-values.ts'

/** How many parts aliases may stand for together, and how deep a file may go. */
const limits = { aliased: 250_000, depth: 100 }

/** What a YAML text says, as Ansible reads it; undefined: nothing. Throws UsageError with the line. */
export function readYaml(text: string, source: string): Part | undefined {
  const at = lineOf(source)
  const lines = new LineCounter()
  const document = parsed(text, source, lines)
  const [error] = document.errors
  if (error !== undefined) {
    const [place = { line: 1, col: 1 }] = error.linePos ?? []
    throw new UsageError(`${at(place.line)}: not valid YAML: ${error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:$/, '')}`)
  }
  if (document.contents === null) return undefined
  const part = new Reading(lines, at).part(document.contents, 0)
  return part.kind === 'scalar' && part.value === null ? undefined : part
}

function parsed(text: string, source: string, lineCounter: LineCounter): Document.Parsed<ParsedNode> {
  try {
    // Every scalar as text: what unquoted words mean is decided here, not by the library. Unique keys it would look for in n² time.
    return parseDocument(text, { schema: 'failsafe', version: '1.1', merge: false, uniqueKeys: false, logLevel: 'error', lineCounter })
  } catch (cause) {
    throw new UsageError(`${source}: not valid YAML: ${cause instanceof RangeError ? 'it is nested too deeply' : String(cause)}`, { cause })
  }
}

class Reading {
  readonly #lines: LineCounter
  readonly #at: At
  readonly #anchors = new Map<string, Node>()
  readonly #open = new Set<Node>()
  #aliased = 0
  #withinAliases = 0

  constructor(lines: LineCounter, at: At) {
    this.#lines = lines
    this.#at = at
  }

  part(node: Node | null, line: number): Part {
    if (node === null) return { kind: 'scalar', line, value: null }
    const here = this.#line(node, line)
    if (isAlias(node)) return this.#alias(node.source, here)
    if (this.#withinAliases > 0) this.#aliased += 1
    if (this.#aliased > limits.aliased)
      throw this.#wrong(here, `aliases (*name) stand for more than ${limits.aliased} values: write them out where they are needed`)
    if (this.#open.size >= limits.depth) throw this.#wrong(here, `more than ${limits.depth} levels within each other`)
    if ('anchor' in node && node.anchor !== undefined) this.#anchors.set(node.anchor, node)
    this.#open.add(node)
    try {
      if (isMap(node)) return { kind: 'map', line: here, entries: this.#entries(node, here) }
      if (isSeq(node))
        return { kind: 'list', line: here, items: this.#known(node, here).items.map((item) => this.part(item as Node | null, here)) }
      if (isScalar(node)) return this.#scalar(node, here)
      throw this.#wrong(here, 'a part of YAML that cannot be read')
    } finally {
      this.#open.delete(node)
    }
  }

  #alias(name: string, line: number): Part {
    const node = this.#anchors.get(name)
    if (node === undefined) throw this.#wrong(line, `*${name} stands for nothing: there is no &${name} before it`)
    if (this.#open.has(node)) throw this.#wrong(line, `*${name} stands for what it is a part of`)
    this.#withinAliases += 1
    const part = this.part(node, line)
    this.#withinAliases -= 1
    return part
  }

  /** Own keys once each; those that `<<` brings first, so that own ones win. */
  #entries(node: YAMLMap, line: number): readonly Entry[] {
    const own = new Map<string, Entry>()
    const merged: Part[] = []
    for (const { key, value } of this.#known(node, line).items) {
      const name = this.part(key as Node | null, line)
      const part = this.part(value as Node | null, name.line)
      if (isScalar(key) && key.type === 'PLAIN' && key.value === '<<') {
        merged.push(...(part.kind === 'list' ? part.items.toReversed() : [part]))
        continue
      }
      if (name.kind !== 'scalar') throw this.#wrong(name.line, 'a key has to be a text')
      const entry = { key: keyText(name.value), isText: typeof name.value === 'string', line: name.line, value: part }
      const before = own.get(entry.key)
      if (before !== undefined)
        throw this.#wrong(entry.line, `'${shown(entry.key)}' is here already, in line ${before.line}: keep one of the two`)
      own.set(entry.key, entry)
    }
    const all = new Map<string, Entry>()
    for (const part of merged) {
      if (part.kind !== 'map') throw this.#wrong(part.line, '`<<` takes a map, or a list of maps')
      for (const entry of part.entries) all.set(entry.key, entry)
    }
    for (const entry of own.values()) all.set(entry.key, entry)
    return [...all.values()]
  }

  #scalar({ tag, type, value }: Scalar, line: number): Part {
    const text = String(value ?? '')
    try {
      switch (tag?.replace(/^tag:yaml\.org,2002:/, '!!')) {
        case undefined:
          return { kind: 'scalar', line, value: type === 'PLAIN' ? yamlValue(text) : text }
        case '!!str':
        case '!':
          return { kind: 'scalar', line, value: text }
        case '!!int':
        case '!!float':
        case '!!bool':
        case '!!null':
          return { kind: 'scalar', line, value: yamlValue(text) }
        case '!unsafe':
          return { kind: 'scalar', line, value: text, verbatim: true }
        case '!vault':
        case '!vault-encrypted':
          return { kind: 'vault', line }
        default:
          throw this.#wrong(line, `the tag ${shown(tag ?? '')} is not known: write the value without it`)
      }
    } catch (cause) {
      throw cause instanceof NoNumber ? this.#wrong(line, cause.message) : cause
    }
  }

  /** Maps and lists with a tag that is not theirs are something else to Ansible. */
  #known<N extends { readonly tag?: string }>(node: N, line: number): N {
    if (node.tag === undefined || /^(?:!|tag:yaml\.org,2002:(?:map|seq))$/.test(node.tag)) return node
    throw this.#wrong(line, `the tag ${shown(node.tag)} is not known: write the value without it`)
  }

  #line(node: Node, otherwise: number): number {
    return node.range == null ? otherwise : this.#lines.linePos(node.range[0]).line
  }

  #wrong(line: number, what: string): UsageError {
    return new UsageError(`${this.#at(line)}: ${what}`)
  }
}

const keyText = (value: null | boolean | number | string): string => (typeof value === 'string' ? value : JSON.stringify(value))

const shown = (text: string): string => JSON.stringify(text.slice(0, 60)).slice(1, -1)
