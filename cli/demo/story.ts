/** The whole story: study, submit, agent, results, proof. Every part is the very function that the commands by hand use. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { layout } from '../../cloud/local/layout.ts'
import { residue } from '../../cloud/local/residue.ts'
import type { Cloud } from '../../cloud/ports.ts'
import { parseAuditLine } from '../../custody/audit.ts'
import { ledgerHeads, verifyAudit } from '../../custody/audit-verify.ts'
import { type RunRecord, readRun } from '../../fleet/rows.ts'
import { type Transition, Watch } from '../../fleet/watch.ts'
import { fetchRun } from '../../owner/fetch.ts'
import { putFile } from '../../owner/files.ts'
import { readPlan } from '../../owner/plan.ts'
import { makePlan, resumeRun, type SubmitTo } from '../../owner/submit.ts'
import { defaults, synth } from '../../owner/synth.ts'
import { initHomerKey } from '../key.ts'
import { withLocalCloud } from '../local-cloud.ts'
import { withSubmitTo } from '../submit.ts'
import { type AgentProcess, startAgent } from './agent-process.ts'
import { removeLeftovers } from './leftovers.ts'
import { type Memory, remember } from './memory.ts'
import { intrude, killWorker, spoil, victimOf } from './mischief.ts'
import { type DemoResult, reportText } from './report.ts'

/** How the story is told while it happens. */
export interface Telling {
  /** A part begins: a few words. */
  part(words: string): void
  /** How the run stands; called often. */
  stands(record: RunRecord | undefined, expected: number): void
  transition(transition: Transition): void
}

/** It was stopped by the person in front of it. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

const pollMs = 120
/** From telling the agent to stop until it must have ended: its own limit, and a little. */
const stopMs = 8_700

/** Begins or finishes the run that `memory` tells of. Throws Interrupted when `stop` was aborted. */
export async function tellStory(dir: string, memory: Memory, telling: Telling, stop: AbortSignal): Promise<DemoResult> {
  const begun = performance.now()
  const halt = () => {
    if (stop.aborted) throw new Interrupted()
  }
  await initHomerKey(dir)
  removeLeftovers(dir, memory.run)
  const planned = await submitted(dir, memory, telling, halt)
  const { run } = planned
  telling.part(`${memory.workers} workers at once work on run ${run}`)
  const killed = await worked(dir, planned, run, telling, stop)
  telling.part('fetch the results, check the audit chain, look for what is left')
  const result = await concluded(dir, run, (performance.now() - begun) / 1000)
  remember(dir, { ...planned, killed, finished: true })
  return result
}

/** The study is made, and its samples are uploaded and sealed, however far an earlier demo came. */
async function submitted(dir: string, memory: Memory, telling: Telling, halt: () => void): Promise<Memory & { readonly run: string }> {
  telling.part('make the synthetic study')
  const files = await study(dir, memory.samples)
  halt()
  return withSubmitTo(dir, async (to) => {
    const run = memory.run ?? (await makePlan(to, { files })).run
    const planned = { ...memory, run }
    remember(dir, planned)
    halt()
    telling.part(`encrypt ${files.length} samples to HomerKey and upload them as run ${run}`)
    await upload(dir, to, planned, halt)
    return planned
  })
}

async function study(dir: string, samples: number): Promise<readonly string[]> {
  const out = join(layout(dir).owner, `study-${samples}`)
  const patients = Math.max(defaults.patients, samples)
  // More patients need more visits, or some would have none and so no sample.
  const visits = patients * (defaults.visits / defaults.patients)
  if (!existsSync(out)) return (await synth({ patients, visits, seed: defaults.seed, samples, out })).samples
  return Array.from({ length: samples }, (_, index) =>
    join(out, 'samples', `sample-${String(index + 1).padStart(Math.max(3, String(samples).length), '0')}.csv`),
  )
}

async function upload(dir: string, to: SubmitTo, { run, fail }: Memory & { readonly run: string }, halt: () => void): Promise<void> {
  const plan = await readPlan(layout(dir).owner, run)
  const victim = victimOf(plan?.files.map(({ sample }) => sample) ?? [])
  await resumeRun(to, run, {
    beforePut: async (put) => {
      halt()
      if (put.sample === undefined) await intrude(fail, to.objects, run)
      return put.sample !== undefined && put.sample === victim ? spoil(fail, to.homer, put.body) : undefined
    },
  })
}

