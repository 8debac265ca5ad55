/** `skep inventory`: hosts and groups as `ansible-inventory` shows them. */
import { Command, Option } from 'commander'
import { graphOf, groupTreeOf, listOf, shownVariables } from '../inventory/show.ts'
import type { TreeGroup } from '../inventory/tree.ts'
import { UsageError } from '../runner/errors.ts'
import { type InventoryFlags, inventoryOf, withInventory } from './inventory-flags.ts'

interface Flags extends InventoryFlags {
  readonly list?: boolean
  readonly graph?: boolean
  readonly host?: string
  readonly limit?: string
  readonly playbookDir?: string
  readonly json?: boolean
}

/** The command, to be hung under `skep`. */
export function inventoryCommand(): Command {
  const command = new Command('inventory')
    .description('Shows hosts and groups as ansible-inventory does. Secrets are shown as ***.')
    .argument('[group]', 'where the graph begins; otherwise at all')
    .addOption(new Option('--list', 'everything, as JSON').conflicts(['graph', 'host']))
    .addOption(new Option('--graph', 'groups and hosts as a tree').conflicts(['list', 'host']))
    .addOption(new Option('--host <name>', 'the variables of one host, as JSON').conflicts(['list', 'graph']))
  return withInventory(command)
    .option('-l, --limit <hosts>', 'with --list only these: names, globs, groups, @FILE')
    .option('--playbook-dir <dir>', 'a playbook there is to be run: group_vars and host_vars beside it count')
    .option('--json', 'the graph as JSON; the others are that anyway')
    .action(async (group: string | undefined, flags: Flags) => {
      process.stdout.write(`${await text(group, flags)}\n`)
    })
}

async function text(group: string | undefined, flags: Flags): Promise<string> {
  const { list = false, graph = false, host, json = false } = flags
  if (!list && !graph && host === undefined) throw new UsageError('expected one of --list, --graph and --host NAME')
  if (group !== undefined && !graph) throw new UsageError(`expected no group but with --graph, got '${group}'`)
  const inventory = await inventoryOf(flags, flags.playbookDir)
  if (list) return pretty(listOf(inventory, new Set(inventory.choose(flags.limit ?? 'all').map(({ name }) => name))))
  if (host === undefined) {
    const top = groupNamed(inventory.tree.groups, group ?? 'all')
    return json ? pretty(groupTreeOf(top)) : graphOf(top).join('\n')
  }
  const [one, ...others] = inventory.choose(host)
  if (one === undefined || others.length > 0)
    throw new UsageError(`--host ${host}: expected the name of one host, got ${one === undefined ? 'none' : `${others.length + 1} hosts`}`)
  return pretty(shownVariables(inventory.variables(one.name)))
}

function groupNamed(groups: ReadonlyMap<string, TreeGroup>, name: string): TreeGroup {
  const group = groups.get(name)
  if (group === undefined)
    throw new UsageError(`no group is named '${name}'. The inventory has: ${[...groups.keys()].slice(0, 20).join(', ')}`)
  return group
}

const pretty = (value: unknown): string => JSON.stringify(value, null, 4)
