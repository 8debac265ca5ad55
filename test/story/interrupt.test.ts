import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signalTo } from '../../cloud/local/processes.ts'
import { told } from './events.ts'
import type { Answer } from './many.ts'
import { hasProc, look } from './proc.ts'
import { type Ended, living, newStage, type Stage, signalGroup, until } from './stage.ts'
import { contents } from './tree.ts'

const argv = (dir: string) => ['demo', '--samples', '2', '--workers', '2', '--dir', dir, '--json']

let stage: Stage
/** What became of a demo that got SIGINT while workers lived, of others beside it, and of the next one. */
let second: Ended
let interrupted: Ended & { readonly tookMs: number }
let left: readonly unknown[]
let status: { readonly runs: readonly { readonly state: string }[]; readonly workers: readonly unknown[] }
let others: readonly Answer[]
let unchanged: boolean
let again: Ended

beforeAll(async () => {
  stage = newStage()
  const running = stage.start(argv(stage.dir))
  await until('its samples are there', () => running.said().includes('"RECEIVED"'))
  second = await stage.skep(argv(stage.dir))
  await until('a worker is configured or locked', () => ['ready', 'locked'].includes(lastOfWorkers(running.said()) ?? ''))
  const began = performance.now()
  signalGroup(running.child, 'SIGINT')
  interrupted = { ...(await running.ended), tookMs: performance.now() - began }
  left = living(stage.root, stage.dir)
  status = JSON.parse((await stage.skep(['fleet', 'status', '--dir', stage.dir, '--json'])).stdout)
  const before = contents(stage.dir)
  others = stage.many([
    ['demo', '--samples', '4', '--dir', stage.dir],
    ['demo', '--workers', '3', '--fail', 'empty', '--dir', stage.dir, '--json'],
  ])
  unchanged = JSON.stringify(contents(stage.dir)) === JSON.stringify(before)
  again = await stage.skep(['demo', '--dir', stage.dir, '--json'])
}, 240_000)
/** The state that the last event of any worker tells. */
const lastOfWorkers = (said: string): string | undefined =>
  [...said.matchAll(/"type":"worker","id":"[^"]+","state":"([a-z]+)"/g)].at(-1)?.[1]

afterAll(() => stage.dispose(), 30_000)

describe('a directory that a demo is using', () => {
  test('is refused to another one, which does not disturb it', () => {
    expect(second).toMatchObject({ code: 1, stdout: '' })
    expect(second.stderr).toBe(
      'skep: ../cloud is in use by another skep demo: wait for it, stop it, or name another directory with --dir\n',
    )
  })
})

describe('SIGINT to the whole process group', () => {
  test('ends it with 130 within ten seconds', () => {
    expect(interrupted).toMatchObject({ code: 130, signal: null })
    expect(interrupted.tookMs).toBeLessThan(10_000)
  })

  test('says in one line how to go on, and tells no summary', () => {
    expect(interrupted.stderr).toBe('interrupted; the workers are swept, nothing is lost. Go on with: skep demo --dir ../cloud\n')
    expect(interrupted.stdout).not.toContain('"summary"')
  })

  test('leaves no process: no worker, no service, no agent', () => expect(left).toEqual([]))

  test('leaves no worker in the ledger that is not proven gone, and the run where it was', () => {
    expect(status.workers).toEqual([])
    expect(status.runs.map(({ state }) => state)).not.toContain('COMPLETE')
  })

  test('does not let a run with other flags take its place, and names them', () => {
    expect(others.map(({ code, stdout }) => [code, stdout])).toEqual([
      [1, ''],
      [1, ''],
    ])
    expect(others[0]?.stderr).toContain('was begun with --samples 2 and is not finished; got --samples 4. Finish it with: skep demo --dir')
    expect(others[1]?.stderr).toContain('was begun with --workers 2 --fail (none) and is not finished; got --workers 3 --fail empty.')
    for (const { stderr } of others) expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(unchanged).toBe(true)
  })

  test('lets the next demo finish the very run', () => {
    expect(again.code).toBe(0)
    const { summary, samples } = told(again.stdout)
    expect(summary).toMatchObject({ state: 'COMPLETE', residue: [], quiescent: true, audit: { ok: true }, notices: ['start', 'done'] })
    expect(again.stderr).toBe(`finishing run ${summary.run}, which was interrupted\n`)
    expect(summary.results).toHaveLength(2)
    const ids = new Set([...interrupted.stdout.matchAll(/"type":"sample","id":"([^"]+)"/g)].map(([, id]) => id))
    expect(new Set(samples.map(({ id }) => id))).toEqual(ids)
  })
})

test.skipIf(!hasProc)(
  'an agent that hangs is killed, and its workers are swept all the same (Linux only)',
  { timeout: 60_000 },
  async () => {
    const other = newStage()
    try {
      const running = other.start(['demo', '--samples', '1', '--dir', other.dir, '--json'])
      await until('its worker is there', () => ['launched', 'ready', 'locked'].includes(lastOfWorkers(running.said()) ?? ''))
      const agent = look().find(({ argv }) => argv.includes('agent') && argv.includes(other.dir))
      if (agent === undefined) throw new Error('there is no agent')
      signalTo(agent, 'SIGSTOP')
      const began = performance.now()
      signalGroup(running.child, 'SIGINT')
      const { code, stderr } = await running.ended
      expect(performance.now() - began).toBeLessThan(10_000)
      expect({ code, stderr }).toEqual({ code: 130, stderr: expect.stringContaining('Go on with: skep demo --dir') })
      expect(living(other.root, other.dir)).toEqual([])
    } finally {
      await other.dispose()
    }
  },
)
