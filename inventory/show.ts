/** An inventory as `ansible-inventory` shows it. */
import type { Plain } from '../runner/contract.ts'
import { UsageError } from '../runner/errors.ts'
import { Secret } from '../runner/secret.ts'
import type { LoadedInventory } from './load.ts'
import { hostsOf, type TreeGroup } from './tree.ts'
import type { Variables } from './variables.ts'

type Shown = Readonly<Record<string, Plain>>

/** `--list`: groups with their children and hosts, and under `_meta` the variables of every host. */
export function listOf(inventory: LoadedInventory, chosen: ReadonlySet<string>): Shown {
  const { all } = inventory.tree
  const groups = new Map<string, Plain>()
  const seen = new Set<TreeGroup>()
  const visit = (group: TreeGroup): void => {
    seen.add(group)
    const children = [...group.children.keys()]
    for (const child of children) if (!seen.has(child)) visit(child)
    const hosts = group === all ? [] : [...group.hosts].map(({ name }) => name).filter((name) => chosen.has(name))
    const said = {
      ...(children.length === 0 ? {} : { children: children.map(({ name }) => name) }),
      ...(hosts.length === 0 ? {} : { hosts }),
    }
    if (Object.keys(said).length > 0) groups.set(group.name, said)
  }
  visit(all)
  const hostvars = hostsOf(all)
    .filter(({ name }) => chosen.has(name))
    .map(({ name }) => [name, shownVariables(inventory.variables(name))] as const)
    .filter(([, vars]) => Object.keys(vars).length > 0)
  return sorted({ ...Object.fromEntries(groups), _meta: { hostvars: Object.fromEntries(hostvars), profile: 'inventory_legacy' } })
}

/** `--host`: its variables. */
export const shownVariables = (variables: Variables): Shown =>
  sorted(Object.fromEntries([...variables].map(([key, set]) => [key, shown(set.at(-1)?.value ?? null)])))

/** `--graph`: groups and hosts as a tree. */
export function graphOf(group: TreeGroup): readonly string[] {
  const lines: string[] = []
  const visit = (at: TreeGroup, depth: number): void => {
    if (lines.length > 100_000)
      throw new UsageError('the graph has more than 100000 lines, for groups are in many others: ask for one group')
    lines.push(branch(`@${at.name}:`, depth))
    for (const child of at.children.keys()) visit(child, depth + 1)
    if (at.name !== 'all') for (const { name } of at.hosts) lines.push(branch(name, depth + 1))
  }
  visit(group, 0)
  return lines
}

/** The same as data. */
export function groupTreeOf(group: TreeGroup): Shown {
  let count = 0
  const visit = (at: TreeGroup): Shown => {
    count += 1
    if (count > most) throw tooMany()
    return {
      group: at.name,
      children: [...at.children.keys()].map(visit),
      hosts: at.name === 'all' ? [] : [...at.hosts].map(({ name }) => name),
    }
  }
  return visit(group)
}

const most = 100_000
const tooMany = (): UsageError => new UsageError(`the graph has more than ${most} lines, for groups are in many others: ask for one group`)

const branch = (text: string, depth: number): string => (depth === 0 ? text : `${'  |'.repeat(depth)}--${text}`)

/** A value without what must not be seen. */
export const shown = (value: Plain | Secret): Plain => (value instanceof Secret ? String(value) : value)

/** The same with all keys in order. */
function sorted(value: Shown): Shown {
  const walk = (part: Plain): Plain =>
    typeof part !== 'object' || part === null ? part : Array.isArray(part) ? part.map(walk) : sorted(part as Shown)
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, walk(part)]),
  )
}
