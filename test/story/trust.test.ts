import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runAgent } from '../../bastion-agent/agent.ts'
import { agentHosts } from '../../bastion-agent/hosts.ts'
import { buildRelease } from '../../bastion-agent/release.ts'
import { diskOf, layout } from '../../cloud/local/layout.ts'
import { openLocal } from '../../cloud/local/open.ts'
import { startKeyHostDoor, startService } from '../../cloud/local/services.ts'
import type { Cloud, Compute, Instance } from '../../cloud/ports.ts'
import { LaunchKeys } from '../../custody/launch-keys.ts'
import { makeSshKey } from '../../custody/ssh-keys.ts'
import { localLimits } from '../../fleet/limits.ts'
import { type RunRecord, readRun } from '../../fleet/rows.ts'
import type { Hosts } from '../../fleet/tools.ts'
import { newStage, project, type Stage } from './stage.ts'
import { tree } from './tree.ts'

/** What is wrong with the first worker of each of two samples. */
const FIRST = ['its recorded host key is another', 'somebody else answers at its address'] as const
type Way = (typeof FIRST)[number] | 'all is well'

interface Try {
  readonly stage: string | undefined
  readonly outcome: string
}

let stage: Stage
let run: string
let record: RunRecord
let end: string
const log: object[] = []
/** What became of logins with the launch key: while the worker is configured, and once its row says LOCKED. */
const open: Try[] = []
const locked: Try[] = []
/** What lay on the disk of the first worker whose host key is another, when its end came. */
let onDisk: readonly string[] | undefined
/** What the one who answered at a worker's address got to see. */
const rogue = { connections: 0, logins: 0, sessions: 0 }

beforeAll(async () => {
  stage = newStage()
  await stage.skep(['key', 'init', '--dir', stage.dir])
  await stage.skep(['synth', '--patients', '2', '--visits', '20', '-o', join(stage.tmp, 'study')])
  const files = ['001', '002'].map((number) => join(stage.tmp, 'study', 'samples', `sample-${number}.csv`))
  const submitted = await stage.skep(['submit', ...files, '--dir', stage.dir])
  run = submitted.stdout.trim()
  await work()
}, 180_000)
afterAll(() => stage.dispose(), 30_000)

/** The agent of a local cloud, put together as the command does, but for what is decorated here. */
async function work(): Promise<void> {
  const { dir } = stage
  const release = await buildRelease(layout(dir).release)
  const fileOf = (name: string): string => join(release.dir, name)
  const [cloud, sweeper] = [
    await openLocal(dir, 'agent', { machine: [process.execPath, fileOf('machine.mjs')] }),
    await openLocal(dir, 'sweeper'),
  ]
  const keys = new LaunchKeys()
  const own = makeSshKey()
  const door = startKeyHostDoor(dir, { authorizedKey: own.publicKey, program: [process.execPath, fileOf('key-host.mjs'), dir] })
  let intakeIdle = false
  const intake = startService({
    name: 'intake',
    argv: [process.execPath, join(project, 'intake', 'main.ts'), dir, String(localLimits.maxSampleBytes)],
    env: { PATH: '/usr/bin:/bin', SKEP_CLOUD: dir },
    log: join(layout(dir).logs, 'intake.log'),
    onLine: () => {
      intakeIdle = true
    },
  })
  const impostor = await startImpostor()
  const ways = new Map<string, Way>()
  const compute = disturbed(cloud, ways, impostor.port)
  const limits = { ...localLimits, workers: 2 }
  const hosts = agentHosts({
    ...{ compute, clock: cloud.clock, keys, limits },
    program: fileOf('worker.mjs'),
    pipeline: release.files
      .filter(({ name }) => name.startsWith('pipelines/vitals/'))
      .map(({ name, path }) => ({ from: path, to: name.slice('pipelines/vitals/'.length), executable: name.endsWith('.mjs') })),
    entry: { sample: 'sample.mjs', consolidate: 'consolidate.mjs' },
    workerHome: (instance) => diskOf(dir, instance),
    cloud: { kind: 'local', dir },
    keyHost: async () => ({ ...(await door.address()), privateKey: own.privateKey }),
    report: () => undefined,
  })
  const plan = { image: 'local', walk: [{ type: 'local', subnet: 'local' }] }
  try {
    const parts = {
      cloud: { ...cloud, compute },
      sweeper: { ...sweeper, compute: watchedEnd(sweeper.compute, ways) },
      hosts: tried(hosts, cloud, keys),
      ...{ limits, plan, keys, intakeIdle: () => intakeIdle, log: (event: object) => log.push(event) },
    }
    end = await runAgent(parts, { once: true, stop: AbortSignal.timeout(150_000) })
    const found = await readRun(cloud.ledger, run)
    if (found === undefined) throw new Error('the ledger does not know the run')
    record = found
  } finally {
    impostor.close()
    await Promise.all([door.stop(), intake.stop()])
    await Promise.all([cloud.close(), sweeper.close()])
  }
}

