/** A whole fleet in virtual time: the real intake, agent and reconciler over the simulated cloud, with scripted hosts and a key host that keeps books. */
import { randomUUID } from 'node:crypto'
import { type AgentEnd, runAgent } from '../../bastion-agent/agent.ts'
import { isCloudError } from '../../cloud/ports.ts'
import { sha256 } from '../../custody/canonical.ts'
import { LaunchKeys } from '../../custody/launch-keys.ts'
import { objectEventSchema } from '../../custody/messages.ts'
import { attemptFile, manifestKey, relayKey, sampleKey, sealKey } from '../../custody/names.ts'
import { type Limits, localLimits } from '../../fleet/limits.ts'
import { readJson } from '../../fleet/read-json.ts'
import { type RunRecord, readRun, type Worker } from '../../fleet/rows.ts'
import { ConfigureError, type Hosts } from '../../fleet/tools.ts'
import { type Intake, takeListing, takeObject } from '../../intake/intake.ts'
import { type SimCloud, type SimWorld, simWorld } from '../sim/cloud.ts'
import { SimCrash } from '../sim/faults.ts'

export interface VillageOptions {
  readonly seed?: number
  readonly samples?: number
  readonly limits?: Partial<Limits>
  readonly latencyMs?: number
  /** What a worker does instead of the whole way, by unit and attempt. */
  readonly script?: (unit: string, attempt: number) => Script
}

export type Script =
  | 'works'
  | 'refused-once'
  | 'dies'
  | 'hangs'
  | 'hangs-with-key' // never says that it runs
  | 'fails'
  | 'bad-manifest' // names a file that is not there
  | 'fails-but-published' // an earlier attempt's manifest came late
  | 'garbage-request'
  | 'no-challenge' // the key host gives no nonce
  | 'cannot-configure'
  | 'configures-for-ever'
  | 'key-host-hangs'
  | 'wrong-host-key'

export const RUN = '00000000-0000-4000-8000-000000000001'
export const sampleId = (index: number): string => `00000000-0000-4000-8000-${String(index + 100).padStart(12, '0')}`

export class Village {
  readonly world: SimWorld
  readonly limits: Limits
  readonly log: object[] = []
  /** Key releases by `job/attempt`, with the instance that got it. */
  readonly releases = new Map<string, string>()
  readonly problems: string[] = []
  /** Requests that reached the key host. */
  asked = 0
  /** The most workers' machines that lived at once. */
  most = 0
  readonly #options: VillageOptions
  readonly #locked = new Set<string>()
  readonly #started = new Set<string>()
  readonly #challenged = new Set<string>()
  readonly #expired = new Set<string>()
  #stop = new AbortController()

  constructor(options: VillageOptions = {}) {
    this.#options = options
    this.limits = { ...localLimits, ...options.limits }
    this.world = simWorld({ seed: options.seed ?? 1, latencyMs: options.latencyMs ?? 0 })
    this.world.compute.onLaunch = ({ id }) => {
      this.world.clock.at(this.world.clock.now() + 1_000, () => this.world.boot(id))
      const alive = [...this.world.compute.machines.values()].filter(({ state }) => state !== 'terminated').length
      this.most = Math.max(this.most, alive)
    }
  }

  /** Puts samples and seal as an owner would. */
  async submit(run = RUN, seal = true): Promise<void> {
    const owner = this.world.open('owner')
    const samples = this.#options.samples ?? 3
    for (let index = 0; index < samples; index += 1) {
      await this.#put(owner, sampleKey(run, sampleId(index)), Buffer.from(`ciphertext ${index}`))
    }
    if (seal) await this.#put(owner, sealKey(run, samples), new Uint8Array())
  }

