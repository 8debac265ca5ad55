import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { layout } from '../../cloud/local/layout.ts'
import { toPath } from '../../cloud/local/paths.ts'
import { isAlive, type ProcessId, processes, signalTo } from '../../cloud/local/processes.ts'
import { attemptFile, relayKey } from '../../custody/names.ts'
import { type DemoSummary, told } from './events.ts'
import { newStage, type Stage, until } from './stage.ts'

const run = '11111111-1111-4111-8111-111111111111'
const unit = '22222222-2222-4222-8222-222222222222'
const job = 'a'.repeat(40)

let stage: Stage
const strays: ProcessId[] = []
let summary: DemoSummary
let code: number | null

/** What a careless worker would leave: a daemon of its own session, which nobody waits for. */
async function stray(cwd: string, env: Readonly<Record<string, string>>): Promise<ProcessId> {
  const child = spawn('sleep', ['600'], { cwd, env: { PATH: process.env['PATH'] ?? '', ...env }, stdio: 'ignore', detached: true })
  child.unref()
  const found = await until('it runs', () => (child.pid === undefined ? undefined : processes.identify(child.pid)))
  strays.push(found)
  return found
}

function plant(path: string): void {
  const file = join(stage.dir, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, 'left behind')
}

const object = (bucket: string, key: string): string => join('buckets', bucket, ...toPath(key))

beforeAll(async () => {
  stage = newStage()
  await stage.skep(['key', 'init', '--dir', stage.dir])
  plant('workers/x')
  plant('workers/i-0123456789abcdef0/scratch/input/visits.csv')
  plant('core.4711')
  plant(object('ancillary', relayKey(job, 3, 'request')))
  plant(object('output', attemptFile(run, unit, 2, 1)))
  // Not under incoming/, where intake would take it in.
  plant(object('input', `left/${run}/${unit}.pgp`))
  await stray(layout(stage.dir).workers, {})
  await stray('/', { SKEP_CLOUD: stage.dir })
  const ended = await stage.skep(['demo', '--samples', '1', '--dir', stage.dir, '--json'])
  code = ended.code
  summary = told(ended.stdout).summary
}, 150_000)
afterAll(async () => {
  for (const one of strays) signalTo(one, 'SIGKILL')
  await stage.dispose()
}, 30_000)

test('a demo lists what it finds left, from looking: processes, worker disks, relay objects, dead attempts, inputs', () => {
  const [inWorkers, marked] = strays
  expect(summary.residue).toHaveLength(8)
  expect(summary.residue.toSorted()).toEqual(
    [
      `process ${inWorkers?.pid} (sleep) without the marker, in the directory`,
      `process ${marked?.pid} (sleep)`,
      'disk workers/i-0123456789abcdef0',
      'disk workers/x',
      'file core.4711 that is no part of a local cloud',
      `object ancillary/${relayKey(job, 3, 'request')}`,
      `object input/left/${run}/${unit}.pgp`,
      `object output/${attemptFile(run, unit, 2, 1)} of an attempt that is no result`,
    ].toSorted(),
  )
})

test('its own run is COMPLETE all the same, and it ends no process that is not its own', () => {
  expect(code).toBe(0)
  expect(summary).toMatchObject({ state: 'COMPLETE', quiescent: true, audit: { ok: true } })
  expect(strays.map(isAlive)).toEqual([true, true])
})
