import type { Cloud, CloudErrorCode, Role } from '../../cloud/ports.ts'
import { CloudError } from '../../cloud/ports.ts'
import type { Random } from './random.ts'

export type PortName = Exclude<keyof Cloud, 'role' | 'clock' | 'close'>

/** One call of a port by one opener. `seq` counts all calls of the world from 1. */
export interface SimCall {
  readonly seq: number
  readonly at: number
  readonly role: Role
  readonly instance: string | undefined
  readonly port: PortName
  readonly op: string
  readonly args: readonly unknown[]
}

/** What goes wrong. `before`: nothing happened; `after`: it happened, and the caller never hears of it. */
export interface Fault {
  readonly when: 'before' | 'after'
  readonly port?: PortName
  readonly op?: string
  readonly role?: Role
  readonly where?: (call: SimCall) => boolean
  /** Default `Unavailable`. `crash`: the opener is dead from here on, as a process that was killed. */
  readonly error?: CloudErrorCode | 'crash'
  /** How many calls it strikes; default 1. */
  readonly times?: number
}

/** The opener is dead: nothing it does has an effect any more. */
export class SimCrash extends Error {
  override readonly name = 'SimCrash'
}

/** What a test may break. Rates are probabilities from 0 to 1, decided by the world's seed. */
export class Faults {
  /** For any call of any port: `Unavailable` before or after the effect. */
  rates = { before: 0, after: 0 }
  /** For queue messages: lost when sent, or sent twice. Order is always by chance. */
  queue = { lose: 0, double: 0 }
  readonly #planned: { fault: Fault; left: number }[] = []
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /** Plans a fault; the returned function takes it back. */
  inject(fault: Fault): () => void {
    const plan = { fault, left: fault.times ?? 1 }
    this.#planned.push(plan)
    return () => {
      plan.left = 0
    }
  }

  /** No fault any more. */
  clear(): void {
    this.rates = { before: 0, after: 0 }
    this.queue = { lose: 0, double: 0 }
    this.#planned.length = 0
  }

  /** The error that strikes this call now, if any. */
  strike(when: Fault['when'], call: SimCall): CloudError | SimCrash | undefined {
    for (const plan of this.#planned) {
      const { fault } = plan
      if (plan.left === 0 || fault.when !== when) continue
      if ((fault.port ?? call.port) !== call.port || (fault.op ?? call.op) !== call.op || (fault.role ?? call.role) !== call.role) continue
      if (fault.where !== undefined && !fault.where(call)) continue
      plan.left--
      return errorOf(fault.error ?? 'Unavailable', when, call)
    }
    const rate = this.rates[when]
    return rate > 0 && this.#random.next() < rate ? errorOf('Unavailable', when, call) : undefined
  }
}

function errorOf(code: CloudErrorCode | 'crash', when: string, call: SimCall): CloudError | SimCrash {
  const where = `${call.role} ${call.port}.${call.op}: injected ${when} the effect`
  return code === 'crash' ? new SimCrash(where) : new CloudError(code, where)
}