/** The first instances of the first two samples are not who they were when they booted. */
function disturbed({ compute }: Cloud, ways: Map<string, Way>, impostor: number): Compute {
  const samples: string[] = []
  const wayOf = ({ id, tags }: Instance): Way => {
    if (tags['kind'] !== 'sample' || tags['attempt'] !== '1') return 'all is well'
    const unit = tags['unit'] ?? ''
    if (!samples.includes(unit)) samples.push(unit)
    const way = FIRST[samples.indexOf(unit)] ?? 'all is well'
    ways.set(id, way)
    return way
  }
  return {
    launch: (request) => compute.launch(request),
    terminate: (instance) => compute.terminate(instance),
    remains: (instance) => compute.remains(instance),
    hostKey: async (instance) => {
      const recorded = await compute.hostKey(instance)
      return ways.get(instance) === 'its recorded host key is another' ? makeSshKey().publicKey : recorded
    },
    describe: async () =>
      (await compute.describe()).map((instance) =>
        wayOf(instance) === 'somebody else answers at its address' && instance.address !== undefined
          ? { ...instance, address: { ...instance.address, port: impostor } }
          : instance,
      ),
  }
}

/** Looks at the disk of a worker with another host key just before it is ended. */
function watchedEnd(compute: Compute, ways: ReadonlyMap<string, Way>): Compute {
  return {
    launch: (request) => compute.launch(request),
    describe: () => compute.describe(),
    hostKey: (instance) => compute.hostKey(instance),
    remains: (instance) => compute.remains(instance),
    terminate: async (instance) => {
      if (ways.get(instance) === 'its recorded host key is another') onDisk ??= tree(diskOf(stage.dir, instance)).map(({ path }) => path)
      await compute.terminate(instance)
    },
  }
}

