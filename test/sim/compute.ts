import type { Compute, Instance, InstanceState, Launch } from '../../cloud/ports.ts'
import { CloudError } from '../../cloud/ports.ts'
import { equalJson, invalid } from './checks.ts'
import type { VirtualClock } from './clock.ts'
import type { Random } from './random.ts'

/** One simulated machine, for a test's own eyes. */
export interface Machine {
  readonly id: string
  readonly request: Launch
  readonly launchedAt: number
  readonly hostKey: string
  readonly port: number
  state: InstanceState
  endedAt: number | undefined
  /** Aborted when the machine ends. */
  readonly end: AbortController
  /** What a test left lying about; `remains` tells of it. */
  readonly planted: string[]
}

const requiredTags = ['job', 'run', 'attempt', 'worker', 'kind']
const shownFor = 3_600_000

/** Machines that are records: they boot, run and end when a test says so. */
export class SimCompute implements Compute {
  readonly machines = new Map<string, Machine>()
  /** Milliseconds from `terminate` to the end; 0: at once. */
  terminateMs = 0
  /** Called with each new machine. */
  onLaunch: ((machine: Machine) => void) | undefined
  readonly #tokens = new Map<string, Machine>()
  readonly #clock: VirtualClock
  readonly #random: Random

  constructor(clock: VirtualClock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  async launch(request: Launch): Promise<Instance> {
    validate(request)
    const known = this.#tokens.get(request.token)
    if (known !== undefined) {
      if (!equalJson({ ...known.request }, { ...request })) {
        throw new CloudError('IdempotentParameterMismatch', `compute.launch: token ${request.token} was used with other parameters`)
      }
      if (known.state === 'terminated' || known.state === 'shutting-down') {
        throw new CloudError('IdempotentInstanceTerminated', `compute.launch: ${known.id} of token ${request.token} is gone`)
      }
      return shown(known)
    }
    const wire = Buffer.concat([Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0 ', 'latin1'), this.#random.bytes(32)])
    const machine: Machine = {
      id: `i-${this.#random.hex(17)}`,
      request: structuredClone(request),
      launchedAt: this.#clock.now(),
      hostKey: `ssh-ed25519 ${wire.toString('base64')}`,
      port: 20_000 + this.machines.size,
      state: 'pending',
      endedAt: undefined,
      end: new AbortController(),
      planted: [],
    }
    this.machines.set(machine.id, machine)
    this.#tokens.set(request.token, machine)
    this.onLaunch?.(machine)
    return shown(machine)
  }

  async describe(): Promise<readonly Instance[]> {
    const oldest = this.#clock.now() - shownFor
    return [...this.machines.values()].filter(({ endedAt }) => endedAt === undefined || endedAt > oldest).map(shown)
  }

  async hostKey(instance: string): Promise<string | undefined> {
    const machine = this.machine(instance)
    return machine.state === 'running' ? machine.hostKey : undefined
  }

  async terminate(instance: string): Promise<void> {
    const machine = this.machine(instance)
    if (machine.state === 'terminated' || machine.state === 'shutting-down') return
    machine.state = 'shutting-down'
    machine.end.abort(new Error(`${instance} was terminated`))
    if (this.terminateMs === 0) this.end(instance)
    else this.#clock.at(this.#clock.now() + this.terminateMs, () => this.end(instance))
  }

  async remains(instance: string): Promise<readonly string[]> {
    const machine = this.machine(instance)
    return machine.state === 'terminated' ? [...machine.planted] : [`process of ${instance}`, `disk of ${instance}`, ...machine.planted]
  }

  machine(instance: string): Machine {
    const machine = this.machines.get(instance)
    if (machine === undefined) throw new CloudError('NotFound', `compute: no instance ${instance} was ever launched`)
    return machine
  }

  /** The machine is gone, by itself or at last. */
  end(instance: string): void {
    const machine = this.machine(instance)
    if (machine.state === 'terminated') return
    machine.state = 'terminated'
    machine.endedAt = this.#clock.now()
    machine.end.abort(new Error(`${instance} ended`))
  }
}

function shown({ id, request, state, launchedAt, port }: Machine): Instance {
  const { token, tags, userData } = structuredClone(request)
  return { id, token, state, launchedAt, tags, userData, ...(state === 'running' ? { address: { host: '127.0.0.1', port } } : {}) }
}

function validate({ token, userData, tags }: Launch): void {
  if (!/^[\x21-\x7e]{1,64}$/.test(token)) throw invalid('compute.launch: expected a token of 1 to 64 ASCII characters')
  if (Buffer.byteLength(userData) > 16_384) throw invalid(`compute.launch ${token}: userData has more than 16 KiB`)
  const missing = requiredTags.filter((tag) => !tags[tag])
  if (missing.length > 0) throw invalid(`compute.launch ${token}: expected tags ${requiredTags.join(', ')}, missing ${missing.join(', ')}`)
}
