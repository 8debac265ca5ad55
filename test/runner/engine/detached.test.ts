/** `async` and `poll`, with commands that really run. */
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { command } from '../../../modules/command.ts'
import { localConnector } from '../../../runner/connections/local.ts'
import type { RunEvent } from '../../../runner/events.ts'
import { sh } from '../../../runner/sh.ts'
import { go, host } from './world.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'skep-job-test-'))
})
afterAll(() => rm(dir, { recursive: true }))

const end = (events: readonly RunEvent[]): RunEvent | undefined => events.find(({ type }) => type === 'ok' || type === 'failed')
const run = async (tasks: Parameters<typeof go>[0]['tasks']): Promise<RunEvent | undefined> => {
  const pauses = (ms: number): Promise<void> => sleep(ms)
  return end((await go({ tasks, hosts: [host('h1')], world: localConnector() as never, sleep: pauses })).events)
}

test('a command goes on by itself, and what it says and returns comes in the end', async () => {
  const cmd = sh`sleep 0.3; cat; echo err >&2; echo "$WORD"; pwd`
  const options = { async: 20, poll: 0.1, environment: { WORD: 'given' } }
  expect(await run([command('slow', { cmd, stdin: 'in', chdir: dir }, options)])).toMatchObject({
    type: 'ok',
    returned: { rc: 0, stdout: `in\ngiven\n${dir}`, stderr: 'err' },
  })
})

test('its failure is one', async () => {
  expect(await run([command('slow', { cmd: sh`echo why >&2; exit 3` }, { async: 20, poll: 0.05 })])).toMatchObject({
    type: 'failed',
    returned: { rc: 3, stderr: 'why' },
  })
})

test('over its time it is gone with its children', async () => {
  const ticks = join(dir, 'ticks')
  const cmd = sh`(while :; do echo >>${ticks}; sleep 0.05; done) & wait`
  expect(await run([command('stuck', { cmd }, { async: 0.4, poll: 0.1 })])).toMatchObject({
    type: 'failed',
    error: expect.objectContaining({ name: 'CommandTimeout' }),
  })
  const { length } = await readFile(ticks)
  await sleep(300)
  expect((await readFile(ticks)).length).toBe(length)
})

test('with poll 0 it is started and left, and outlives the connection', async () => {
  const done = join(dir, 'done')
  const event = await run([command('left', { cmd: sh`sleep 0.5; echo yes >${done}` }, { async: 20, poll: 0 })])
  expect(event).toMatchObject({
    type: 'ok',
    changed: true,
    returned: { started: true, finished: false, jobId: expect.stringContaining('/skep-job-') },
  })
  expect(existsSync(done)).toBe(false)
  const jobId = event?.type === 'ok' ? String(event.returned['jobId']) : ''
  for (let tries = 0; tries < 100 && !existsSync(join(jobId, 'r')); tries += 1) await sleep(50)
  expect(await readFile(done, 'utf8')).toBe('yes\n')
  await rm(jobId, { recursive: true })
})

test('an interrupt does not wait for it, and says that it goes on', async () => {
  const stop = new AbortController()
  const done = join(dir, 'interrupted')
  const tasks = [command('left', { cmd: sh`sleep 0.4; echo yes >${done}` }, { async: 20, poll: 5 })]
  const { summary, events } = await go({ tasks, world: localConnector() as never, signal: stop.signal, sleep: async () => stop.abort() })
  expect(summary.hosts['h1']?.outcome).toBe('interrupted')
  const lost = events.flatMap((event) => (event.type === 'unreachable' ? [event.error.message] : [])).join()
  expect(lost).toMatch(/the run was interrupted; it goes on as .*skep-job-/)
  for (let tries = 0; tries < 100 && !existsSync(done); tries += 1) await sleep(50)
  expect(existsSync(done)).toBe(true)
  await rm(/it goes on as (\S+skep-job-\w+)/.exec(lost)?.[1] ?? '', { recursive: true })
})
