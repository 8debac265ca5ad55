import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { layout } from '../../cloud/local/layout.ts'
import { explain } from '../../custody/failures.ts'
import type { FailureClass } from '../../custody/messages.ts'
import { type DemoSummary, outOfOrder, told } from './events.ts'
import { foundUnder } from './needles.ts'
import { type Ended, newStage, type Stage } from './stage.ts'
import { differences, linesOf, otherPrograms } from './table.ts'
import { tree } from './tree.ts'

const limitMs = 120_000

/** One directory for all, run after run: to begin anew costs seconds. After a failure the next kind gets another. */
let stage: Stage
beforeAll(() => {
  stage = newStage()
})
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return
  await stage.dispose()
  stage = newStage()
})
afterAll(() => stage.dispose(), 30_000)

interface Demo {
  readonly ended: Ended
  readonly summary: DemoSummary
  readonly report: string
}

/** Two samples, one of which goes wrong. Whatever it is, the run comes to its end and leaves nothing. */
async function demo(fail: string): Promise<Demo> {
  const ended = await stage.skep(['demo', '--samples', '2', '--fail', fail, '--dir', stage.dir, '--json'], { limitMs })
  const { summary, samples, workers } = told(ended.stdout)
  expect(outOfOrder({ samples, workers })).toEqual([])
  expect(summary).toMatchObject({ residue: [], quiescent: true, audit: { ok: true }, notices: ['start', 'done'] })
  return { ended, summary, report: readFileSync(summary.report, 'utf8') }
}

/** The table holds exactly the patients of these samples of the study, as another program computes them. */
function tableIsOf({ table }: DemoSummary, samples: readonly number[]): void {
  const [compute] = Object.values(otherPrograms)
  if (compute === undefined) return // the demo's own test says that there is none
  const files = samples.map((number) => join(layout(stage.dir).owner, 'study-2', 'samples', `sample-00${number}.csv`))
  expect(differences(linesOf(readFileSync(table, 'utf8')).slice(1), linesOf(compute(files)))).toEqual([])
}

describe('a sample that can have no result', () => {
  test.each<[FailureClass, number]>([
    ['not-pgp', 1],
    ['tampered', 1],
    ['wrong-key', 1],
    ['empty', 0], // seen by its size: no worker begins
    ['pipeline-crash', 1],
  ])('%s: fails with that class and harms no other', { timeout: limitMs }, async (kind, attempts) => {
    const { ended, summary, report } = await demo(kind)
    expect(ended).toMatchObject({ code: 2, stderr: '' })
    expect(summary).toMatchObject({ state: 'COMPLETE_WITH_FAILURES', refused: 0 })
    const [failed, ...more] = summary.samples.filter(({ state }) => state === 'FAILED')
    const [done, ...others] = summary.samples.filter(({ state }) => state === 'DONE')
    expect([failed, ...more]).toEqual([{ id: failed?.id, state: 'FAILED', attempts, class: kind }])
    expect([done, ...others]).toEqual([{ id: done?.id, state: 'DONE', attempts: 1, class: null }])
    expect(summary.results).toEqual([expect.stringContaining(`/samples/${done?.id}/`)])
    tableIsOf(summary, [1])
    // The owner reads which sample it is, of which file it was made, what happened and what to do.
    const line = report.split('\n').find((text) => text.includes(failed?.id ?? '?'))
    for (const words of ['sample-002.csv', 'FAILED', kind, explain(kind).happened, explain(kind).todo]) expect(line).toContain(words)
  })

  test('is told of by skep fetch, too', { timeout: limitMs }, async () => {
    const last = JSON.parse((await stage.skep(['fleet', 'status', '--dir', stage.dir, '--json'])).stdout)
    const run = last.runs.find(({ samples }: { samples: { class: string }[] }) => samples.some((sample) => sample.class === 'tampered'))
    const failed = run.samples.find((sample: { class: string }) => sample.class === 'tampered')
    const { code, stdout, stderr } = await stage.skep(['fetch', run.id, '--dir', stage.dir, '-o', join(stage.tmp, 'results')])
    expect(code).toBe(0)
    const names = stdout
      .trimEnd()
      .split('\n')
      .map((path) => path.split('/').at(-1))
    expect(names).toEqual(['table.csv', 'vitals.svg', 'summary.csv'])
    const { happened, todo } = explain('tampered')
    expect(stderr).toMatch(new RegExp(`^sample ${failed.id} \\(.*sample-002\\.csv\\) has no result: tampered\\. `))
    expect(stderr).toContain(`${happened} ${todo}\n`)
  })
})

test('worker-dies: the sample is tried again, and the run ends as if nothing had been', { timeout: limitMs }, async () => {
  const { ended, summary, report } = await demo('worker-dies')
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  expect(summary).toMatchObject({ state: 'COMPLETE', refused: 0 })
  expect(summary.samples.map(({ state, attempts, class: failure }) => [state, attempts, failure]).toSorted()).toEqual([
    ['DONE', 1, null],
    ['DONE', 2, null],
  ])
  expect(summary.results).toHaveLength(2)
  tableIsOf(summary, [1, 2])
  expect(report).toContain('Every sample has a result.')
  // Its first worker ended without a word, the second took its place.
  const again = summary.samples.find(({ attempts }) => attempts === 2)
  const launched = told(ended.stdout).samples.filter(({ id, state }) => id === again?.id && state === 'LAUNCHING')
  expect(launched.map(({ attempt, worker }) => [attempt, worker?.endsWith(`-${attempt}`)])).toEqual([
    [1, true],
    [2, true],
  ])
})

test('hostile-name: the upload is refused, and its name is kept nowhere', { timeout: limitMs }, async () => {
  const { ended, summary, report } = await demo('hostile-name')
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  expect(summary).toMatchObject({ state: 'COMPLETE', refused: 1 })
  expect(summary.samples.map(({ state, attempts, class: failure }) => [state, attempts, failure])).toEqual([
    ['DONE', 1, null],
    ['DONE', 1, null],
  ])
  tableIsOf(summary, [1, 2])
  expect(report).toContain('Uploads refused at intake: 1')

  const said = `${ended.stdout}${ended.stderr}${report}`
  for (const raw of ['\u001b', '\u202e', 'DOE_JOHN']) expect(said.includes(raw)).toBe(false)
  expect(foundUnder(stage.dir, { name: Buffer.from('DOE_JOHN') })).toEqual([])
  // As a path of a bucket has it.
  const encoded = [...Buffer.from('DOE')].map((byte) => `%${byte.toString(16)}`).join('')
  expect(tree(stage.dir).filter(({ path }) => path.toLowerCase().includes(encoded))).toEqual([])

  const key = readFileSync(join(layout(stage.dir).signer, 'intake-names.key'))
  const name = `incoming/${summary.run}/../../-rf \u001b[31mDOE_JOHN_1938-10-30\u202e.pgp`
  const hmac = createHmac('sha256', key).update(name).digest('hex')
  const refused = readFileSync(layout(stage.dir).chain, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"object.refused"'))
  expect(refused).toHaveLength(1)
  expect(refused[0]).toContain(`"nameHmac":"${hmac}"`)
  expect(foundUnder(stage.dir, { hmac: Buffer.from(hmac) })).toEqual(['audit/chain.jsonl: hmac as raw'])
})