/** Lets in whoever comes, and counts what they bring. */
async function startImpostor(): Promise<{ readonly port: number; close(): void }> {
  const ssh = new ssh2.Server({ hostKeys: [makeSshKey().privateKey] }, (client) => {
    client.on('error', () => undefined)
    client.on('authentication', (context) => {
      rogue.logins += 1
      context.accept()
    })
    client.on('session', () => {
      rogue.sessions += 1
    })
  })
  const server = createServer((socket) => {
    rogue.connections += 1
    socket.on('error', () => undefined)
    ssh.injectSocket(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, close: () => server.close() }
}

/** Keeps each launch key that the agent used, and tries it once the worker is locked: when the key host is asked for it. */
function tried(hosts: Hosts, { ledger, compute }: Cloud, keys: LaunchKeys): Hosts {
  const kept = new Map<string, { readonly privateKey: string; readonly address: { host: string; port: number }; readonly worker: string }>()
  const stageOf = async (worker: string): Promise<string | undefined> => {
    const row = await ledger.get(`run#${run}`, `worker#${worker}`)
    return row === undefined ? undefined : String(row.body['stage'])
  }
  return {
    async configure(worker, job, instance, signal) {
      await hosts.configure(worker, job, instance, signal)
      const key = keys.get(worker.id)
      if (key === undefined || instance.address === undefined) return
      kept.set(instance.id, { privateKey: key.privateKey, address: { ...instance.address }, worker: worker.id })
      open.push({ stage: await stageOf(worker.id), outcome: await login(instance.address, key.privateKey) })
    },
    lock: (worker, instance, signal) => hosts.lock(worker, instance, signal),
    async askKeyHost(request, signal) {
      const asked = typeof request === 'object' && request !== null && 'instance' in request ? String(request['instance']) : ''
      const known = kept.get(asked)
      if (known !== undefined) {
        const alive = (await compute.describe()).some(({ id, state }) => id === asked && state === 'running')
        if (alive) locked.push({ stage: await stageOf(known.worker), outcome: await login(known.address, known.privateKey) })
      }
      return hosts.askKeyHost(request, signal)
    },
  }
}

/** `in`, or why not. */
async function login(address: { readonly host: string; readonly port: number }, privateKey: string): Promise<string> {
  const client = new ssh2.Client()
  try {
    return await new Promise((resolve) => {
      client.on('ready', () => resolve('in'))
      client.on('error', (error: Error & { readonly code?: string }) => resolve(error.code ?? error.message))
      client.connect({ ...address, username: 'skep', privateKey, readyTimeout: 5_000 })
    })
  } finally {
    client.destroy()
  }
}

test('the run ends COMPLETE all the same', () => {
  expect(end).toBe('quiescent')
  expect(record.run.value).toMatchObject({ state: 'COMPLETE', quiescent: true })
  expect(record.jobs.map(({ value }) => value.state)).toEqual(['DONE', 'DONE', 'DONE'])
})

describe('a worker whose host key is not the recorded one', () => {
  const wrong = () => record.workers.filter(({ value }) => value.why === 'host-key-changed').map(({ value }) => value)

  test('is stopped, and each sample goes on with a new one', () => {
    expect(wrong()).toHaveLength(2)
    for (const worker of wrong()) {
      expect(worker.history.map(({ state }) => state)).toEqual(['launching', 'launched', 'doomed', 'terminating', 'gone'])
      const job = record.jobs.find(({ value }) => value.unit === worker.unit)
      expect(job?.value).toMatchObject({ state: 'DONE', attempt: 2, faults: 1 })
    }
    expect(log).toContainEqual(expect.objectContaining({ event: 'not configured', why: 'host-key-changed' }))
  })

  test('is sent nothing: no login, no session, no file', () => {
    expect(rogue.connections).toBeGreaterThan(0)
    expect(rogue).toMatchObject({ logins: 0, sessions: 0 })
    expect(onDisk).toContain('machine/start')
    expect(onDisk?.filter((path) => /^(config\.json|pipeline|bin\/worker\.mjs|run\/.+)/.test(path))).toEqual([])
  })

  test('is told of in the audit chain', () => {
    const gone = readFileSync(layout(stage.dir).chain, 'utf8')
      .split('\n')
      .filter((line) => line.includes('worker.gone') && line.includes('host-key-changed'))
    expect(gone).toHaveLength(2)
  })
})

describe('the launch key', () => {
  test('opens the worker’s door while it is configured', () => {
    expect(open.length).toBeGreaterThanOrEqual(3)
    expect(new Set(open.map(({ stage: at, outcome }) => `${at}: ${outcome}`))).toEqual(new Set(['LAUNCHED: in']))
  })

  test('opens nothing any more once the worker is LOCKED, though it runs', () => {
    expect(locked.length).toBeGreaterThanOrEqual(3)
    expect(new Set(locked.map(({ stage: at, outcome }) => `${at}: ${outcome}`))).toEqual(new Set(['LOCKED: ECONNREFUSED']))
  })
})
