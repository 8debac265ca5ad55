import { UsageError } from '../runner/errors.ts'
import { expandHost } from './address.ts'
import { type At, lineOf, refuseTemplates, type Setting } from './part.ts'
import { pythonValue } from './python-literal.ts'
import type { Tree, TreeGroup } from './tree.ts'
import { wordsOf } from './words.ts'

/** Reads an Ansible INI inventory into the tree. Throws UsageError with the line. */
export function readIni(text: string, source: string, tree: Tree): void {
  const reading = new Reading(tree, lineOf(source))
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|[\n\r]/)
    .entries())
    reading.line(line.trim(), index + 1)
  reading.end()
}

type Section = 'hosts' | 'vars' | 'children'

class Reading {
  readonly #tree: Tree
  readonly #at: At
  #group: TreeGroup
  #section: Section = 'hosts'
  /** Groups that are named as children, or have variables, and are still to be declared. */
  readonly #pending = new Map<string, { readonly line: number; readonly parents: { readonly group: TreeGroup; readonly line: number }[] }>()
  /** What single lines say of hosts, by group and host. */
  readonly #said = new Map<string, ReadonlyMap<string, Setting>>()

  constructor(tree: Tree, at: At) {
    this.#tree = tree
    this.#at = at
    this.#group = tree.ungrouped
  }

  line(line: string, number: number): void {
    if (line === '' || /^[;#]/.test(line)) return
    const [, name, section] = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/.exec(line) ?? []
    if (name !== undefined) this.#header(name, section ?? 'hosts', number)
    else if (/^\[.*\]$/.test(line)) throw this.#wrong(number, 'a section is written [group], [group:vars] or [group:children]')
    else if (this.#section === 'hosts') this.#hosts(line, number)
    else if (this.#section === 'vars') this.#vars(line, number)
    else this.#children(line, number)
  }

  /** Throws UsageError where a group was named and never declared. */
  end(): void {
    for (const [name, { line, parents }] of this.#pending) {
      const [parent] = parents
      throw this.#wrong(
        line,
        `${parent === undefined ? `[${name}:vars] is for` : `[${parent.group.name}:children] names`} the group '${name}', which is declared nowhere: add [${name}]`,
      )
    }
  }

  #header(name: string, section: string, line: number): void {
    if (section !== 'hosts' && section !== 'vars' && section !== 'children')
      throw this.#wrong(line, `[${name}:${section}] is no kind of section: expected :vars or :children`)
    const isNew = !this.#tree.groups.has(name)
    this.#group = this.#tree.group(name, this.#at(line))
    this.#section = section
    if (section === 'vars') {
      if (isNew && !this.#pending.has(name)) this.#pending.set(name, { line, parents: [] })
      return
    }
    for (const parent of this.#pending.get(name)?.parents ?? []) this.#tree.addChild(parent.group, this.#group, this.#at(parent.line))
    this.#pending.delete(name)
  }

  #hosts(line: string, number: number): void {
    const where = this.#at(number)
    const [pattern = '', ...words] = wordsOf(line, where)
    if (pattern === '---' || (pattern.endsWith(':') && words.length === 0))
      throw this.#wrong(number, `'${pattern}' is no host. If this is YAML, its file has to end in .yml or .yaml`)
    const { names, port } = expandHost(pattern, where)
    const vars = new Map(words.map((word) => this.#assigned(word, number)))
    if (!pattern.includes('[')) this.#once(pattern, vars)
    for (const name of names) {
      const host = this.#tree.host(name, where, { group: this.#group, ...(port === undefined ? {} : { port }) })
      this.#tree.setHost(host, vars)
    }
  }

  #vars(line: string, number: number): void {
    this.#tree.setGroup(this.#group, new Map([this.#assigned(line.replace(/\s*=\s*/, '='), number)]))
  }

  #children(line: string, number: number): void {
    const [, name] = /^([^:\]\s]+)\s*(?:#.*)?$/.exec(line) ?? []
    if (name === undefined) throw this.#wrong(number, `expected the name of a group, got '${line.slice(0, 60)}'`)
    const child = this.#tree.groups.get(name)
    if (child !== undefined) {
      this.#tree.addChild(this.#group, child, this.#at(number))
      return
    }
    const pending = this.#pending.get(name) ?? { line: number, parents: [] }
    pending.parents.push({ group: this.#group, line: number })
    this.#pending.set(name, pending)
  }

  #assigned(text: string, line: number): readonly [string, Setting] {
    const equals = text.indexOf('=')
    if (equals < 1) throw this.#wrong(line, `expected name=value, got '${text.slice(0, 60)}'`)
    const [name, value] = [text.slice(0, equals), text.slice(equals + 1)]
    const where = this.#at(line)
    refuseTemplates(value, name, where)
    return [name, { value: pythonValue(value), where }]
  }

  /** One host on two lines of a group that say different things: whichever was meant, the other is a mistake. */
  #once(name: string, vars: ReadonlyMap<string, Setting>): void {
    const key = JSON.stringify([this.#group.name, name])
    const before = this.#said.get(key) ?? new Map<string, Setting>()
    for (const [variable, { value, where }] of vars) {
      const other = before.get(variable)
      if (other !== undefined && JSON.stringify(other.value) !== JSON.stringify(value))
        throw new UsageError(
          `${where}: the host '${name}' is in [${this.#group.name}] already (${other.where}), with another '${variable}': keep one of the two`,
        )
    }
    this.#said.set(key, new Map([...before, ...vars]))
  }

  #wrong(line: number, what: string): UsageError {
    return new UsageError(`${this.#at(line)}: ${what}`)
  }
}
