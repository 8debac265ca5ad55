/** Inventories as the rest of Skep knows them: hosts with their variables, and the patterns that choose among them. */
import type { Host, Plain } from '../runner/contract.ts'
import { UsageError } from '../runner/errors.ts'
import type { Inventory } from '../runner/playbook.ts'
import type { Secret } from '../runner/secret.ts'
import { reachOf } from './connection.ts'
import type { Warn } from './groups.ts'
import { chooseNames, implicitNames, type Names } from './pattern.ts'
import { directoriesOf, readSources } from './sources.ts'
import { hostsOf, type Tree, type TreeHost } from './tree.ts'
import { Levels, type Variables } from './variables.ts'
import { VarsFiles } from './vars-files.ts'

export interface LoadOptions {
  /** Where the playbook is: group_vars/ and host_vars/ beside it win over those beside the inventory. */
  readonly playbookDir?: string
  /** Of the command line; they win over all. */
  readonly extraVars?: Readonly<Record<string, Plain | Secret>>
  /** Hears what is not wrong and should be known: what an inventory program says aside, what is left out. */
  readonly warn?: Warn
}

/** An inventory, and where everything in it comes from. */
export interface LoadedInventory extends Inventory {
  readonly tree: Tree
  /** The variables of a host, with all that set them. Throws UsageError where there is no such host. */
  variables(host: string): Variables
  /** The same for a playbook that is elsewhere; no source is read again. */
  beside(playbookDir: string): Promise<LoadedInventory>
}

/** Reads `-i SOURCE...`, of any kind that `sources.ts` knows. Throws UsageError. */
export async function loadInventory(sources: readonly string[], options: LoadOptions = {}): Promise<LoadedInventory> {
  const { warn = () => undefined, extraVars = {}, playbookDir } = options
  const tree = await readSources(sources, warn)
  const files = new VarsFiles(warn)
  const inventories = await directoriesOf(sources)
  const beside = async (playbook?: string): Promise<LoadedInventory> => {
    const levels = new Levels(tree, files, { inventories, ...(playbook === undefined ? {} : { playbook }) }, extraVars)
    return assemble(tree, levels, beside)
  }
  return beside(playbookDir)
}

async function assemble(tree: Tree, levels: Levels, beside: LoadedInventory['beside']): Promise<LoadedInventory> {
  const inOrder = hostsOf(tree.all)
  const implicit = implicitNames.filter((name) => !tree.hosts.has(name)).map(thisMachine)
  const known = new Map<string, { readonly host: Host; readonly variables: Variables }>()
  for (const made of [...inOrder, ...implicit]) {
    const variables = await levels.of(made)
    known.set(made.name, { host: hostOf(made, variables), variables })
  }
  const named = (names: readonly string[]): readonly Host[] => names.flatMap((name) => known.get(name)?.host ?? [])
  const names = namesOf(tree)
  return {
    tree,
    hosts: named(inOrder.map(({ name }) => name)),
    choose: (pattern) => named(chooseNames(names, pattern)),
    variables: (name) => {
      const found = known.get(name)
      if (found === undefined) throw new UsageError(`no host is named '${name}' in the inventory`)
      return found.variables
    },
    beside,
  }
}

const namesOf = (tree: Tree): Names => ({
  hosts: [...tree.hosts.keys()],
  groups: new Map([...tree.groups].map(([name, group]) => [name, hostsOf(group).map((host) => host.name)])),
})

/** The machine that Skep runs on, for patterns that name it though no inventory does. It is in no group; `all` speaks for it too. */
const thisMachine = (name: string): TreeHost => ({ name, vars: new Map(), groups: new Set(), connection: { kind: 'local' } })

function hostOf({ name, groups, connection, machine }: TreeHost, variables: Variables): Host {
  const counting = [...variables].flatMap(([key, set]) => set.slice(-1).map((setting) => [key, setting] as const))
  return {
    name,
    vars: Object.fromEntries(counting.map(([key, { value }]) => [key, value])),
    origins: Object.fromEntries(counting.map(([key, { where }]) => [key, where])),
    groups: [...groups]
      .map((group) => group.name)
      .filter((group) => group !== 'all')
      .sort(),
    ...reachOf(name, variables, connection),
    ...(machine === undefined ? {} : { machine }),
  }
}
