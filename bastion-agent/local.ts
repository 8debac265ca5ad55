/** The agent of a local cloud: this machine is the bastion, and the key host and intake run as services beside it. */
import { join } from 'node:path'
import { diskOf, layout } from '../cloud/local/layout.ts'
import { openLocal } from '../cloud/local/open.ts'
import { startKeyHostDoor, startService } from '../cloud/local/services.ts'
import type { Json } from '../cloud/ports.ts'
import { LaunchKeys } from '../custody/launch-keys.ts'
import { makeSshKey } from '../custody/ssh-keys.ts'
import { localLimits } from '../fleet/limits.ts'
import { type AgentEnd, type AgentOrders, runAgent } from './agent.ts'
import { agentHosts, type PipelineFile } from './hosts.ts'
import { buildRelease, type Release } from './release.ts'

export interface LocalAgent {
  /** Absolute. */
  readonly dir: string
  /** Workers at once. */
  readonly workers: number
  /** What happens, for a log: ids, states and reasons only. */
  log(event: { readonly [field: string]: Json }): void
}

const intakeProgram = join(import.meta.dirname, '..', 'intake', 'main.ts')
const serviceEnv = (dir: string) => ({ PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C', SKEP_CLOUD: dir })

/** Runs the agent with its services until told to stop or, with `once`, until quiescent; stops what it started. */
export async function runLocalAgent({ dir, workers, log }: LocalAgent, orders: AgentOrders): Promise<AgentEnd> {
  const release = await buildRelease(layout(dir).release)
  const limits = { ...localLimits, workers }
  const machine = [process.execPath, fileOf(release, 'machine.mjs')]
  const cloud = await openLocal(dir, 'agent', { machine })
  const sweeper = await openLocal(dir, 'sweeper')
  const keys = new LaunchKeys()
  const own = makeSshKey()
  const onDeath = (how: string) => log({ event: 'service', message: how })
  const program = [process.execPath, fileOf(release, 'key-host.mjs'), dir]
  const door = startKeyHostDoor(dir, { authorizedKey: own.publicKey, program, onDeath })
  let intakeIdle = false
  const intake = startService({
    name: 'intake',
    argv: [process.execPath, intakeProgram, dir, String(limits.maxSampleBytes)],
    env: serviceEnv(dir),
    log: join(layout(dir).logs, 'intake.log'),
    onLine: () => {
      intakeIdle = true
    },
    onDeath,
  })
  const hosts = agentHosts({
    ...{ compute: cloud.compute, clock: cloud.clock, keys, limits },
    program: fileOf(release, 'worker.mjs'),
    pipeline: pipelineFiles(release),
    entry: { sample: 'sample.mjs', consolidate: 'consolidate.mjs' },
    workerHome: (instance) => diskOf(dir, instance),
    cloud: { kind: 'local', dir },
    keyHost: async () => ({ ...(await door.address()), privateKey: own.privateKey }),
    report: (event) => log({ event: 'playbook', ...playbookEvent(event) }),
  })
  const plan = { image: 'local', walk: [{ type: 'local', subnet: 'local' }] }
  try {
    return await runAgent({ cloud, sweeper, hosts, limits, plan, keys, intakeIdle: () => intakeIdle, log }, orders)
  } finally {
    await Promise.all([door.stop(), intake.stop()])
    await Promise.all([cloud.close(), sweeper.close()])
  }
}

function fileOf(release: Release, name: string): string {
  const file = release.files.find((candidate) => candidate.name === name)
  if (file === undefined) throw new Error(`the release in ${release.dir} has no ${name}`)
  return file.path
}

const vitals = 'pipelines/vitals/'

const pipelineFiles = (release: Release): readonly PipelineFile[] =>
  release.files
    .filter(({ name }) => name.startsWith(vitals))
    .map(({ name, path }) => ({ from: path, to: name.slice(vitals.length), executable: name.endsWith('.mjs') }))

/** Of a playbook's event, what the log keeps: which task did what on which worker, never values. */
const playbookEvent = (event: {
  readonly type: string
  readonly host?: string
  readonly task?: unknown
}): { readonly [field: string]: Json } => ({
  type: event.type,
  ...(event.host === undefined ? {} : { worker: event.host }),
  ...(typeof event.task === 'string' ? { task: event.task } : {}),
})
