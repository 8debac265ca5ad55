import type { Cloud, Delivery, Role } from '../../cloud/ports.ts'
import { CloudError } from '../../cloud/ports.ts'
import { printable } from '../../custody/names.ts'
import { VirtualClock } from './clock.ts'
import { SimCompute } from './compute.ts'
import { SimAttestor, SimKeys, SimNotices, SimSecrets, SimTrail } from './custody.ts'
import { Faults, type PortName, type SimCall, SimCrash } from './faults.ts'
import { SimLedger } from './ledger.ts'
import { SimObjects } from './objects.ts'
import { SimQueue } from './queue.ts'
import { type Random, randomOf } from './random.ts'
import { isAllowed } from './rights.ts'

export interface SimOptions {
  readonly seed?: number
  readonly startAt?: number
  /** Each call takes up to this long before its effect and again after, by chance: different seeds, different interleavings. */
  readonly latencyMs?: number
}

interface OpenOptions {
  /** Role worker: whose. */
  readonly instance?: string
  /** How far this opener's clock is ahead of the world's. */
  readonly skewMs?: number
}

/** A cloud as one process has it. */
export interface SimCloud extends Cloud {
  /** Ends the process that holds it: whatever it calls from here on rejects with SimCrash and does nothing. */
  kill(): void
  readonly killed: boolean
}

/** What a simulated worker does once it runs. When it returns, the machine shuts down. */
type SimWorker = (cloud: SimCloud, machine: { readonly instance: string; readonly signal: AbortSignal }) => Promise<void>

/** The deterministic cloud in memory: same seed, same story. */
export interface SimWorld {
  readonly clock: VirtualClock
  readonly random: Random
  readonly faults: Faults
  /** Every call that was allowed and reached its port, in order. */
  readonly calls: readonly SimCall[]
  /** The parts themselves, past rights and faults: a test's own eyes and hands. */
  readonly ledger: SimLedger
  readonly objects: SimObjects
  readonly queue: SimQueue
  readonly compute: SimCompute
  readonly notices: SimNotices
  readonly secrets: SimSecrets
  readonly trail: SimTrail
  open(role: Role, options?: OpenOptions): SimCloud
  /** The machine runs: it has an address and a host key. */
  boot(instance: string): void
  /** The machine's program runs; resolves when it ended, which ends the machine. */
  run(instance: string, worker: SimWorker): Promise<void>
  /** The machine ends by itself, at once and with all that ran on it. */
  die(instance: string): void
  /** Leaves something of a machine behind, which `remains` then tells. */
  plant(instance: string, what: string): void
}

export function simWorld(options: SimOptions = {}): SimWorld {
  const random = randomOf(options.seed ?? 1)
  const clock = new VirtualClock(options.startAt ?? Date.UTC(2026, 0, 1))
  const faults = new Faults(random)
  const queue = new SimQueue(clock, random, faults)
  const compute = new SimCompute(clock, random)
  const parts: Parts = {
    clock,
    random,
    faults,
    latencyMs: options.latencyMs ?? 0,
    calls: [],
    queue,
    compute,
    ledger: new SimLedger(),
    objects: new SimObjects(
      () => clock.now(),
      (event) => void queue.send('events', event).catch(() => undefined),
    ),
    notices: new SimNotices(),
    secrets: new SimSecrets(),
    trail: new SimTrail(),
    keys: new SimKeys(random),
    attestor: new SimAttestor(random),
  }
  const open = (role: Role, openOptions?: OpenOptions) => openCloud(parts, role, openOptions)
  return {
    ...parts,
    open,
    boot(instance) {
      const machine = compute.machine(instance)
      if (machine.state === 'pending') machine.state = 'running'
    },
    async run(instance, worker) {
      const cloud = open('worker', { instance })
      const { signal } = compute.machine(instance).end
      try {
        await worker(cloud, { instance, signal })
      } catch (error) {
        if (!signal.aborted) throw error
      } finally {
        compute.end(instance)
      }
    },
    die: (instance) => compute.end(instance),
    plant: (instance, what) => void compute.machine(instance).planted.push(what),
  }
}

interface Parts {
  readonly clock: VirtualClock
  readonly random: Random
  readonly faults: Faults
  readonly latencyMs: number
  readonly calls: SimCall[]
  readonly queue: SimQueue
  readonly compute: SimCompute
  readonly ledger: SimLedger
  readonly objects: SimObjects
  readonly notices: SimNotices
  readonly secrets: SimSecrets
  readonly trail: SimTrail
  readonly keys: SimKeys
  readonly attestor: SimAttestor
}

