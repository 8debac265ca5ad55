/** Variables of hosts on their levels, each with all that set it. */
import type { Plain } from '../runner/contract.ts'
import { UsageError } from '../runner/errors.ts'
import { Secret } from '../runner/secret.ts'
import { secretNames } from './connection.ts'
import type { Setting } from './part.ts'
import type { Settings, Tree, TreeGroup, TreeHost } from './tree.ts'
import type { VarsFiles } from './vars-files.ts'

type Level = 'default' | 'group' | 'host' | 'command line'

/** A value, where it was set, and for whom. */
export interface Assigned extends Setting<Plain | Secret> {
  readonly level: Level
  /** The group or host it was set for. */
  readonly of?: string
  readonly group?: TreeGroup
}

/** By name, all that set it: the last counts, the others it overrode. */
export type Variables = ReadonlyMap<string, readonly Assigned[]>

interface Beside {
  readonly inventory: readonly Settings[]
  readonly playbook: readonly Settings[]
}

/** Where group_vars/ and host_vars/ are. */
interface Directories {
  readonly inventories: readonly string[]
  readonly playbook?: string
}

/** Puts the levels together, in Ansible's order. */
export class Levels {
  readonly #tree: Tree
  readonly #commandLine: ReadonlyMap<string, Assigned>
  readonly #groups = new Map<TreeGroup, Beside>()
  readonly #hosts = new Map<TreeHost, Beside>()
  readonly #files: VarsFiles
  readonly #beside: Directories

  constructor(tree: Tree, files: VarsFiles, beside: Directories, extraVars: Readonly<Record<string, Plain | Secret>>) {
    this.#tree = tree
    this.#files = files
    this.#beside = beside
    this.#commandLine = new Map(
      Object.entries(extraVars).map(([key, value]) => [key, { value: hidden(key, value), where: '-e', level: 'command line' }]),
    )
  }

  /** The variables of a host. Throws UsageError where two groups that are equals do not agree. */
  async of(host: TreeHost): Promise<Variables> {
    const { all } = this.#tree
    const groups = [...host.groups].filter((group) => group !== all).sort(leastFirst)
    const files = new Map<TreeGroup, Beside>()
    for (const group of [all, ...groups]) files.set(group, await this.#besideGroup(group))
    const own = await this.#besideHost(host)
    const merged = new Map<string, Assigned[]>()
    const add = (level: Level, of: string, found: Settings | undefined, group?: TreeGroup): void => {
      for (const [key, set] of found ?? []) {
        const assigned = set.map(({ value, where }) => ({
          value: hidden(key, value),
          where,
          level,
          of,
          ...(group === undefined ? {} : { group }),
        }))
        merged.set(key, [...(merged.get(key) ?? []), ...assigned])
      }
    }
    const addFiles = (members: readonly TreeGroup[], kind: keyof Beside): void => {
      // Directory by directory: a later inventory's file for a parent wins over an earlier one's for its child, as with Ansible.
      const directories = Math.max(0, ...members.map((group) => files.get(group)?.[kind].length ?? 0))
      for (let index = 0; index < directories; index += 1)
        for (const group of members) add('group', group.name, files.get(group)?.[kind][index], group)
    }
    for (const group of [all, ...groups]) add('group', group.name, group.vars, group)
    addFiles([all], 'inventory')
    addFiles([all], 'playbook')
    addFiles(groups, 'inventory')
    addFiles(groups, 'playbook')
    for (const found of [host.vars, ...own.inventory, ...own.playbook]) add('host', host.name, found)
    for (const [key, setting] of merged) if (!this.#commandLine.has(key)) refuseConflict(host.name, key, setting)
    for (const [key, setting] of this.#commandLine) merged.set(key, [...(merged.get(key) ?? []), setting])
    return merged
  }

  async #besideGroup(group: TreeGroup): Promise<Beside> {
    const beside = this.#groups.get(group) ?? (await this.#read('group_vars', group.name))
    this.#groups.set(group, beside)
    return beside
  }

  async #besideHost(host: TreeHost): Promise<Beside> {
    const beside = this.#hosts.get(host) ?? (await this.#read('host_vars', host.name))
    this.#hosts.set(host, beside)
    return beside
  }

  /** One map a directory: within one, a later file wins over an earlier one, and both are known. */
  async #read(kind: 'group_vars' | 'host_vars', name: string): Promise<Beside> {
    const { inventories, playbook } = this.#beside
    const inDirectory = async (directory: string): Promise<Settings> => {
      const settings: Settings = new Map()
      for (const file of await this.#files.of(directory, kind, name))
        for (const [key, setting] of file) settings.set(key, [...(settings.get(key) ?? []), setting])
      return settings
    }
    return {
      inventory: await Promise.all(inventories.map(inDirectory)),
      playbook: playbook === undefined ? [] : [await inDirectory(playbook)],
    }
  }
}

/** What is a secret by its name is one, wherever it is written. */
const hidden = (key: string, value: Plain | Secret): Plain | Secret =>
  secretNames.includes(key) && typeof value === 'string' && value !== '' ? new Secret(value) : value

/** Parents before children, then by `ansible_group_priority`, then by name. */
const leastFirst = (a: TreeGroup, b: TreeGroup): number => a.depth - b.depth || a.priority - b.priority || (a.name < b.name ? -1 : 1)

/** Throws UsageError where only the alphabet, or the kind of file, says which of two groups wins. */
function refuseConflict(host: string, key: string, settings: readonly Assigned[]): void {
  const winner = settings.at(-1)
  const group = winner?.group
  if (winner === undefined || group === undefined) return
  const rival = settings.find(
    (other) =>
      other.group !== undefined &&
      other.group !== group &&
      isEqual(other.group, group) &&
      !isSame(lastOf(settings, other.group), winner.value),
  )
  if (rival?.group === undefined) return
  const other = settings.findLast((setting) => setting.group === rival.group) ?? rival
  throw new UsageError(
    `${host} gets '${key}' from two groups that count the same, and they do not agree: ${other.of} (${other.where}) and ${winner.of} (${winner.where}). ` +
      `Say which counts: set '${key}' for the host itself (host_vars/${host}.yml), or give one group more weight with ansible_group_priority=2 in the inventory, ` +
      'or make one a child of the other.',
  )
}

const isEqual = (a: TreeGroup, b: TreeGroup): boolean => a.depth === b.depth && a.priority === b.priority

const lastOf = (settings: readonly Assigned[], group: TreeGroup): Assigned['value'] | undefined =>
  settings.findLast((setting) => setting.group === group)?.value

function isSame(a: Plain | Secret | undefined, b: Plain | Secret): boolean {
  if (a instanceof Secret || b instanceof Secret) return a instanceof Secret && b instanceof Secret && a.reveal() === b.reveal()
  return a !== undefined && canonical(a) === canonical(b)
}

/** A text that is the same for the same data, whatever the order of keys. */
const canonical = (value: Plain): string =>
  JSON.stringify(value, (_, part) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
