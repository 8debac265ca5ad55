/** A run's way: consolidated when sealed and every sample is terminal, complete, told about, quiescent. */

import type { Json } from '../../cloud/ports.ts'
import { appendAudit } from '../../custody/audit.ts'
import { explain } from '../../custody/failures.ts'
import { reportKey, TABLE } from '../../custody/names.ts'
import { jobSort, moveRun, newJob, noticeSort, put, type RunRecord, type RunState, runPartition, toBody } from '../rows.ts'
import type { Tools } from '../tools.ts'
import { clearIncoming } from './sweep.ts'

/** Exactly one agent's conditional write wins; there is no "last worker". Without a single result there is nothing to consolidate. */
export async function consolidate(tools: Tools, record: RunRecord): Promise<void> {
  const { run, jobs } = record
  const now = tools.cloud.clock.now()
  const signed = run.value.consolidate
  if (!jobs.some(({ value }) => value.state === 'DONE') || signed === null) return complete(tools, record)
  await tools.commit([
    put(run, moveRun(run.value, 'CONSOLIDATING', now)),
    { pk: runPartition(run.value.id), sk: jobSort(TABLE), ifRev: 0, body: toBody(newJob(signed, 'RECEIVED', now)) },
  ])
}

/** Every job of the run is terminal. The data owner's report says what became of each sample. */
export async function complete(tools: Tools, { run, jobs }: RunRecord): Promise<void> {
  const state: RunState = jobs.every(({ value }) => value.state === 'DONE') ? 'COMPLETE' : 'COMPLETE_WITH_FAILURES'
  const count = (wanted: string) => jobs.filter(({ value }) => value.kind === 'sample' && value.state === wanted).length
  const audit = {
    ev: 'run.complete',
    op: `complete/${run.value.id}`,
    run: run.value.id,
    state,
    samples: count('DONE'),
    failed: count('FAILED'),
  }
  const auditHead = await appendAudit(tools.cloud, 'agent', audit)
  const now = tools.cloud.clock.now()
  await tools.commit([put(run, moveRun(run.value, state, now, { auditHead }))])
}

/** What the data owner may read of the run: ids, states and the words for each failure. */
function report({ run, jobs }: RunRecord): Json {
  const samples = jobs
    .filter(({ value }) => value.kind === 'sample')
    .map(({ value }) => ({
      id: value.unit,
      state: value.state,
      attempts: value.attempt,
      ...(value.class === null ? {} : { class: value.class, ...explain(value.class) }),
    }))
  return { run: run.value.id, state: run.value.state, samples }
}

/** At least once: the row is written after the notice went out, and a notice sent twice carries the same id. */
export async function notify(tools: Tools, record: RunRecord, which: 'start' | 'done'): Promise<void> {
  const id = record.run.value.id
  const samples = record.jobs.filter(({ value }) => value.kind === 'sample').length
  const notice =
    which === 'start'
      ? { subject: 'The system is working on PHI data', text: `Run ${id} has begun.` }
      : { subject: 'Done', text: `Run ${id} is ${record.run.value.state}: ${samples} samples, nothing is left running.` }
  if (which === 'done') await tools.cloud.objects.put('output', reportKey(id), Buffer.from(JSON.stringify(report(record))))
  await tools.cloud.notices.publish({ id: `${id}/${which}`, ...notice })
  await tools.commit([{ pk: runPartition(id), sk: noticeSort(which), ifRev: 0, body: toBody({ sentAt: tools.cloud.clock.now() }) }])
}

/** Nothing is left to do for this run; its head of the audit chain is kept, so that a cut tail is found. */
export async function quiesce(tools: Tools, { run }: RunRecord): Promise<void> {
  await clearIncoming(tools, run.value.id)
  const auditHead = await appendAudit(tools.cloud, 'agent', { ev: 'run.quiescent', op: `quiescent/${run.value.id}`, run: run.value.id })
  const history = [...run.value.history, { state: 'QUIESCENT' as const, at: tools.cloud.clock.now() }]
  await tools.commit([put(run, { ...run.value, quiescent: true, auditHead, history })])
}
