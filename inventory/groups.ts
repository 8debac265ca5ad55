/** Ansible's two ways to write groups as data: the YAML inventory, and what an inventory program answers to `--list`. */
import { UsageError } from '../runner/errors.ts'
import { expandHost } from './address.ts'
import { type At, type Entry, isNothing, nameOf, type Part, settingsOf } from './part.ts'
import type { Tree, TreeGroup, TreeHost } from './tree.ts'

export type Warn = (line: string) => void

type Map = Extract<Part, { kind: 'map' }>

const entryOf = (part: Map, key: string): Entry | undefined => part.entries.find((entry) => entry.key === key)

/** Reads a YAML inventory into the tree: groups with `hosts`, `vars` and `children`, which are maps. */
export function readGroups(part: Part | undefined, at: At, tree: Tree, warn: Warn): void {
  if (part === undefined) return
  if (part.kind !== 'map') throw new UsageError(`${at(part.line)}: expected groups, like 'all: { hosts: … }', got ${nameOf(part)}`)
  const plugin = entryOf(part, 'plugin')
  if (plugin !== undefined && plugin.value.kind === 'scalar' && plugin.value.value !== null) {
    throw new UsageError(
      `${at(plugin.line)}: this configures a plugin of Ansible's, which Skep does not run. ` +
        "Give what it finds as a file: 'ansible-inventory -i THIS --list --export > hosts.json', then -i hosts.json.",
    )
  }
  for (const entry of part.entries) readGroup(entry, at, tree, warn)
}

function readGroup({ key, isText, line, value }: Entry, at: At, tree: Tree, warn: Warn): TreeGroup | undefined {
  if (value.kind !== 'map' && !isNothing(value)) {
    warn(`${at(line)}: '${key}' is no group, for it is ${nameOf(value)}: left out`)
    return undefined
  }
  const group = tree.group(isText ? key : JSON.parse(key), at(line))
  if (value.kind !== 'map') return group
  for (const section of value.entries) {
    if (isNothing(section.value)) continue
    if (!['vars', 'children', 'hosts'].includes(section.key)) {
      warn(`${at(section.line)}: '${section.key}' in the group '${key}' is left out: expected vars, children or hosts`)
      continue
    }
    const entries = namesOf(section, key, at)
    if (section.key === 'vars') tree.setGroup(group, settingsOf({ kind: 'map', line: section.line, entries }, at))
    for (const entry of section.key === 'children' ? entries : []) {
      const child = readGroup(entry, at, tree, warn)
      if (child !== undefined) tree.addChild(group, child, at(entry.line))
    }
    for (const entry of section.key === 'hosts' ? entries : []) readHosts(entry, group, at, tree)
  }
  return group
}

function readHosts({ key, isText, line, value }: Entry, group: TreeGroup, at: At, tree: Tree): void {
  if (!isText) throw new UsageError(`${at(line)}: expected the name of a host to be a text, got ${key}. Put it in quotes`)
  const { names, port } = expandHost(key, at(line))
  const vars = isNothing(value) ? new Map() : settingsOf(value, at)
  for (const name of names) tree.setHost(tree.host(name, at(line), { group, ...(port === undefined ? {} : { port }) }), vars)
}

/** The names of a section. One alone may stand there as a text. */
function namesOf({ key, line, value }: Entry, group: string, at: At): readonly Entry[] {
  if (value.kind === 'map') return value.entries
  if (value.kind === 'scalar' && typeof value.value === 'string' && key !== 'vars')
    return [{ key: value.value, isText: true, line: value.line, value: { kind: 'scalar', line: value.line, value: null } }]
  throw new UsageError(`${at(line)}: expected '${key}' of the group '${group}' to be a map, like '${key}: { name: }', got ${nameOf(value)}`)
}

/** Whether data are an answer to `--list`, where hosts and children are lists. */
export function isAnswer(part: Part | undefined): boolean {
  if (part?.kind !== 'map') return false
  const isList = ({ value }: Entry): boolean =>
    value.kind === 'list' ||
    (value.kind === 'map' && value.entries.some(({ key, value: { kind } }) => ['hosts', 'children'].includes(key) && kind === 'list'))
  return part.entries.some((entry) => entry.key === '_meta' || isList(entry))
}

/** Reads an answer to `--list` into the tree. Gives the hosts of which it does not say the variables: those are to be asked for one by one. */
export function readAnswer(part: Part, at: At, tree: Tree): readonly TreeHost[] {
  const wrong = (line: number, what: string, value: Part): UsageError =>
    new UsageError(`${at(line)}: expected ${what}, got ${nameOf(value)}`)
  if (part.kind !== 'map') throw wrong(part.line, 'an object of groups', part)
  const named = new Set<TreeHost>()
  for (const { key, line, value } of part.entries) {
    if (key === '_meta') continue
    const group = tree.group(key, at(line))
    for (const section of sectionsOf(key, line, value)) {
      const { value: inner } = section
      if (section.key === 'vars') tree.setGroup(group, settingsOf(inner, at))
      else if (inner.kind !== 'list') throw wrong(section.line, `'${section.key}' of the group '${key}' to be a list`, inner)
      else if (section.key === 'hosts') for (const item of inner.items) named.add(tree.host(textOf(item), at(item.line), { group }))
      else for (const item of inner.items) tree.addChild(group, tree.group(textOf(item), at(item.line)), at(item.line))
    }
  }
  const meta = entryOf(part, '_meta')?.value
  const vars = meta?.kind === 'map' ? entryOf(meta, 'hostvars')?.value : undefined
  if (vars === undefined) return [...named]
  if (vars.kind !== 'map') throw wrong(vars.line, "'_meta.hostvars' to be an object", vars)
  for (const entry of vars.entries) {
    const host = tree.hosts.get(entry.key)
    if (host !== undefined && named.has(host)) tree.setHost(host, settingsOf(entry.value, at))
  }
  return []
}

/** What a group has. A list is its hosts; an object without any of the three words is one host of the group's name, as in Ansible's first years. */
function sectionsOf(name: string, line: number, value: Part): readonly Entry[] {
  const entry = (key: string, inner: Part): Entry => ({ key, isText: true, line, value: inner })
  if (value.kind !== 'map') return [entry('hosts', value)]
  const known = value.entries.filter(({ key }) => ['hosts', 'vars', 'children'].includes(key))
  if (known.length > 0) return known
  return [entry('hosts', { kind: 'list', line, items: [{ kind: 'scalar', line, value: name }] }), entry('vars', value)]
}

const textOf = (part: Part): unknown => (part.kind === 'scalar' ? part.value : nameOf(part))
