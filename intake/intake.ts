/**
 * Intake: turns what lies under `incoming/` into ledger rows. It sees names and sizes, never bytes. Notifications are hints;
 * a listing on a schedule finds what they lost, and both may tell the same thing any number of times.
 */
import type { Cloud, LedgerWrite } from '../cloud/ports.ts'
import { appendAudit } from '../custody/audit.ts'
import type { AuditFields } from '../custody/audit-record.ts'
import { digest } from '../custody/canonical.ts'
import type { ObjectEvent, SignedTicket, Ticket } from '../custody/messages.ts'
import { consolidateJob, isUuid, parseIncoming, sampleJob, TABLE } from '../custody/names.ts'
import { signTicket } from '../custody/tickets.ts'
import { findRun, type Job, jobSort, newJob, RUNS, type Run, runPartition, stored, toBody } from '../fleet/rows.ts'

export interface Intake {
  /** Opened as `intake`. */
  readonly cloud: Cloud
  /** Bytes; a larger object becomes a FAILED row. */
  readonly maxSampleBytes: number
  /** Keyed hash of a name that may carry PHI: all that is ever kept of it. */
  nameHmac(name: string): string
  /** A fresh id for each ledger write. */
  newOp(): string
}

type Refused = 'name' | 'overwritten' | 'run-full' | 'seal' | 'sealed-otherwise'
export type Taken = 'new' | 'known' | 'refused'

/** One object that was put. Idempotent. Throws only what may be tried again. */
export async function takeObject(intake: Intake, event: ObjectEvent): Promise<Taken> {
  const named = parseIncoming(event.key)
  if (named === undefined) return refuse(intake, event, 'name')
  return named.kind === 'sample' ? takeSample(intake, event, named.run, named.sample) : takeSeal(intake, event, named.run, named.count)
}

/**
 * Lists `incoming/` and takes what no notification told of. Returns how many were new. One object that cannot be taken holds up
 * none behind it; its error is thrown when all the others are through.
 */
export async function takeListing(intake: Intake): Promise<number> {
  let fresh = 0
  const failures: unknown[] = []
  for (const { key, version, size } of await intake.cloud.objects.list('input', 'incoming/')) {
    const taken = await takeObject(intake, { key, version, size }).catch((error: unknown) => void failures.push(error))
    if (taken === 'new') fresh += 1
  }
  if (fresh > 0) await ring(intake)
  if (failures.length > 0) throw failures[0]
  return fresh
}

/** Tells the agent that the ledger is worth a look. Lost or doubled, it does no harm. */
export const ring = (intake: Intake): Promise<void> => intake.cloud.queue.send('doorbell', 'ledger')

async function takeSample(intake: Intake, event: ObjectEvent, run: string, sample: string): Promise<Taken> {
  const { clock, ledger } = intake.cloud
  const job = sampleJob('input', event.key, event.version)
  return settled(async () => {
    // The run first: what it counts can then be found, and a run that became full by this very object is not taken for full.
    const runRow = await findRun(ledger, run)
    const known = await ledger.get(runPartition(run), jobSort(sample))
    if (known !== undefined) return stored<Job>(known).value.job === job ? 'known' : refuse(intake, event, 'overwritten')
    if (runRow !== undefined && runRow.value.expected !== null && runRow.value.received >= runRow.value.expected)
      return refuse(intake, event, 'run-full')
    const now = clock.now()
    const signed = await ticketFor(intake, { v: 1, kind: 'sample', job, run, unit: sample, object: { ...event }, issuedAt: now })
    const failure = event.size === 0 ? 'empty' : event.size > intake.maxSampleBytes ? 'too-large' : null
    const row = newJob(signed, failure === null ? 'RECEIVED' : 'FAILED', now, failure)
    const before: Run = runRow?.value ?? newRun(run, now)
    // The record comes first: whoever is killed after the row finds it known, and would never write one.
    const record: AuditFields = { job, run, unit: sample, size: event.size, ...(failure === null ? {} : { class: failure }) }
    await audit(intake, 'sample.received', `received/${job}`, record)
    const made = await write(intake, [
      { pk: RUNS, sk: run, ifRev: runRow?.rev ?? 0, body: toBody({ ...before, received: before.received + 1 }) },
      { pk: runPartition(run), sk: jobSort(sample), ifRev: 0, body: toBody(row) },
    ])
    return made ? 'new' : undefined
  })
}

