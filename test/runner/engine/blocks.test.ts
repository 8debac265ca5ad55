import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Task } from '../../../runner/contract.ts'
import { block, defineRole, flushHandlers, type Steps } from '../../../runner/steps.ts'
import { type Gone, go, host, hosts, keep, poke, set, World } from './world.ts'

const pokes = (log: readonly string[]): readonly string[] => log.filter((text) => text.startsWith('poke')).map((text) => text.slice(5))
const handler = (key: string, options: Parameters<typeof poke>[2] = {}): Task => poke(key, { key }, options)
const failing = (key: string, options: Parameters<typeof keep>[2] = {}): Task => keep(`break ${key}`, { key, value: 'bad' }, options)
const outcomes = ({ summary }: Gone): Record<string, string> =>
  Object.fromEntries(Object.entries(summary.hosts).map(([name, { outcome }]) => [name, outcome]))
/** A task that fails on these hosts and changes something on the others. */
const failsOn =
  (...names: readonly string[]) =>
  (name: string): Task =>
    keep('may fail', { key: 'x', value: names.includes(name) ? 'bad' : 'on' })

describe('handlers', () => {
  const play = (tasks: Steps, more = {}) =>
    go({
      handlers: () => [handler('first'), handler('second', { listen: ['both', 'a topic'] }), handler('third', { listen: 'both' })],
      tasks,
      ...more,
    })

  test('beh:E1 run once a flush however often notified, in the order of their definition', async () => {
    const { did } = await play([set('a', { notify: 'third' }), set('b', { notify: ['first', 'third'] }), set('c', { notify: 'first' })])
    expect(pokes(did())).toEqual(['first', 'third'])
  })

  test('beh:E1 run after preTasks, after roles and tasks, and after postTasks', async () => {
    const role = defineRole({ name: 'role', params: z.object({}), tasks: () => [set('in role', { notify: 'second' })] })
    const { did } = await play([set('task', { notify: 'first' })], {
      preTasks: () => [set('pre', { notify: 'first' })],
      roles: () => [role({})],
      postTasks: () => [set('post', { notify: 'third' })],
    })
    expect(did()).toEqual([
      'set pre on',
      'poke first',
      "set 'in role' on",
      'set task on',
      'poke first',
      'poke second',
      'set post on',
      'poke third',
    ])
  })

  test('beh:E1 are reached by topic: all that listen', async () => {
    expect(pokes((await play([set('a', { notify: 'both' })])).did())).toEqual(['second', 'third'])
    expect(pokes((await play([set('a', { notify: 'a topic' })])).did())).toEqual(['second'])
  })

  test('beh:E1 that nobody has are an error before anything is contacted, with file and line', async () => {
    const world = new World()
    await expect(play([keep('keep a', { key: 'a', value: 'on' }, { notify: 'frist' })], { world })).rejects.toThrow(
      /^task 'keep a' \(.*blocks\.test\.ts:\d+\) notifies 'frist', and no handler .* There are: first, second, both, a topic, third\.$/,
    )
    await expect(go({ tasks: [set('a', { notify: 'x' })], world })).rejects.toThrow(/The play has no handlers/)
    expect(world.connects).toEqual([])
  })

  test('beh:E1 may notify an earlier one', async () => {
    const handlers = () => [handler('early'), handler('late', { notify: 'early' })]
    expect(pokes((await go({ handlers, tasks: [set('a', { notify: 'late' })] })).did())).toEqual(['late', 'early'])
  })

  test('beh:E1 cannot be blocks or roles', async () => {
    const handlers = () => [block('a block', { tasks: [] }) as unknown as Task]
    await expect(go({ handlers, tasks: [] })).rejects.toThrow(/expected a task as handler, got a block/)
  })

  test.each([
    ['of the play', { forceHandlers: true }],
    ['of the command line', {}],
  ])('beh:E2 of a failed host are left out unless forced: %s', async (_, parts) => {
    const tasks = [set('a', { notify: 'first' }), failing('b')]
    expect(pokes((await play(tasks)).did())).toEqual([])
    const forced = await play(tasks, { ...parts, ...('forceHandlers' in parts ? {} : { forceHandlers: true }), hosts: hosts(2) })
    expect([pokes(forced.did('h1')), pokes(forced.did('h2'))]).toEqual([['first'], ['first']])
    expect(outcomes(forced)).toEqual({ h1: 'failed', h2: 'failed' })
  })

  test('beh:E2 a play that says no wins over the command line that says yes', async () => {
    const { runPlays } = await import('../../../runner/engine/run.ts')
    const { playbook } = await import('../../../runner/playbook.ts')
    const world = new World()
    const tasks = () => [set('a', { notify: handler('x') }), failing('b')]
    const run = (forceHandlers?: boolean) =>
      runPlays({
        plays: [
          {
            playbook: playbook('p', { hosts: 'all', vars: z.any(), tasks, ...(forceHandlers === undefined ? {} : { forceHandlers }) }),
            hosts: [host('h1')],
          },
        ],
        connector: world,
        report: () => undefined,
        signal: new AbortController().signal,
        mode: 'apply',
        forks: 1,
        forceHandlers: true,
      })
    await run(false)
    expect(world.machine('h1').log).not.toContain('poke x')
    world.machine('h1').state.clear()
    await run()
    expect(world.machine('h1').log).toContain('poke x')
  })

  test('beh:E3 are flushed inside rescue and always', async () => {
    const tasks = [
      block('b', {
        tasks: [set('a', { notify: 'first' }), failing('x')],
        rescue: [flushHandlers(), set('b', { notify: 'second' })],
        always: [flushHandlers(), set('c')],
      }),
    ]
    const { did, summary } = await play(tasks)
    expect(did()).toEqual(['set a on', 'set x bad', 'poke first', 'set b on', 'poke second', 'set c on'])
    expect(summary.hosts['h1']).toMatchObject({ failed: 0, rescued: 1, outcome: 'fine' })
  })

  test('beh:E3 that fail in a flush stop their host only, whatever is fatal around the flush', async () => {
    const handlers = () => [failing('h', {})]
    const tasks = (name: string) => [
      set('a', name === 'h1' ? { notify: 'break h' } : {}),
      block('fatal', { tasks: [flushHandlers()] }, { anyErrorsFatal: true }),
      set('b'),
    ]
    expect(outcomes(await go({ handlers, tasks, hosts: hosts(2) }))).toEqual({ h1: 'failed', h2: 'fine' })
  })
})

