/** What every command that reads an inventory takes. */
import { type Command, InvalidArgumentError } from 'commander'
import { printable } from '../custody/names.ts'
import { type LoadedInventory, loadInventory } from '../inventory/load.ts'
import type { Plain } from '../runner/contract.ts'
import { UsageError } from '../runner/errors.ts'

export interface InventoryFlags {
  readonly inventory: readonly string[]
  readonly extraVars: Readonly<Record<string, Plain>>
}

/** Adds `-i` and `-e` to a command. */
export function withInventory(command: Command): Command {
  return withVariables(
    command.option('-i, --inventory <source>', "'local:', a file, a program or a directory of them; may be given again", collect, []),
  )
}

/** Adds `-e` alone. */
export function withVariables(command: Command): Command {
  return command.option(
    '-e, --extra-vars <k=v>',
    'a variable, or a JSON object of them; wins over the inventory; may be given again',
    variables,
    {},
  )
}

/** The inventory that the flags name. */
export async function inventoryOf(flags: InventoryFlags, playbookDir?: string): Promise<LoadedInventory> {
  if (flags.inventory.length === 0) throw new UsageError("expected an inventory: -i 'local:' for this machine, or -i FILE")
  const warn = (line: string): void => void process.stderr.write(`skep: ${printable(line)}\n`)
  return loadInventory(flags.inventory, { extraVars: flags.extraVars, warn, ...(playbookDir === undefined ? {} : { playbookDir }) })
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value]

function variables(value: string, before: Readonly<Record<string, Plain>>): Readonly<Record<string, Plain>> {
  if (value.trimStart().startsWith('{')) {
    try {
      return { ...before, ...JSON.parse(value) }
    } catch {
      throw new InvalidArgumentError('Expected k=v or a JSON object.')
    }
  }
  const at = value.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Expected k=v or a JSON object.')
  return { ...before, [value.slice(0, at)]: value.slice(at + 1) }
}