async function takeSeal(intake: Intake, event: ObjectEvent, run: string, count: number): Promise<Taken> {
  const { clock, ledger } = intake.cloud
  return settled(async () => {
    const row = await findRun(ledger, run)
    if (row !== undefined && row.value.expected !== null) {
      if (row.value.expected !== count) return refuse(intake, event, 'sealed-otherwise')
      await haveSwept(intake, event, run)
      return 'known'
    }
    if (event.size !== 0 || (row?.value.received ?? 0) > count) return refuse(intake, event, 'seal')
    const now = clock.now()
    const consolidate = await ticketFor(intake, { v: 1, kind: 'consolidate', job: consolidateJob(run), run, unit: TABLE, issuedAt: now })
    const before = row?.value ?? newRun(run, now)
    const sealed: Run = {
      ...before,
      state: 'SEALED',
      expected: count,
      consolidate,
      history: [...before.history, { state: 'SEALED', at: now }],
    }
    await audit(intake, 'run.sealed', `sealed/${run}/${count}`, { run, count })
    return (await write(intake, [{ pk: RUNS, sk: run, ifRev: row?.rev ?? 0, body: toBody(sealed) }])) ? 'new' : undefined
  })
}

/**
 * Refused: counted, kept in the audit chain as a keyed hash, never as a name. An object whose name is not on the allow-list
 * is deleted; one with a good name stays until its run is swept, since it may be the very object of an earlier row. One that
 * came after that has its run swept again.
 */
async function refuse(intake: Intake, event: ObjectEvent, reason: Refused): Promise<'refused'> {
  const nameHmac = intake.nameHmac(event.key)
  const run = event.key.split('/')[1] ?? ''
  const op = `refused/${digest([nameHmac, event.version, reason])}`
  await audit(intake, 'object.refused', op, { nameHmac, reason, size: event.size, ...(isUuid(run) ? { run } : {}) })
  if (reason === 'name') await intake.cloud.objects.delete('input', event.key)
  else await haveSwept(intake, event, run)
  return 'refused'
}

/** An object that lies there though its run is quiescent is a leftover: the run is not quiescent before the agent has swept it. */
async function haveSwept({ cloud, newOp }: Intake, event: ObjectEvent, run: string): Promise<void> {
  const row = await findRun(cloud.ledger, run)
  if (row?.value.quiescent !== true || (await cloud.objects.head('input', event.key)) === undefined) return
  // Lost to another writer: the next listing comes here again.
  await cloud.ledger.write({ op: newOp(), puts: [{ pk: RUNS, sk: run, ifRev: row.rev, body: toBody({ ...row.value, quiescent: false }) }] })
}

const audit = (intake: Intake, ev: string, op: string, fields: AuditFields) => appendAudit(intake.cloud, 'intake', { ev, op, ...fields })

const ticketFor = (intake: Intake, ticket: Ticket): Promise<SignedTicket> => signTicket(intake.cloud.signer, ticket)

const newRun = (id: string, at: number): Run => ({
  id,
  state: 'OPEN',
  received: 0,
  expected: null,
  consolidate: null,
  quiescent: false,
  auditHead: null,
  history: [{ state: 'OPEN', at }],
})

async function write(intake: Intake, puts: LedgerWrite['puts']): Promise<boolean> {
  return (await intake.cloud.ledger.write({ op: intake.newOp(), puts })).applied
}

/** Repeats a read-and-write that lost a race; each round somebody else won, so it ends. */
async function settled(round: () => Promise<Taken | undefined>): Promise<Taken> {
  for (let rounds = 0; rounds < 200; rounds += 1) {
    const taken = await round()
    if (taken !== undefined) return taken
  }
  throw new Error('the ledger row of this run changed 200 times while one object was taken in; it is tried again with the next listing')
}