/** The agent works until the run is quiescent. Returns whether the victim's worker was killed. */
async function worked(dir: string, memory: Memory, run: string, telling: Telling, stop: AbortSignal): Promise<boolean> {
  const plan = await readPlan(layout(dir).owner, run)
  const victim = memory.fail === 'worker-dies' ? victimOf(plan?.files.map(({ sample }) => sample) ?? []) : undefined
  let { killed } = memory
  return withLocalCloud(dir, 'agent', async ({ ledger, clock }) => {
    const agent = startAgent(dir, memory.workers)
    const halted = () => agent.stop()
    stop.addEventListener('abort', halted, { once: true })
    const watch = new Watch(ledger, (id) => id === run)
    const state = { over: false }
    const ended = agent.ended.finally(() => {
      state.over = true
    })
    ended.catch(() => undefined)
    try {
      for (;;) {
        const { over } = state
        const { news, runs } = await watch.look()
        for (const transition of news) telling.transition(transition)
        if (runs[0] !== undefined) telling.stands(runs[0], memory.samples)
        if (!killed && killWorker(runs[0], victim)) {
          killed = true
          remember(dir, { ...memory, killed })
        }
        if (over) break
        if (stop.aborted) await sweptInTime(dir, agent, clock)
        await clock.sleep(pollMs)
      }
    } catch (error) {
      // Nobody would watch over the agent any more.
      agent.stop()
      if (!(error instanceof Interrupted)) await Promise.race([ended.catch(() => undefined), clock.sleep(stopMs)])
      throw error
    } finally {
      stop.removeEventListener('abort', halted)
    }
    if ((await ended) === 'stopped' || stop.aborted) throw new Interrupted()
    return killed
  })
}

/** The agent sweeps its workers and ends. One that hangs is killed, and its workers are ended from here. */
async function sweptInTime(dir: string, agent: AgentProcess, clock: Cloud['clock']): Promise<never> {
  const over = new AbortController()
  const late = clock.sleep(stopMs, over.signal).then(
    () => true,
    () => false,
  )
  const isLate = await Promise.race([late, agent.ended.then(() => false)])
  over.abort() // a sleep that nobody waits for would hold the process
  if (isLate) {
    agent.kill()
    await withLocalCloud(dir, 'sweeper', async ({ compute }) => {
      await Promise.all((await alive(compute)).map(({ id }) => compute.terminate(id)))
    })
  }
  throw new Interrupted()
}

const alive = async (compute: Cloud['compute']) => (await compute.describe()).filter(({ state }) => state !== 'terminated')

/** How many workers there are that nobody has seen gone. */
export const workersLeft = (dir: string): Promise<number> =>
  withLocalCloud(dir, 'sweeper', async ({ compute }) => (await alive(compute)).length)

/** Results, report and proof; each looked at anew, none taken from what was seen before. */
async function concluded(dir: string, run: string, secondsSoFar: number): Promise<DemoResult> {
  const began = performance.now()
  const { owner } = layout(dir)
  const out = join(owner, 'results', run)
  const { record, refused, audit } = await withLocalCloud(dir, 'agent', (cloud) => proof(cloud, run))
  const done = record.jobs.some(({ value }) => value.kind === 'sample' && value.state === 'DONE')
  const tabled = record.jobs.some(({ value }) => value.kind === 'consolidate' && value.state === 'DONE')
  // An earlier demo may have fetched them and been killed before it said so; they are there whole or not at all.
  if (done && !existsSync(out)) await withLocalCloud(dir, 'owner', ({ objects }) => fetchRun({ objects, home: owner }, { run, out }))
  const samples = record.jobs
    .filter(({ value }) => value.kind === 'sample')
    .map(({ value }) => ({ id: value.unit, state: value.state, attempts: value.attempt, class: value.class }))
  const report = join(out, 'report.md')
  const result: DemoResult = {
    run,
    state: record.run.value.state === 'COMPLETE' ? 'COMPLETE' : 'COMPLETE_WITH_FAILURES',
    samples,
    refused,
    table: tabled ? join(out, 'table.csv') : null,
    results: done ? filesUnder(join(out, 'samples')) : [],
    notices: ['start', 'done'].filter((which) => record.notices.has(`notice#${which}`)),
    residue: await residue(dir),
    quiescent: record.run.value.quiescent,
    audit,
    report,
    seconds: Math.round((secondsSoFar + (performance.now() - began) / 1000) * 10) / 10,
  }
  const plan = await readPlan(owner, run)
  await putFile(report, reportText(result, new Map(plan?.files.map(({ sample, path }) => [sample, path]))))
  return result
}

const filesUnder = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []))
    .sort()

async function proof({ ledger, trail, signer }: Cloud, run: string) {
  const record = await readRun(ledger, run)
  if (record === undefined) throw new Error(`the ledger knows no run ${run}, though it was submitted`)
  const verdict = await verifyAudit({ trail, signer }, await ledgerHeads(ledger))
  const refusals = (await trail.lines())
    .map(parseAuditLine)
    .filter((line) => line?.record.ev === 'object.refused' && line.record.run === run)
  return { record, refused: refusals.length, audit: { records: verdict.records, ok: verdict.ok } }
}
