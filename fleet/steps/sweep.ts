/** The end of a worker, with proof: doomed, terminating, gone. */

import type { Instance } from '../../cloud/ports.ts'
import { appendAudit } from '../../custody/audit.ts'
import { parseIncoming, relayPrefix, sampleKey, unitPrefix } from '../../custody/names.ts'
import { type DoomReason, type Job, put, type Receipt, type Stored, sweepWorker, type Worker } from '../rows.ts'
import type { Tools } from '../tools.ts'
import { subject } from './job.ts'

/** Decides its end, and why. */
export async function doom(tools: Tools, worker: Stored<Worker>, why: DoomReason): Promise<void> {
  tools.log({ event: 'doomed', worker: worker.value.id, why })
  await tools.commit([put(worker, sweepWorker(worker.value, 'DOOMED', tools.cloud.clock.now(), { why }))])
}

/** It was only silent, and spoke again. */
export async function spare(tools: Tools, worker: Stored<Worker>): Promise<void> {
  const now = tools.cloud.clock.now()
  const { history, stage } = worker.value
  const back = { state: stage.toLowerCase() as Lowercase<typeof stage>, at: now, why: 'spoke again' }
  await tools.commit([put(worker, { ...worker.value, sweep: 'NONE', sweepAt: now, why: null, history: [...history, back] })])
}

/** Ends the instance; one that was never seen launched is looked for by its token. Repeating is harmless. */
export async function terminate(tools: Tools, worker: Stored<Worker>): Promise<void> {
  tools.keys.forget(worker.value.id)
  const instance = worker.value.instance ?? (await byToken(tools, worker.value.launch.token))
  if (instance !== null) await tools.sweeper.compute.terminate(instance)
  await tools.commit([put(worker, sweepWorker({ ...worker.value, instance }, 'TERMINATING', tools.cloud.clock.now()))])
}

async function byToken(tools: Tools, token: string): Promise<string | null> {
  return (await tools.cloud.compute.describe()).find((instance) => instance.token === token)?.id ?? null
}

/** An instance that no living row speaks for. */
export async function orphan(tools: Tools, instance: Instance): Promise<void> {
  tools.log({ event: 'orphan', instance: instance.id })
  await tools.sweeper.compute.terminate(instance.id)
}

/** GONE is written only after looking: the instance ended, nothing of it remains, its relay place is empty. Anything left: end it again and look later. */
export async function proveGone(tools: Tools, worker: Stored<Worker>): Promise<void> {
  const { cloud, sweeper } = tools
  const { instance } = worker.value
  if (instance !== null) {
    const state = (await cloud.compute.describe()).find(({ id }) => id === instance)?.state ?? 'terminated'
    const left = state === 'terminated' ? await sweeper.compute.remains(instance) : [`instance ${instance} is ${state}`]
    if (left.length > 0) {
      tools.log({ event: 'not gone yet', worker: worker.value.id, left })
      await sweeper.compute.terminate(instance)
      // Shutting down can take a while; looking again at once would only use up the account's calls.
      return cloud.clock.sleep(tools.limits.tickMs, tools.signal)
    }
  }
  const relay = relayPrefix(worker.value.job, worker.value.attempt)
  await deleteAll(tools, 'ancillary', relay)
  const looked = [...(instance === null ? [] : [`instance ${instance}`, 'processes', 'sockets', 'disk']), relay]
  const audit = await appendAudit(cloud, 'agent', {
    ev: 'worker.gone',
    op: `gone/${worker.value.id}`,
    ...subject(worker.value),
    reason: worker.value.why ?? 'died',
  })
  const now = cloud.clock.now()
  const receipt: Receipt = { at: now, looked, audit }
  await tools.commit([put(worker, sweepWorker(worker.value, 'GONE', now, { receipt }))])
}

/**
 * Deletes what a finished job no longer needs: its input, every attempt that is not the result, its relay objects. Of a failed
 * one nothing stays, not even a manifest that was refused or came too late.
 */
export async function clear(tools: Tools, job: Stored<Job>): Promise<void> {
  const { job: id, run, unit, kind, state, class: failure, attempt, result } = job.value
  await deleteAll(tools, 'ancillary', `relay/${id}/`)
  const all = unitPrefix(run, unit)
  if (result === null) await deleteAll(tools, 'output', all)
  else await deleteAll(tools, 'output', `${all}attempt-`, (key) => !key.startsWith(`${all}attempt-${result.attempt}/`))
  if (kind === 'sample') await tools.sweeper.objects.delete('input', sampleKey(run, unit))
  if (state === 'FAILED') {
    const about = { job: id, run, unit, ...(attempt > 0 ? { attempt } : {}), ...(failure === null ? {} : { class: failure }) }
    await appendAudit(tools.cloud, 'agent', { ev: 'job.failed', op: `failed/${id}`, ...about })
  }
  await tools.commit([put(job, { ...job.value, cleared: true })])
}

/** Deletes the objects under a prefix that pass; with the sweeper's rights. */
async function deleteAll(
  tools: Tools,
  bucket: 'input' | 'output' | 'ancillary',
  prefix: string,
  pass: (key: string) => boolean = () => true,
): Promise<void> {
  const { objects } = tools.sweeper
  for (const { key } of await objects.list(bucket, prefix)) if (pass(key)) await objects.delete(bucket, key)
}

/** Seals and late doublets of a finished run; a sample of its own is deleted with its job. */
export async function clearIncoming(tools: Tools, run: string): Promise<void> {
  await deleteAll(tools, 'input', `incoming/${run}/`, (key) => parseIncoming(key) !== undefined)
}
