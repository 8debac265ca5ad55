/** `skep vars`: the variables of a host, each with the place where it was set and what it overrode. */
import { dirname } from 'node:path'
import { Command } from 'commander'
import { printable } from '../custody/names.ts'
import type { LoadedInventory } from '../inventory/load.ts'
import { shown } from '../inventory/show.ts'
import type { Assigned } from '../inventory/variables.ts'
import type { Plain } from '../runner/contract.ts'
import { valid } from '../runner/define.ts'
import { UsageError } from '../runner/errors.ts'
import { Secret } from '../runner/secret.ts'
import { type InventoryFlags, inventoryOf, withInventory } from './inventory-flags.ts'
import { loadPlaybooks } from './playbook-file.ts'

interface Flags extends InventoryFlags {
  readonly playbook?: string
  readonly json?: boolean
}

type Listed = readonly (readonly [name: string, set: readonly Assigned[]])[]

/** The command, to be hung under `skep`. */
export function varsCommand(): Command {
  const command = new Command('vars')
    .description('Shows the variables of a host: defaults < groups < host < command line. Secrets are shown as ***.')
    .argument('<host>', 'its name in the inventory')
    .argument('[key]', 'only this variable')
  return withInventory(command)
    .option('--playbook <file>', 'with the defaults of its plays, and group_vars and host_vars beside it')
    .option('--json', 'as JSON')
    .action(async (host: string, key: string | undefined, flags: Flags) => {
      const all = await listed(host, flags)
      const wanted = key === undefined ? all : all.filter(([name]) => name === key)
      if (key !== undefined && wanted.length === 0) throw new UsageError(unknown(host, key, all))
      const one = key === undefined ? undefined : wanted[0]
      if (flags.json === true)
        process.stdout.write(
          `${JSON.stringify(one === undefined ? Object.fromEntries(wanted.map(([name, set]) => [name, data(set)])) : data(one[1]), null, 2)}\n`,
        )
      else process.stdout.write(wanted.map(([name, set]) => told(name, set)).join(''))
    })
}

async function listed(host: string, flags: Flags): Promise<Listed> {
  const inventory = await inventoryOf(flags, flags.playbook === undefined ? undefined : dirname(flags.playbook))
  const variables = new Map(inventory.variables(host))
  for (const [name, set] of flags.playbook === undefined ? [] : await defaults(host, flags.playbook, inventory)) {
    variables.set(name, [set, ...(variables.get(name) ?? [])])
  }
  return [...variables].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** What the plays for this host set where nobody else does. */
async function defaults(name: string, file: string, inventory: LoadedInventory): Promise<readonly (readonly [string, Assigned])[]> {
  const found: (readonly [string, Assigned])[] = []
  for (const play of await loadPlaybooks(file)) {
    const host = inventory.choose(play.hosts).find((candidate) => candidate.name === name)
    if (host === undefined) continue
    const given: unknown = valid(play.vars, host.vars, `variables of ${name} for playbook '${play.title}' (${play.where})`, host.origins)
    for (const [key, value] of Object.entries(given ?? {}))
      if (!Object.hasOwn(host.vars, key) && value !== undefined)
        found.push([key, { value, where: play.where, level: 'default', of: play.title }])
  }
  return found
}

function told(name: string, set: readonly Assigned[]): string {
  const [last, ...overrode] = set.toReversed()
  if (last === undefined) return ''
  const lines = [
    `${name} = ${text(last.value)}  (${origin(last)})`,
    ...overrode.map((other) => `    over ${text(other.value)}  (${origin(other)})`),
  ]
  return `${lines.map(printable).join('\n')}\n`
}

const origin = ({ level, of, where }: Assigned): string =>
  level === 'command line' ? `command line ${where}` : `${level === 'default' ? 'default of' : level} ${of}, ${where}`

const text = (value: Plain | Secret): string => (value instanceof Secret ? '***' : JSON.stringify(value))

function data(set: readonly Assigned[]): Plain {
  const [last, ...overrode] = set
    .toReversed()
    .map(({ value, level, of, where }) => ({ value: shown(value), level, ...(of === undefined ? {} : { of }), where }))
  return last === undefined ? {} : { ...last, overrode }
}

function unknown(host: string, key: string, all: Listed): string {
  const names = all.map(([name]) => name)
  return `${host} has no variable '${key}'. It has ${names.length === 0 ? 'none' : `${names.slice(0, 30).join(', ')}${names.length > 30 ? ', …' : ''}`}`
}