  /** As an owner's tool does: a lost answer is asked for again, and what is there already is fine. */
  async #put(owner: SimCloud, key: string, bytes: Uint8Array): Promise<void> {
    for (;;) {
      const failure = await this.world.clock.until(
        owner.objects.put('input', key, bytes, { ifAbsent: true }).then(
          () => undefined,
          (error: unknown) => error,
        ),
      )
      if (failure === undefined || isCloudError(failure, 'PreconditionFailed')) return
    }
  }

  intake(): Intake {
    return {
      cloud: this.world.open('intake'),
      maxSampleBytes: this.limits.maxSampleBytes,
      nameHmac: (name) => sha256(`hmac ${name}`),
      newOp: randomUUID,
    }
  }

  /** Lets a Lambda take events and a schedule list, until `stop`. */
  async #runIntake(signal: AbortSignal, idle: () => void): Promise<void> {
    while (!signal.aborted) {
      const intake = this.intake()
      try {
        if ((await takeListing(intake)) === 0) idle()
        for (const delivery of await intake.cloud.queue.receive('events', { waitMs: 2_000, max: 10, visibilityMs: 30_000 }, signal)) {
          await takeObject(intake, objectEventSchema.parse(JSON.parse(delivery.body)))
          await delivery.done()
          await intake.cloud.queue.send('doorbell', 'ledger')
        }
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof SimCrash)) this.log.push({ event: 'intake failed', message: String(error) })
        await this.world.clock.sleep(500, signal).catch(() => undefined)
      }
    }
  }

  /** Starts an agent of its own opener; `crashed` settles when it ends or its process is killed. */
  agent(once = true): {
    readonly done: Promise<AgentEnd>
    readonly cloud: SimCloud
    readonly sweeper: SimCloud
    stop(): void
  } {
    const cloud = this.world.open('agent')
    const sweeper = this.world.open('sweeper')
    const stop = new AbortController()
    const keys = new LaunchKeys()
    let intakeIdle = false
    void this.#runIntake(this.#stop.signal, () => {
      intakeIdle = true
    })
    const done = runAgent(
      {
        cloud,
        sweeper,
        hosts: this.#hosts(keys),
        limits: this.limits,
        plan: {
          image: 'ami-1',
          walk: [
            { type: 'm7i.large', subnet: 'subnet-a' },
            { type: 'm7a.large', subnet: 'subnet-a' },
          ],
        },
        keys,
        intakeIdle: () => intakeIdle,
        log: (event) => this.log.push(event),
      },
      { once, stop: stop.signal },
    )
    return { done, cloud, sweeper, stop: () => stop.abort() }
  }

  /** Runs agents until one ends well; a killed one is followed by the next, as a supervisor would. Virtual time is bounded. */
  async runToQuiescence(limitMs = 1_200_000): Promise<void> {
    for (let agents = 0; agents < 40; agents += 1) {
      const agent = this.agent()
      const ended = agent.done.then(
        () => true,
        () => false,
      )
      const watched = Promise.race([ended, this.#killed(agent.cloud, agent.sweeper)])
      if ((await this.world.clock.until(watched, limitMs)) === true) break
      await this.world.clock.advance(500)
    }
    this.#stop.abort()
    await this.world.clock.advance(5_000)
  }

  /** One process holds both: when one is killed, so is the other. Settles after an hour at the latest. */
  async #killed(...clouds: readonly SimCloud[]): Promise<boolean> {
    for (let waited = 0; waited < 36_000 && !clouds.some(({ killed }) => killed); waited += 1) await this.world.clock.sleep(100)
    for (const cloud of clouds) cloud.kill()
    return false
  }

  /** Intake takes up its work again, after a story that ended. */
  again(): this {
    this.#stop = new AbortController()
    return this
  }

  async record(run = RUN): Promise<RunRecord> {
    const record = await readRun(this.world.ledger, run)
    if (record === undefined) throw new Error('no such run')
    return record
  }

  #script(worker: Worker): Script {
    return this.#options.script?.(worker.unit, worker.attempt) ?? 'works'
  }

  #hosts(keys: LaunchKeys): Hosts {
    const { clock, compute } = this.world
    return {
      configure: async (worker, _job, instance, signal) => {
        const script = this.#script(worker)
        if (keys.get(worker.id) === undefined) throw new ConfigureError('not-configured', 'no launch key')
        await clock.sleep(800, signal)
        if (script === 'configures-for-ever') await clock.sleep(3_600_000, signal)
        if (script === 'wrong-host-key') throw new ConfigureError('host-key-changed', 'somebody else answered')
        if (script === 'cannot-configure') throw new ConfigureError('not-configured', 'the playbook failed')
        if (compute.machine(instance.id).state !== 'running') throw new ConfigureError('not-configured', 'the connection was lost')
        if (this.#started.has(instance.id)) return
        this.#started.add(instance.id)
        void this.world.run(instance.id, (cloud) => this.#work(cloud, worker, instance.id, script)).catch(() => undefined)
      },
      lock: async (_worker, instance) => {
        await clock.sleep(200)
        this.#locked.add(instance.id)
      },
      askKeyHost: async (request, signal) => {
        const asked = request as unknown as KeyRequest
        this.asked += 1
        await clock.sleep(100, signal)
        const script = asked.op === 'challenge' ? this.#options.script?.(asked.signed.ticket.unit, asked.attempt) : undefined
        if (script === 'key-host-hangs') await clock.sleep(3_600_000, signal)
        if (script === 'no-challenge') return { refused: 'unavailable', message: 'not now' }
        return this.#keyHost(asked)
      },
    }
  }

  #keyHost(request: KeyRequest): unknown {
    if (request.op === 'challenge') {
      const nonce = this.world.random.bytes(32).toString('base64')
      const { ticket } = request.signed
      if (this.#options.script?.(ticket.unit, request.attempt) === 'refused-once' && !this.#challenged.has(ticket.unit))
        this.#expired.add(nonce)
      this.#challenged.add(ticket.unit)
      return { nonce, expires: this.world.clock.now() + 120_000 }
    }
    const { job, attempt, instance, nonce } = request.ctx
    if (this.#expired.has(nonce)) return { refused: 'nonce-expired', message: 'too late' }
    const subject = `${job}/${attempt}`
    const before = this.releases.get(subject)
    if (before !== undefined && before !== instance) {
      this.problems.push(`a second release for ${subject}`)
      return { refused: 'released-to-another', message: 'no' }
    }
    for (const [other, holder] of this.releases) {
      const alive = this.world.compute.machine(holder).state === 'running'
      if (other.startsWith(`${job}/`) && other !== subject && alive) this.problems.push(`${subject} was asked for while ${other} lives`)
    }
    this.releases.set(subject, instance)
    const key = { fingerprint: 'a'.repeat(40), armored: 'key' }
    const box = { epk: 'AAAA', iv: 'AAAA', ciphertext: 'AAAA' }
    return {
      body: { v: 1, ctx: request.ctx, box, audit: { seq: 1, hash: 'a'.repeat(64) }, owner: key, homer: key },
      by: { keyId: 'answer', signature: 'AAAA' },
    }
  }

  /** A worker's way, as the relay and the buckets see it. */
  async #work(cloud: SimCloud, worker: Worker, instance: string, script: string): Promise<void> {
    const { run, unit, job, attempt } = worker
    const { clock, objects } = cloud
    const relay = (name: 'challenge' | 'request' | 'answer' | 'beat' | 'end') => relayKey(job, attempt, name)
    const say = (name: 'request' | 'beat' | 'end', value: object) =>
      objects.put('ancillary', relay(name), Buffer.from(JSON.stringify(value)))
    while (!this.#locked.has(instance)) await clock.sleep(100)
    const hash = 'b'.repeat(64)
    const read = async (name: 'challenge' | 'answer') =>
      (await readJson(objects, 'ancillary', relay(name))) as { nonce?: string; refused?: string } | undefined
    for (let nonce: string | undefined, answer: { refused?: string } | undefined; answer === undefined || answer.refused !== undefined; ) {
      const used = nonce
      while (nonce === used) {
        await clock.sleep(200)
        nonce = (await read('challenge'))?.nonce
      }
      if (script === 'garbage-request') {
        await objects.put('ancillary', relay('request'), Buffer.from('{"op":'))
        await clock.sleep(10 * 3_600_000)
      }
      await say('request', { op: 'release', ctx: { v: 1, job, attempt, instance, nonce, wpkHash: hash, pkeskHash: hash } })
      await cloud.queue.send('doorbell', 'relay')
      const before = await objects.head('ancillary', relay('answer'))
      while ((await objects.head('ancillary', relay('answer')))?.version === before?.version) await clock.sleep(200)
      answer = await read('answer')
    }
    if (script === 'hangs-with-key') await clock.sleep(10 * 3_600_000)
    await say('beat', { seq: 1, stage: 'running', at: clock.now() })
    await clock.sleep(1_000)
    if (script === 'dies') return
    if (script === 'hangs') await clock.sleep(10 * 3_600_000)
    if (script === 'fails') {
      await say('end', { outcome: 'failed', class: 'pipeline-crash' })
      return
    }
    await say('beat', { seq: 2, stage: 'running', at: clock.now() })
    const file = attemptFile(run, unit, attempt, 1)
    const bytes = Buffer.from(`result of ${unit}`)
    if (script !== 'bad-manifest') await objects.put('output', file, bytes)
    const manifest = {
      ...{ v: 1, run, unit, job, attempt, instance, ownerFingerprint: 'a'.repeat(40) },
      audit: { seq: 1, hash: 'a'.repeat(64) },
      files: [{ key: file, size: bytes.length, sha256: sha256(bytes) }],
    }
    try {
      await objects.put('output', manifestKey(run, unit), Buffer.from(JSON.stringify(manifest)), { ifAbsent: true })
    } catch (error) {
      if (!isCloudError(error, 'PreconditionFailed')) throw error
    }
    if (script === 'fails-but-published') await say('end', { outcome: 'failed', class: 'pipeline-crash' })
    await cloud.queue.send('doorbell', 'done')
    if (script !== 'fails-but-published') await say('end', { outcome: 'published' })
  }
}

interface KeyRequest {
  readonly op: 'challenge' | 'release'
  readonly signed: { readonly ticket: { readonly unit: string } }
  readonly attempt: number
  readonly ctx: { readonly job: string; readonly attempt: number; readonly instance: string; readonly nonce: string }
}
