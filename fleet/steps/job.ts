/** A job's way: taken on, configured, accepted, failed or tried again. */

import type { Instance } from '../../cloud/ports.ts'
import { appendAudit } from '../../custody/audit.ts'
import { digest } from '../../custody/canonical.ts'
import { type FailureClass, manifestSchema } from '../../custody/messages.ts'
import { attemptFile, manifestKey } from '../../custody/names.ts'
import { readJson } from '../read-json.ts'
import { type DoomReason, type Job, moveJob, moveWorker, put, type Stored, stored, sweepWorker, type Worker } from '../rows.ts'
import { ConfigureError, type Tools } from '../tools.ts'

/** Taken on: from now on it waits for a worker. */
export async function enqueue(tools: Tools, job: Stored<Job>): Promise<void> {
  await tools.commit([put(job, moveJob(job.value, 'QUEUED', tools.cloud.clock.now()))])
}

/** Configures the worker over SSH, then locks it. A READY worker whose lock was lost is configured again: the playbook is idempotent. */
export async function configure(tools: Tools, worker: Stored<Worker>, job: Stored<Job>, instance: Instance): Promise<void> {
  const { clock } = tools.cloud
  const left = tools.limits.configureMs - (clock.now() - worker.value.stageAt)
  const [late, over] = [new AbortController(), new AbortController()]
  clock.sleep(left, over.signal).then(
    () => late.abort(new Error('it took longer than its limit')),
    () => undefined,
  )
  const signal = AbortSignal.any([tools.signal, late.signal])
  try {
    await tools.hosts.configure(worker.value, job.value, instance, signal)
    const ready = moveWorker(worker.value, 'READY', clock.now())
    const readyJob = moveJob(job.value, 'READY', clock.now())
    if (!(await tools.commit([put(worker, ready), put(job, readyJob)]))) return
    await tools.hosts.lock(ready, instance, signal)
    tools.keys.forget(worker.value.id)
    await appendAudit(tools.cloud, 'agent', { ev: 'worker.locked', op: `locked/${worker.value.id}`, ...subject(worker.value) })
    const now = clock.now()
    await tools.commit([
      put({ ...worker, rev: worker.rev + 1 }, moveWorker(ready, 'LOCKED', now)),
      put({ ...job, rev: job.rev + 1 }, moveJob(readyJob, 'LOCKED', now)),
    ])
  } catch (error) {
    if (tools.signal.aborted) return // we broke off, so the worker is not at fault
    const why = late.signal.aborted ? 'too-slow' : error instanceof ConfigureError ? error.why : undefined
    if (why === undefined) throw error
    tools.log({ event: 'not configured', worker: worker.value.id, why, message: error instanceof Error ? error.message : String(error) })
    await doomFresh(tools, worker, why)
  } finally {
    over.abort()
  }
}

/** Dooms a worker whose row this very step may have written once; when somebody else wrote it since, it is left alone. */
async function doomFresh(tools: Tools, worker: Stored<Worker>, why: DoomReason): Promise<void> {
  const row = await tools.cloud.ledger.get(worker.pk, worker.sk)
  if (row === undefined || row.rev > worker.rev + 1) return
  const now = stored<Worker>(row)
  if (now.value.sweep === 'NONE') await tools.commit([put(now, sweepWorker(now.value, 'DOOMED', tools.cloud.clock.now(), { why }))])
}

/** The worker's heartbeat, kept under the agent's own clock. */
export async function beat(tools: Tools, worker: Stored<Worker>, job: Stored<Job>, seq: number, running: boolean): Promise<void> {
  const now = tools.cloud.clock.now()
  const heard = { beat: { seq, seenAt: now } }
  if (worker.value.stage === 'KEYED' && running) {
    await tools.commit([put(worker, moveWorker(worker.value, 'RUNNING', now, heard)), put(job, moveJob(job.value, 'RUNNING', now))])
  } else await tools.commit([put(worker, { ...worker.value, ...heard })])
}

/** A manifest is there: the result is looked at, and the job is done. A manifest that does not hold is no result. */
export async function accept(tools: Tools, job: Stored<Job>, worker: Stored<Worker> | undefined): Promise<void> {
  const { clock, objects } = tools.cloud
  const { run, unit } = job.value
  const manifest = manifestSchema.safeParse(await readJson(objects, 'output', manifestKey(run, unit))).data
  const sound = manifest !== undefined && manifest.job === job.value.job && manifest.unit === unit && manifest.run === run
  const heads = sound
    ? await Promise.all(manifest.files.map((file, index) => checkFile(tools, job.value, manifest.attempt, index + 1, file)))
    : []
  const now = clock.now()
  if (!sound || heads.includes(false)) {
    tools.log({ event: 'result refused', job: job.value.job, message: 'the manifest does not fit its job or its files' })
    await tools.commit([put(job, moveJob(job.value, 'FAILED', now, { class: 'refused' }))])
    return
  }
  let uploaded = job
  if (job.value.state !== 'UPLOADED') {
    const next = moveJob(job.value, 'UPLOADED', now)
    const puts = [put(job, next)]
    if (worker !== undefined && worker.value.sweep === 'NONE') puts.push(put(worker, moveWorker(worker.value, 'UPLOADED', now)))
    if (!(await tools.commit(puts))) return
    uploaded = { ...job, rev: job.rev + 1, value: next }
  }
  const { attempt, files, instance } = manifest
  await appendAudit(tools.cloud, 'agent', {
    ev: 'result.accepted',
    op: `accepted/${job.value.job}`,
    job: job.value.job,
    run,
    unit,
    attempt,
    instance,
    manifest: digest(manifest),
  })
  await tools.commit([put(uploaded, moveJob(uploaded.value, 'DONE', clock.now(), { result: { attempt, files: files.length } }))])
}

async function checkFile(tools: Tools, job: Job, attempt: number, index: number, file: { key: string; size: number }): Promise<boolean> {
  if (file.key !== attemptFile(job.run, job.unit, attempt, index)) return false
  return (await tools.cloud.objects.head('output', file.key))?.size === file.size
}

/** The worker says that this sample can have no result; the class tells the data owner why. */
export async function fail(tools: Tools, job: Stored<Job>, failure: FailureClass): Promise<void> {
  await tools.commit([put(job, moveJob(job.value, 'FAILED', tools.cloud.clock.now(), { class: failure }))])
}

/** The attempt is over. The job waits for another one, unless too many ended by a fault. */
export async function retry(tools: Tools, job: Stored<Job>, worker: Stored<Worker>): Promise<void> {
  const why = worker.value.why ?? 'died'
  const faults = job.value.faults + (why === 'interrupted' ? 0 : 1)
  const now = tools.cloud.clock.now()
  const next =
    faults >= tools.limits.faults
      ? moveJob(job.value, 'FAILED', now, { faults, class: 'attempts' }, why)
      : moveJob({ ...job.value, worker: null }, 'QUEUED', now, { faults }, why)
  await tools.commit([put(job, next)])
}

/** Who an audit record is about. */
export const subject = (worker: Worker) => ({
  job: worker.job,
  run: worker.run,
  unit: worker.unit,
  attempt: worker.attempt,
  ...(worker.instance === null ? {} : { instance: worker.instance }),
})
