/** Ciphertext and small words carried between a locked worker and the key host. The agent can open none of it. */

import type { Json } from '../../cloud/ports.ts'
import { afterRefusal } from '../../custody/failures.ts'
import { answerSchema, challengeSchema, refusalSchema } from '../../custody/messages.ts'
import { relayKey } from '../../custody/names.ts'
import { readJson } from '../read-json.ts'
import { type Job, moveJob, moveWorker, put, type Stored, type Worker } from '../rows.ts'
import type { Tools } from '../tools.ts'

/** What the key host could not do now, such as writing its audit record, it may do a little later. */
const retrySameMs = 1_000

const encode = (value: Json): Uint8Array => Buffer.from(JSON.stringify(value))

/** Asks the key host for a nonce and lays it where the worker looks; false when it gave none. A second challenge only makes the first one useless. */
export async function challenge(tools: Tools, worker: Stored<Worker>, job: Stored<Job>): Promise<boolean> {
  const { attempt, instance, id } = worker.value
  if (instance === null) return false
  const request = { op: 'challenge', signed: job.value.signed, attempt, instance } as Json
  const answer = await tools.hosts.askKeyHost(request, tools.signal)
  const given = challengeSchema.safeParse(answer).data
  if (given !== undefined) {
    await tools.cloud.objects.put('ancillary', relayKey(job.value.job, attempt, 'challenge'), encode(given))
    return true
  }
  const refusal = refusalSchema.safeParse(answer).data
  tools.log({ event: 'challenge refused', worker: id, code: refusal?.refused ?? 'unreadable', message: refusal?.message ?? '' })
  await tools.cloud.clock.sleep(retrySameMs, tools.signal)
  return false
}

/**
 * Carries a key request to the key host and the answer back. After a crash the same request goes again: the key host
 * recognises it and gives the same box. The answer is laid down before the ledger says KEYED.
 */
export async function carry(tools: Tools, worker: Stored<Worker>, job: Stored<Job>, version: string): Promise<void> {
  const { clock, objects } = tools.cloud
  const { attempt, id } = worker.value
  const request = await readJson(objects, 'ancillary', relayKey(job.value.job, attempt, 'request'))
  if (request === undefined) {
    // Nothing but a worker's own new request can help; without one its time runs out.
    tools.log({ event: 'key request not readable', worker: id })
    tools.refused.set(id, version)
    return
  }
  const answer = answerSchema.parse(await tools.hosts.askKeyHost(request as Json, tools.signal))
  if ('refused' in answer) {
    tools.log({ event: 'key refused', worker: id, code: answer.refused, message: answer.message })
    const what = afterRefusal(answer.refused)
    if (what === 'retry-same') return clock.sleep(retrySameMs, tools.signal)
    // The worker makes a new request for the new nonce once it reads that this one was refused.
    if (what === 'retry-new-challenge' && !(await challenge(tools, worker, job))) return
  }
  await objects.put('ancillary', relayKey(job.value.job, attempt, 'answer'), encode(answer as Json))
  if ('refused' in answer) {
    tools.refused.set(id, version)
    return
  }
  const now = clock.now()
  await tools.commit([put(worker, moveWorker(worker.value, 'KEYED', now)), put(job, moveJob(job.value, 'KEYED', now))])
}