/** One opener's view: every call passes rights, latency and faults on its way to the part and back. */
function openCloud(parts: Parts, role: Role, { instance, skewMs = 0 }: OpenOptions = {}): SimCloud {
  const process = new AbortController()
  const machine = instance === undefined ? undefined : parts.compute.machine(instance)
  if (role === 'worker' && machine === undefined) throw new CloudError('InvalidArgument', 'a worker is opened for one instance')
  machine?.end.signal.addEventListener('abort', () => kill(), { once: true })

  const kill = () => process.abort(new SimCrash(`${role} ${instance ?? ''}: this process was killed`))

  const call = async <T>(port: PortName, op: string, args: readonly unknown[], effect: () => T | Promise<T>): Promise<T> => {
    await delay(parts, process.signal)
    if (!isAllowed(role, port, op, args, machine?.request.tags ?? {}) || (machine && machine.state !== 'running')) {
      throw new CloudError('AccessDenied', `${role} may not ${port}.${op} ${describe(args)}`)
    }
    const made: SimCall = { seq: parts.calls.length + 1, at: parts.clock.now(), role, instance, port, op, args }
    parts.calls.push(made)
    strike('before', made)
    const result = await effect()
    strike('after', made)
    await delay(parts, process.signal)
    return result
  }

  const strike = (when: 'before' | 'after', made: SimCall) => {
    const error = parts.faults.strike(when, made)
    if (error instanceof SimCrash) kill()
    if (error !== undefined) throw error
  }

  /** The same port with every call guarded. */
  const guarded = <P extends object>(port: PortName, part: P): P =>
    new Proxy(part, {
      get: (_, op) => {
        const method: unknown = Reflect.get(part, op)
        if (typeof method !== 'function') return undefined
        return (...args: unknown[]) => call(port, String(op), args, () => Reflect.apply(method, part, args))
      },
    })

  /** What a killed process was still sending is never whole. */
  async function* whileAlive(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const part of body) {
      process.signal.throwIfAborted()
      yield part
    }
    process.signal.throwIfAborted()
  }

  const either = (signal: AbortSignal | undefined) => (signal ? AbortSignal.any([signal, process.signal]) : process.signal)
  const queue = guarded('queue', parts.queue)
  const objects = guarded('objects', parts.objects)
  const wrapped = (name: string, { id, body, receives, done, retry }: Delivery): Delivery => ({
    id,
    body,
    receives,
    done: () => call('queue', 'receive', [name, 'done', id], done),
    retry: (delayMs) => call('queue', 'receive', [name, 'retry', id, delayMs], () => retry(delayMs)),
  })

  return {
    role,
    clock: {
      now: () => parts.clock.now() + skewMs,
      sleep: (ms, signal) => parts.clock.sleep(ms, either(signal)),
    },
    compute: guarded('compute', parts.compute),
    queue: {
      send: (name, body) => queue.send(name, body),
      receive: async (name, options, signal) =>
        (await queue.receive(name, options, either(signal))).map((delivery) => wrapped(name, delivery)),
    },
    objects: {
      get: (bucket, key, options) => objects.get(bucket, key, options),
      head: (bucket, key) => objects.head(bucket, key),
      list: (bucket, prefix) => objects.list(bucket, prefix),
      delete: (bucket, key) => objects.delete(bucket, key),
      put: (bucket, key, body, options) => objects.put(bucket, key, body instanceof Uint8Array ? body : whileAlive(body), options),
    },
    ledger: guarded('ledger', parts.ledger),
    notices: guarded('notices', parts.notices),
    secrets: guarded('secrets', parts.secrets),
    signer: guarded('signer', {
      sign: async (key, bytes) => parts.keys.sign(role, key, bytes),
      publicKey: async (keyId) => parts.keys.publicKey(keyId),
    } satisfies Cloud['signer']),
    attestor: guarded('attestor', {
      prove: async (binding) => parts.attestor.prove(machine?.id ?? '', binding),
      verify: async (proof, binding) => parts.attestor.verify(proof, binding),
    } satisfies Cloud['attestor']),
    trail: guarded('trail', parts.trail),
    close: async () => undefined,
    kill,
    get killed() {
      return process.signal.aborted
    },
  }
}

/** Rejects when the process is dead, and takes a while when the world has latency. */
async function delay({ latencyMs, clock, random }: Parts, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  if (latencyMs > 0) await clock.sleep(random.below(latencyMs + 1), signal)
}

/** Arguments without the bytes in them. */
const describe = (args: readonly unknown[]): string =>
  printable(JSON.stringify(args.filter((arg) => !(arg instanceof Uint8Array))).slice(0, 300))
