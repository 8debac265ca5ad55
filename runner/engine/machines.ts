import type { Host } from '../contract.ts'
import { Slots } from './slots.ts'

/** A real machine, whichever hosts stand for it. */
export class Machine {
  /** Counts up before and after whatever may change it. What was seen at another version is not believed. */
  version = 0
  /** Hosts that are this machine, and tasks delegated to it, take turns. */
  readonly turns = new Slots(1)

  async changing<T>(work: () => Promise<T>): Promise<T> {
    this.version += 1
    try {
      return await work()
    } finally {
      this.version += 1
    }
  }
}

/** The machines of a run. */
export class Machines {
  readonly #machines = new Map<string, Machine>()

  of(host: Host): Machine {
    const key = machineKey(host)
    const machine = this.#machines.get(key) ?? new Machine()
    this.#machines.set(key, machine)
    return machine
  }

  /** Whether what was seen of the machine still counts: modules read files of the controller too. */
  version(machine: Machine): string {
    return `${machine.version} ${this.#machines.get('local')?.version ?? 0}`
  }
}

/** Hosts of the same key are one machine. */
export function machineKey({ name, machine, connection }: Host): string {
  if (machine !== undefined) return `machine ${machine}`
  if (connection.kind === 'local') return 'local'
  return connection.kind === 'ssh' ? `${connection.host}:${connection.port ?? 22}` : `host ${name}`
}