describe('blocks', () => {
  test('beh:E4 a rescued failure is no failure', async () => {
    const tasks = [block('b', { tasks: [set('a'), failing('x'), set('never')], rescue: [set('r')], always: [set('w')] }), set('after')]
    const { did, summary, events } = await go({ tasks })
    expect(did()).toEqual(['set a on', 'set x bad', 'set r on', 'set w on', 'set after on'])
    expect(summary.hosts['h1']).toMatchObject({ rescued: 1, failed: 0, ok: 4, outcome: 'fine' })
    expect(events.find(({ type }) => type === 'rescued')).toMatchObject({ host: 'h1', task: 'b' })
  })

  test.each<[string, Parameters<typeof block>[1]]>([
    ['in rescue', { tasks: [failing('x')], rescue: [failing('y')], always: [set('w')] }],
    ['in always', { tasks: [set('x')], always: [set('w'), failing('y')] }],
    ['in always after a rescue', { tasks: [failing('x')], rescue: [set('r')], always: [set('w'), failing('y')] }],
  ])('beh:E4 a failure %s is one', async (_, parts) => {
    const { did, summary } = await go({ tasks: [block('b', parts), set('after')] })
    expect(summary.hosts['h1']).toMatchObject({ failed: 1, outcome: 'failed' })
    expect(did()).toContain('set w on')
    expect(did()).not.toContain('set after on')
  })

  test('beh:E4 always runs with no rescue too, and the failure stays', async () => {
    const { did, summary } = await go({ tasks: [block('b', { tasks: [failing('x')], always: [set('w')] }), set('after')] })
    expect(did()).toEqual(['set x bad', 'set w on'])
    expect(summary.hosts['h1']).toMatchObject({ failed: 1, rescued: 0, lastTask: 'break x' })
  })

  test('beh:E4 blocks stand in blocks: the next one around rescues', async () => {
    const inner = block('inner', { tasks: [failing('x')], rescue: [failing('y')], always: [set('i')] })
    const { did, summary } = await go({ tasks: [block('outer', { tasks: [inner], rescue: [set('o')] })] })
    expect(did()).toEqual(['set x bad', 'set y bad', 'set i on', 'set o on'])
    expect(summary.hosts['h1']).toMatchObject({ failed: 0, rescued: 2 })
  })

  test('beh:E5 an unreachable host is not rescued', async () => {
    const world = new World(undefined, { h1: { x: 'gone' } })
    const { summary, did } = await go({ world, tasks: [block('b', { tasks: [set('x')], rescue: [set('r')], always: [set('w')] })] })
    expect(summary.hosts['h1']).toMatchObject({ unreachable: 1, failed: 0, rescued: 0, outcome: 'unreachable' })
    expect(did()).toEqual([])
  })

  test('beh:E6 a fatal error lets all hosts of the batch finish the task, then stops the play; always still runs', async () => {
    const tasks = (name: string) => [
      block('b', { tasks: [failsOn('h2')(name), set('never')], rescue: name === 'h2' ? [] : [set('no rescue')], always: [set('w')] }),
      set('after'),
    ]
    const gone = await go({ tasks, hosts: hosts(3), anyErrorsFatal: true, serial: [3], forks: 2 })
    expect(outcomes(gone)).toEqual({ h1: 'stopped', h2: 'failed', h3: 'stopped' })
    for (const name of ['h1', 'h3']) expect(gone.did(name)).toEqual(['set x on', 'set w on'])
    expect(gone.did('h2')).toEqual(['set x bad', 'set w on'])
    expect(gone.events.find(({ type }) => type === 'playEnded')).toMatchObject({
      stopped: expect.stringContaining("'may fail' failed on h2"),
    })
  })

  test('beh:E6 a rescued error is not fatal', async () => {
    const tasks = (name: string) => [block('b', { tasks: [failsOn('h2')(name)], rescue: [set('r')] }), set('after')]
    expect(outcomes(await go({ tasks, hosts: hosts(2), anyErrorsFatal: true }))).toEqual({ h1: 'fine', h2: 'fine' })
  })
})
