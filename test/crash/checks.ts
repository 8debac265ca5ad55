/** What must be so after a demo that was killed and finished. Looked at from outside, never taken from its word alone. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { layout } from '../../cloud/local/layout.ts'
import { openLocal } from '../../cloud/local/open.ts'
import { residue } from '../../cloud/local/residue.ts'
import { parseAuditLine } from '../../custody/audit.ts'
import { manifestSchema } from '../../custody/messages.ts'
import { TABLE } from '../../custody/names.ts'
import { readJson } from '../../fleet/read-json.ts'
import { type RunRecord, readRuns } from '../../fleet/rows.ts'
import type { Ended, Summary } from './demo.ts'
import { everybodyOf } from './processes.ts'

const program = join(import.meta.dirname, '..', '..', 'cli', 'main.ts')

/** What is wrong, one line each; [] when all is as if nobody had been killed. */
export async function complaints(dir: string, { how, summary, stderr }: Ended, samples: number, table: string): Promise<readonly string[]> {
  if (how !== 0 || summary === undefined) return [`expected the demo to end with 0, got ${how}: ${stderr.trim().slice(-600)}`]
  // First of all, before anything could end by itself.
  const alive = everybodyOf(dir).map(({ pid, name }) => `process ${pid} (${name}) lives on`)
  return [
    ...alive,
    ...(await residue(dir)).map((left) => `left behind: ${left}`),
    ...ofSummary(summary, samples, table),
    ...(await ofCloud(dir, summary)),
    ...ofDirectory(dir, summary),
    ...ofAuditCommand(dir),
  ]
}

const unless = (so: boolean, words: string): readonly string[] => (so ? [] : [words])

function ofSummary(
  { state, samples, results, notices, residue: left, quiescent, audit, table, report }: Summary,
  count: number,
  expected: string,
) {
  return [
    ...unless(state === 'COMPLETE', `the run is ${state}`),
    ...unless(samples.length === count, `expected ${count} samples, got ${samples.length}`),
    ...samples.filter((sample) => sample.state !== 'DONE').map((sample) => `sample ${sample.id} is ${sample.state}`),
    ...unless(results.length === count && results.every(existsSync), `expected ${count} results, got ${results.length}`),
    ...unless(existsSync(table) && readFileSync(table, 'utf8') === expected, 'the table is not that of a run that nobody killed'),
    ...unless(existsSync(report), 'there is no report'),
    ...unless(JSON.stringify(notices) === '["start","done"]', `the notices are ${JSON.stringify(notices)}`),
    ...left.map((one) => `the summary tells of residue: ${one}`),
    ...unless(quiescent, 'the run is not quiescent'),
    ...unless(audit.ok, 'the audit chain does not hold'),
  ]
}

/** The ledger, the results as they lie there, and the audit chain's story. */
async function ofCloud(dir: string, { run, samples }: Summary): Promise<readonly string[]> {
  const cloud = await openLocal(dir, 'agent')
  const sweeper = await openLocal(dir, 'sweeper')
  try {
    const records = await readRuns(cloud.ledger)
    const [record] = records
    if (record === undefined || records.length !== 1 || record.run.value.id !== run)
      return [`expected one run in the ledger, ${run}, got ${records.map((one) => one.run.value.id).join(', ')}`]
    const units = [...samples.map(({ id }) => id), TABLE]
    const keys = (await sweeper.objects.list('output', 'runs/')).map(({ key }) => key)
    const manifests = await Promise.all(
      keys.filter((key) => key.endsWith('/result.json')).map((key) => readJson(cloud.objects, 'output', key)),
    )
    return [...ofLedger(record), ...ofResults(keys, manifests, units), ...ofChain(await cloud.trail.lines(), units, record)]
  } finally {
    await cloud.close()
    await sweeper.close()
  }
}

function ofLedger({ jobs, workers }: RunRecord): readonly string[] {
  return [
    ...jobs
      .filter(({ value }) => value.state !== 'DONE' || !value.cleared)
      .map(({ value }) => `job ${value.unit} is ${value.state}, cleared: ${value.cleared}`),
    ...workers
      .filter(({ value }) => value.sweep !== 'GONE' || value.receipt === null)
      .map(({ value }) => `worker ${value.id} is ${value.sweep}`),
  ]
}

function ofResults(keys: readonly string[], manifests: readonly unknown[], units: readonly string[]): readonly string[] {
  const sound = manifests.flatMap((manifest) => manifestSchema.safeParse(manifest).data ?? [])
  const attempts = (unit: string) => {
    const within = unit === TABLE ? '/table/' : `/samples/${unit}/`
    return new Set(keys.flatMap((key) => (key.includes(within) ? (/\/attempt-(\d+)\//.exec(key)?.[1] ?? []) : [])))
  }
  return [
    ...unless(sound.length === units.length, `expected ${units.length} manifests, got ${sound.length}`),
    ...units.flatMap((unit) => {
      const mine = sound.filter((manifest) => manifest.unit === unit)
      const there = [...attempts(unit)]
      return unless(
        mine.length === 1 && there.length === 1 && Number(there[0]) === mine[0]?.attempt,
        `${unit}: ${mine.length} manifests, attempts ${there.join(', ')}`,
      )
    }),
  ]
}

/** Each thing once: one acceptance a unit, one end a worker, one end of the run. */
function ofChain(lines: readonly string[], units: readonly string[], { workers }: RunRecord): readonly string[] {
  const records = lines.flatMap((line) => parseAuditLine(line)?.record ?? [])
  const count = (ev: string, unit?: string) => records.filter((one) => one.ev === ev && (unit === undefined || one.unit === unit)).length
  const once = (ev: string) => unless(count(ev) === 1, `the audit chain says ${ev} ${count(ev)} times`)
  return [
    ...units.flatMap((unit) => [
      ...unless(count('result.accepted', unit) === 1, `${unit} was accepted ${count('result.accepted', unit)} times`),
      ...unless(count('key.release', unit) >= 1, `${unit} has a result, and no key was released for it`),
    ]),
    ...unless(count('sample.received') === units.length - 1, `${count('sample.received')} samples were received`),
    ...unless(count('worker.gone') === workers.length, `${count('worker.gone')} workers are gone of ${workers.length}`),
    ...['run.sealed', 'run.complete', 'run.quiescent'].flatMap(once),
  ]
}

/** Two notices, and nothing half written at places that a reader looks at. */
function ofDirectory(dir: string, { run }: Summary): readonly string[] {
  const { notices, owner, temporary, workers } = layout(dir)
  const letters = readdirSync(notices).sort()
  const half = [owner, join(owner, 'results'), join(owner, 'results', run), join(owner, 'submits'), temporary, notices, dir].flatMap(
    (folder) => readdirSync(folder).filter((name) => name.includes('.tmp-') || name.includes('.partial')),
  )
  return [
    ...unless(letters.length === 2 && letters.every((name) => name.startsWith(run)), `the notices are ${letters.join(', ')}`),
    ...half.map((name) => `half written: ${name}`),
    ...readdirSync(workers).map((name) => `disk ${name}`),
  ]
}

function ofAuditCommand(dir: string): readonly string[] {
  const { status, stderr } = spawnSync(process.execPath, [program, 'audit', 'verify', '--dir', dir], { encoding: 'utf8', timeout: 60_000 })
  return unless(status === 0, `skep audit verify ended with ${status}: ${stderr.slice(-300)}`)
}
