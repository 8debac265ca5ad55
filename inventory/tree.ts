/** Hosts and groups as the sources name them, in their order, and what each says of its variables. */
import type { Host, Plain } from '../runner/contract.ts'
import { UsageError } from '../runner/errors.ts'
import type { Secret } from '../runner/secret.ts'
import { checkedName } from './name.ts'
import type { Setting } from './part.ts'

/** A variable of one host or group: all that set it, in order. The last counts. */
export type Settings = Map<string, Setting<Plain | Secret>[]>

export interface TreeHost {
  readonly name: string
  readonly vars: Settings
  /** All that it is in, parents included, in no order. */
  readonly groups: Set<TreeGroup>
  /** Where our own form gives it; otherwise `ansible_*` variables do. */
  connection?: Host['connection']
  machine?: string
}

export interface TreeGroup {
  readonly name: string
  readonly vars: Settings
  /** Those that are named in it, not those of its children. */
  readonly hosts: Set<TreeHost>
  /** With the places that say so. */
  readonly children: Map<TreeGroup, string>
  priority: number
  /** The longest way from `all`: what is nearer to a host counts more. */
  depth: number
}

/** What the sources said so far. */
export class Tree {
  readonly hosts = new Map<string, TreeHost>()
  readonly groups = new Map<string, TreeGroup>()
  readonly all: TreeGroup
  readonly ungrouped: TreeGroup

  constructor() {
    this.all = this.group('all', '')
    this.ungrouped = this.group('ungrouped', '')
    this.all.children.set(this.ungrouped, '')
  }

  /** The host of this name; new if it is. A port counts where it is new. */
  host(name: unknown, where: string, { group, port }: { readonly group?: TreeGroup; readonly port?: number } = {}): TreeHost {
    const known = checkedName(name, 'host', where)
    let host = this.hosts.get(known)
    if (host === undefined) {
      host = { name: known, vars: new Map(), groups: new Set() }
      this.hosts.set(known, host)
      if (port !== undefined) set(host.vars, 'ansible_port', { value: port, where })
    }
    group?.hosts.add(host)
    return host
  }

  /** The group of this name; new if it is. */
  group(name: unknown, where: string): TreeGroup {
    const known = checkedName(name, 'group', where)
    const group = this.groups.get(known) ?? { name: known, vars: new Map(), hosts: new Set(), children: new Map(), priority: 1, depth: 0 }
    this.groups.set(known, group)
    return group
  }

  addChild(parent: TreeGroup, child: TreeGroup, where: string): void {
    if (!parent.children.has(child)) parent.children.set(child, where)
  }

  setHost(host: TreeHost, vars: ReadonlyMap<string, Setting<Plain | Secret>>): void {
    for (const [key, setting] of vars) set(host.vars, key, setting)
  }

  /** `ansible_group_priority` is no variable but the group's place among its equals. */
  setGroup(group: TreeGroup, vars: ReadonlyMap<string, Setting<Plain | Secret>>): void {
    for (const [key, setting] of vars) {
      if (key === 'ansible_group_priority') group.priority = priorityOf(setting)
      else set(group.vars, key, setting)
    }
  }

  /** Once all sources are read: every group is below `all`, every host in some group, no group below itself. */
  finish(): this {
    const below = new Set([...this.groups.values()].flatMap(({ children }) => [...children.keys()]))
    for (const group of this.groups.values()) if (group !== this.all && !below.has(group)) this.addChild(this.all, group, '')
    const sorted = this.#parentsFirst()
    const within = new Map<TreeGroup, Set<TreeGroup>>(sorted.map((group) => [group, new Set([group])]))
    for (const group of sorted) {
      for (const child of group.children.keys()) {
        child.depth = Math.max(child.depth, group.depth + 1)
        for (const parent of within.get(group) ?? []) within.get(child)?.add(parent)
      }
    }
    for (const group of sorted) for (const host of group.hosts) for (const parent of within.get(group) ?? []) host.groups.add(parent)
    for (const host of this.hosts.values()) this.#settle(host)
    return this
  }

  /** `ungrouped` has those that are in no other group. */
  #settle(host: TreeHost): void {
    const isElsewhere = [...host.groups].some((group) => group !== this.all && group !== this.ungrouped)
    if (isElsewhere) this.ungrouped.hosts.delete(host)
    else this.ungrouped.hosts.add(host)
    host.groups.add(this.all)
    if (isElsewhere) host.groups.delete(this.ungrouped)
    else host.groups.add(this.ungrouped)
  }

  /** Every group before its children. Throws UsageError where one is below itself. */
  #parentsFirst(): readonly TreeGroup[] {
    const parents = new Map<TreeGroup, number>([...this.groups.values()].map((group) => [group, 0]))
    for (const { children } of this.groups.values()) for (const child of children.keys()) parents.set(child, (parents.get(child) ?? 0) + 1)
    const sorted = [...parents].filter(([, count]) => count === 0).map(([group]) => group)
    for (const group of sorted) {
      for (const child of group.children.keys()) {
        const left = (parents.get(child) ?? 0) - 1
        parents.set(child, left)
        if (left === 0) sorted.push(child)
      }
    }
    if (sorted.length < this.groups.size) throw cycleAmong([...this.groups.values()].filter((group) => !sorted.includes(group)))
    return sorted
  }
}

/** A group with all below it: nearer ones first, each level in its order. */
function descendants(group: TreeGroup): ReadonlySet<TreeGroup> {
  const found = new Set([group])
  for (const next of found) for (const child of next.children.keys()) found.add(child)
  return found
}

/** The hosts of a group and of all groups below it. */
export const hostsOf = (group: TreeGroup): readonly TreeHost[] => [...new Set([...descendants(group)].flatMap(({ hosts }) => [...hosts]))]

/** Sets a variable once more. */
function set(vars: Settings, key: string, setting: Setting<Plain | Secret>): void {
  vars.set(key, [...(vars.get(key) ?? []), setting])
}

function priorityOf({ value, where }: Setting<Plain | Secret>): number {
  if (/^-?\d{1,9}$/.test(String(value))) return Number(value)
  throw new UsageError(`${where}: expected ansible_group_priority to be a whole number, got ${JSON.stringify(String(value))}`)
}

/** Among groups of which each has a parent among them, the way round. */
function cycleAmong(left: readonly TreeGroup[]): UsageError {
  const parent = new Map(left.flatMap((group) => [...group.children].map(([child, where]) => [child, { group, where }] as const)))
  const way: TreeGroup[] = []
  let at = left[0]
  while (at !== undefined && !way.includes(at)) {
    way.unshift(at)
    at = parent.get(at)?.group
  }
  const round = at === undefined ? way : way.slice(0, way.indexOf(at) + 1)
  const places = round.map((group) => parent.get(group)?.where ?? '')
  return new UsageError(
    `The group '${round[0]?.name}' is below itself: ${[...round, round[0]].map((group) => group?.name).join(' > ')} (${places.join('; ')}). Take one of these out`,
  )
}
