import { dirname } from 'node:path'
import type { Host } from '../runner/contract.ts'
import type { Chosen } from '../runner/engine/run.ts'
import { UsageError } from '../runner/errors.ts'
import type { Inventory, Playbook } from '../runner/playbook.ts'
import type { Made } from './digests.ts'
import { type InventoryFlags, inventoryOf } from './inventory-flags.ts'
import { loadPlaybooks } from './playbook-file.ts'
import { type RunFlags, type TaskFlags, tagsOf } from './run-flags.ts'

/** The plays of the files with their hosts. Where files lie apart, each sees the variables beside it. */
export async function chosenBy(
  files: readonly string[],
  flags: InventoryFlags & Pick<RunFlags, 'limit'>,
): Promise<{ plays: readonly Chosen[]; inventory: Inventory }> {
  const inventory = await inventoryOf(flags)
  const plays: Chosen[] = []
  let first: Inventory | undefined
  for (const file of files) {
    const there = await inventory.beside(dirname(file))
    first ??= there
    const limited = new Set(there.choose(flags.limit ?? 'all'))
    for (const playbook of await loadPlaybooks(file)) {
      const hosts = hostsFor(playbook, there).filter((host) => flags.limit === undefined || limited.has(host))
      if (hosts.length === 0) {
        const limit = flags.limit === undefined ? '' : ` and -l '${flags.limit}'`
        throw new UsageError(`playbook '${playbook.title}': no host of the inventory is chosen by '${playbook.hosts}'${limit}`)
      }
      plays.push({ playbook, hosts })
    }
  }
  return { plays, inventory: first ?? inventory }
}

/** What the digests of a plan or a journal are made of. */
export function madeOf(
  playbooks: readonly string[],
  plays: readonly Chosen[],
  flags: TaskFlags & Pick<RunFlags, 'extraVars' | 'become'>,
): Made {
  const { extraVars, startAtTask = null, become = false } = flags
  const hosts = [...new Set(plays.flatMap((play) => play.hosts))]
  return { playbooks, hosts, extraVars, options: { tags: tagsOf(flags), startAt: startAtTask, become } }
}

/** The hosts that a play asks for. Throws UsageError with its place. */
function hostsFor({ hosts, title, where }: Playbook, inventory: Inventory): readonly Host[] {
  try {
    return inventory.choose(hosts)
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause
    throw new UsageError(`${where}: playbook '${title}': ${cause.message}`, { cause })
  }
}
