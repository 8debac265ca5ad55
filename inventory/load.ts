import type { Host } from '../runner/contract.ts'
import { UsageError } from '../runner/errors.ts'
import { loadInventory } from './static.ts'

/** The hosts of several `-i`. A name stands for one host only. */
export async function loadInventories(sources: readonly string[]): Promise<readonly Host[]> {
  const hosts: Host[] = []
  for (const source of sources) {
    for (const host of await loadInventory(source)) {
      if (hosts.some(({ name }) => name === host.name))
        throw new UsageError(`inventory ${source}: another inventory has a host '${host.name}' already`)
      hosts.push(host)
    }
  }
  return hosts
}
