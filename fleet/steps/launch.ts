/** From QUEUED to LAUNCHED: intent first, then the call, replayed verbatim until its outcome is known. */
import { CloudError, type Launch } from '../../cloud/ports.ts'
import { digest } from '../../custody/canonical.ts'
import { type Job, moveJob, moveWorker, put, type Stored, sweepWorker, toBody, type Worker, workerSort } from '../rows.ts'
import type { Tools } from '../tools.ts'

/** Writes the intent: the worker's row with everything the launch call will say, and the job LAUNCHING. */
export async function launch(tools: Tools, job: Stored<Job>): Promise<void> {
  const now = tools.cloud.clock.now()
  const attempt = job.value.attempt + 1
  const id = `w-${job.value.job.slice(0, 12)}-${attempt}`
  const key = tools.keys.make(id)
  const worker = newWorker(tools, job.value, id, attempt, key.publicKey, now)
  const applied = await tools.commit([
    put(job, moveJob(job.value, 'LAUNCHING', now, { attempt, worker: id })),
    { pk: job.pk, sk: workerSort(id), ifRev: 0, body: toBody(worker) },
  ])
  if (!applied) tools.keys.forget(id)
}

function newWorker(tools: Tools, job: Job, id: string, attempt: number, sshPublicKey: string, now: number): Worker {
  return {
    id,
    kind: job.kind,
    run: job.run,
    unit: job.unit,
    job: job.job,
    attempt,
    walk: 0,
    launch: launchRequest(tools, job, id, attempt, 0, JSON.stringify({ sshPublicKey, lifetimeMs: tools.limits.lifetimeMs })),
    instance: null,
    stage: 'LAUNCHING',
    stageAt: now,
    sweep: 'NONE',
    sweepAt: 0,
    why: null,
    beat: null,
    receipt: null,
    history: [{ state: 'launching', at: now }],
  }
}

function launchRequest(tools: Tools, job: Job, id: string, attempt: number, walk: number, userData: string): Launch {
  const { ticket } = job.signed
  const tags: Record<string, string> = { job: job.job, run: job.run, unit: job.unit, attempt: String(attempt), worker: id, kind: job.kind }
  if (ticket.kind === 'sample') tags['object'] = ticket.object.key
  return at(tools, walk, { image: tools.plan.image, type: 'local', subnet: 'local', userData, tags })
}

/** The launch at a position of the walk. Its token is the hash of all that the call says, so equal tokens mean equal calls. */
function at({ plan }: Tools, walk: number, { image, type, subnet, userData, tags }: Omit<Launch, 'token'>): Launch {
  const place = plan.walk[walk % plan.walk.length] ?? { type, subnet }
  const request = { image, type: place.type, subnet: place.subnet, userData, tags }
  return { token: digest({ walk, ...request }), ...request }
}

/** Sends the launch that the row holds. Safe to repeat: same token, same parameters, one instance. */
export async function start(tools: Tools, worker: Stored<Worker>, job: Stored<Job>): Promise<void> {
  const { clock, compute } = tools.cloud
  await tools.limiter.take(tools.signal)
  try {
    const instance = await compute.launch(worker.value.launch)
    const now = clock.now()
    const launched = moveWorker(worker.value, 'LAUNCHED', now, { instance: instance.id })
    await tools.commit([put(worker, launched), put(job, moveJob(job.value, 'LAUNCHED', now))])
    tools.log({ event: 'launched', worker: worker.value.id, instance: instance.id })
  } catch (error) {
    await refused(tools, worker, error)
  }
}

/** What a launch's errors mean: walk on, wait and repeat, or let this worker go. */
async function refused(tools: Tools, worker: Stored<Worker>, error: unknown): Promise<void> {
  if (!(error instanceof CloudError)) throw error
  tools.log({ event: 'launch refused', worker: worker.value.id, code: error.code, message: error.message })
  const now = tools.cloud.clock.now()
  switch (error.code) {
    case 'Unavailable': // may have happened: the same call again at the next tick
      return
    case 'InsufficientInstanceCapacity': {
      // A definite no for this place; the next one gets a token of its own.
      const walk = worker.value.walk + 1
      const next = { ...worker.value, walk, launch: at(tools, walk, worker.value.launch) }
      await tools.commit([put(worker, next)])
      return
    }
    default: // terminated under this token, mismatch, denied or invalid: this worker will never be
      await tools.commit([put(worker, sweepWorker(worker.value, 'DOOMED', now, { why: 'launch-refused' }))])
  }
}
