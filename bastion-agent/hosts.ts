/** The agent's way to hosts: playbooks for workers, one forced command for the key host. */
import { connect } from 'node:net'
import type { Clock, Compute, Instance, Json } from '../cloud/ports.ts'
import type { LaunchKeys } from '../custody/launch-keys.ts'
import { printable } from '../custody/names.ts'
import type { Limits } from '../fleet/limits.ts'
import type { Job, Worker } from '../fleet/rows.ts'
import { ConfigureError, type Hosts } from '../fleet/tools.ts'
import { lock, worker as workerPlaybook } from '../playbooks/worker.ts'
import { askForcedCommand } from '../runner/connections/forced.ts'
import { sshConnector } from '../runner/connections/ssh.ts'
import type { Host, Plain, Schema } from '../runner/contract.ts'
import { runPlaybook } from '../runner/engine/run.ts'
import { HostKeyMismatch } from '../runner/errors.ts'
import type { Report } from '../runner/events.ts'
import type { Playbook } from '../runner/playbook.ts'
import { Secret } from '../runner/secret.ts'

/** Where a pipeline's files lie on this host, and what they are called on the worker. */
export interface PipelineFile {
  readonly from: string
  /** Path under `pipeline/` of the worker's home. */
  readonly to: string
  readonly executable: boolean
}

export interface HostsOptions {
  readonly compute: Pick<Compute, 'hostKey'>
  readonly clock: Clock
  readonly keys: LaunchKeys
  readonly limits: Limits
  /** The bundled worker program. */
  readonly program: string
  readonly pipeline: readonly PipelineFile[]
  /** Executables, by kind of job, among `pipeline`. */
  readonly entry: { readonly [K in Job['kind']]: string }
  /** Where everything of a worker hangs under. */
  workerHome(instance: string): string
  /** How the worker opens its cloud. */
  readonly cloud: Json
  /** The key host's door as it is now, and the key that it accepts. */
  keyHost(): Promise<{ readonly host: string; readonly port: number; readonly hostKey: string; readonly privateKey: string }>
  readonly report: Report
}

const connectMs = 15_000
const commandMs = 60_000
const keyHostMs = 30_000
/** How long a door may take to shut after it was told to. */
const shutMs = 5_000
const hostKeyPollMs = 500

/** Hosts as the agent reaches them, all over SSH with pinned keys. */
export function agentHosts(options: HostsOptions): Hosts {
  const run = async <V extends Schema>(
    playbook: Playbook<V>,
    worker: Worker,
    instance: Instance,
    vars: Record<string, Plain>,
    signal: AbortSignal,
  ) => {
    const host = await pinnedHost(options, worker, instance, signal)
    const connector = sshConnector({ connectMs, commandMs })
    const { hosts } = await runPlaybook({
      playbook,
      hosts: [host],
      vars,
      connector,
      report: options.report,
      signal,
      mode: 'apply',
      forks: 1,
    })
    const { outcome, error, lastTask } = hosts[host.name] ?? { outcome: 'unreachable' }
    if (outcome === 'fine') return
    if (error instanceof HostKeyMismatch) throw new ConfigureError('host-key-changed', error.message, { cause: error })
    // The words may be the host's own.
    const words = printable(error?.message ?? outcome)
    throw new ConfigureError('not-configured', `${playbook.title}: ${lastTask ?? 'connecting'}: ${words}`, { cause: error })
  }
  return {
    async configure(worker, job, instance, signal) {
      const workerHome = options.workerHome(instance.id)
      const config = JSON.stringify(workerConfig(options, worker, job, instance))
      const pipeline = options.pipeline.map((file) => ({ ...file }))
      await run(workerPlaybook, worker, instance, { workerHome, program: options.program, pipeline, config }, signal)
    },
    async lock(worker, instance, signal) {
      await run(lock, worker, instance, { workerHome: options.workerHome(instance.id) }, signal)
      await doorShut(options.clock, instance, signal)
    },
    async askKeyHost(request, signal) {
      const { host, port, hostKey, privateKey } = await options.keyHost()
      const edgar: Host = {
        name: 'key-host',
        vars: {},
        connection: { kind: 'ssh', host, port, user: 'release', privateKey: new Secret(privateKey), hostKey },
      }
      return JSON.parse(
        await askForcedCommand(edgar, JSON.stringify(request), signal, { asking: 'release', connectMs, commandMs: keyHostMs }),
      )
    },
  }
}

/** The worker as a host of the inventory, pinned to the key that its cloud saw it boot with; that may come a little after its address. */
async function pinnedHost(options: HostsOptions, worker: Worker, instance: Instance, signal: AbortSignal): Promise<Host> {
  const key = options.keys.get(worker.id)
  if (key === undefined || instance.address === undefined) {
    throw new ConfigureError('not-configured', `${instance.id} has no ${key === undefined ? 'launch key here' : 'address'}`)
  }
  let hostKey = await options.compute.hostKey(instance.id)
  for (; hostKey === undefined; hostKey = await options.compute.hostKey(instance.id)) await options.clock.sleep(hostKeyPollMs, signal)
  const { host, port } = instance.address
  return {
    name: worker.id,
    vars: {},
    connection: { kind: 'ssh', host, port, user: 'skep', privateKey: new Secret(key.privateKey), hostKey },
  }
}

/** What the worker is told. It holds no secret: whoever reads it learns ids and limits. */
function workerConfig(options: HostsOptions, worker: Worker, job: Job, instance: Instance): Json {
  const { limits } = options
  const workerHome = options.workerHome(instance.id)
  return {
    cloud: options.cloud,
    instance: instance.id,
    signed: job.signed as unknown as Json,
    attempt: worker.attempt,
    door: { host: instance.address?.host ?? '', port: instance.address?.port ?? 0 },
    lockedFile: `${workerHome}/run/locked`,
    pipeline: `${workerHome}/pipeline/${options.entry[worker.kind]}`,
    reference: `${workerHome}/pipeline/reference`,
    beatMs: limits.beatMs,
    pollMs: Math.min(250, limits.beatMs),
    lockTimeoutMs: limits.configureMs,
    keyTimeoutMs: limits.keyMs,
    pipelineTimeoutMs: limits.pipelineMs,
    maxInputBytes: limits.maxSampleBytes * 4,
    maxOutputBytes: limits.maxSampleBytes * 4,
  }
}

/** Sees for itself that nobody can log in any more: the address refuses connections. */
async function doorShut(clock: Clock, { id, address }: Instance, signal: AbortSignal): Promise<void> {
  if (address === undefined) return
  for (const deadline = clock.now() + shutMs; clock.now() < deadline; await clock.sleep(50, signal)) {
    if (!(await answers(address.host, address.port))) return
  }
  throw new ConfigureError('not-configured', `${id}: its SSH door still answers ${shutMs} ms after it was told to shut`)
}

const answers = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port })
    const end = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket.setTimeout(1_000, () => end(true))
    socket.once('connect', () => end(true))
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code !== 'ECONNREFUSED'))
  })
