/** `skep do`: one task on the hosts of a pattern, without a playbook. */
import { Command, InvalidArgumentError } from 'commander'
import { moduleNamed } from './module-named.ts'
import { oneTask } from './one-task.ts'
import { type RunFlags, withRunFlags } from './run-flags.ts'

/** The command, to be hung under `skep`. */
export function doCommand(): Command {
  const command = new Command('do')
    .description('do one task on hosts: skep do \'web*\' file \'{"path": "/srv/app", "state": "directory"}\'')
    .argument('<pattern>', 'hosts: names, globs, groups, as in a playbook')
    .argument('<module>', 'as playbooks call it: file, copy, command')
    .argument('[params]', 'its parameters, a JSON object', parameters, {})
  return withRunFlags(command).action(async (pattern: string, name: string, params: Readonly<Record<string, unknown>>, flags: RunFlags) => {
    const make = await moduleNamed(name)
    process.exitCode = await oneTask(`skep do ${name}`, pattern, () => make(name, params), flags)
  })
}

function parameters(text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new InvalidArgumentError(`Expected a JSON object: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new InvalidArgumentError('Expected a JSON object.')
  return { ...value }
}
