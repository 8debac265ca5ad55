import { z } from 'zod'
import type { Task } from '../runner/contract.ts'
import { UsageError } from '../runner/errors.ts'
import { playbook } from '../runner/playbook.ts'
import { inventoryOf } from './inventory-flags.ts'
import { onHosts } from './on-hosts.ts'
import type { RunFlags } from './run-flags.ts'

/** One task on the hosts that a pattern chooses, as a play of its own. Returns the exit code. */
export async function oneTask(title: string, pattern: string, make: () => Task, flags: RunFlags): Promise<number> {
  const inventory = await inventoryOf(flags)
  const limited = new Set(inventory.choose(flags.limit ?? 'all'))
  const hosts = inventory.choose(pattern).filter((host) => flags.limit === undefined || limited.has(host))
  if (hosts.length === 0) throw new UsageError(`no host of the inventory is chosen by '${pattern}'`)
  const play = playbook(title, { hosts: pattern, vars: z.looseObject({}), tasks: () => [make()] })
  return onHosts([{ playbook: play, hosts }], inventory, flags)
}
