/** Engine behaviours E7 to E15: many hosts, secrets, tags. E14 is the command line's; what E12 asks of logs is the reporters' too. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Task } from '../../../runner/contract.ts'
import { defineAction } from '../../../runner/define.ts'
import { Secret } from '../../../runner/secret.ts'
import { block, decide } from '../../../runner/steps.ts'
import { type Gone, go, hosts, keep, poke, set, value, World } from './world.ts'

const _pokes = (log: readonly string[]): readonly string[] => log.filter((text) => text.startsWith('poke')).map((text) => text.slice(5))
const handler = (key: string, options: Parameters<typeof poke>[2] = {}): Task => poke(key, { key }, options)
const failing = (key: string, options: Parameters<typeof keep>[2] = {}): Task => keep(`break ${key}`, { key, value: 'bad' }, options)
const outcomes = ({ summary }: Gone): Record<string, string> =>
  Object.fromEntries(Object.entries(summary.hosts).map(([name, { outcome }]) => [name, outcome]))
/** A task that fails on these hosts and changes something on the others. */
const failsOn =
  (...names: readonly string[]) =>
  (name: string): Task =>
    keep('may fail', { key: 'x', value: names.includes(name) ? 'bad' : 'on' })

describe('strategies', () => {
  /** Takes as long as it is told, and takes down how many do so at once. */
  const watch = () => {
    const seen = { now: 0, most: 0, log: [] as string[] }
    const work = defineAction({
      name: 'work',
      params: z.object({ name: z.string(), ms: z.number().default(5) }),
      run: async ({ name, ms }) => {
        seen.now += 1
        seen.most = Math.max(seen.most, seen.now)
        seen.log.push(name)
        await sleep(ms)
        seen.now -= 1
      },
    })
    return { seen, work }
  }

  test('linear: nobody begins a task before all have ended the one before', async () => {
    const { seen, work } = watch()
    const tasks = (name: string) => ['a', 'b'].map((task) => work(task, { name: `${task} ${name}`, ms: name === 'h1' ? 20 : 1 }))
    await go({ tasks, hosts: hosts(3) })
    expect(seen.log).toEqual(['a h1', 'a h2', 'a h3', 'b h1', 'b h2', 'b h3'])
  })

  test('beh:E7 free: nobody waits for others', async () => {
    const { seen, work } = watch()
    const tasks = (name: string) => ['a', 'b'].map((task) => work(task, { name: `${task} ${name}`, ms: name === 'h1' ? 40 : 1 }))
    await go({ tasks, hosts: hosts(2), strategy: 'free' })
    expect(seen.log).toEqual(['a h1', 'a h2', 'b h2', 'b h1'])
  })

  test('beh:E7 free: what a decision brings as the last thing of always runs', async () => {
    const tasks = (name: string) => [
      block('b', {
        tasks: [failsOn('h1')(name)],
        always: [decide('more', { x: value({ key: 'x' }) }, ({ x }) => [set(`last-${x === '' ? 'none' : x}`)])],
      }),
    ]
    const gone = await go({ tasks, hosts: hosts(2), strategy: 'free' })
    expect([gone.did('h1').at(-1), gone.did('h2').at(-1)]).toEqual(['set last-none on', 'set last-on on'])
  })

  test('beh:E8 host_pinned: at most `forks` hosts are under way until each is done', async () => {
    const { seen, work } = watch()
    const tasks = (name: string) => ['a', 'b', 'c'].map((task) => work(task, { name: `${task} ${name}` }))
    const { events } = await go({ tasks, hosts: hosts(5), strategy: 'host_pinned', forks: 2 })
    let [active, most] = [0, 0]
    for (const { type } of events) {
      if (type === 'hostStarted') active += 1
      if (type === 'hostEnded') active -= 1
      most = Math.max(most, active)
    }
    expect(most).toBe(2)
    expect(seen.most).toBe(2)
    expect(seen.log.slice(0, 2)).toEqual(['a h1', 'a h2'])
  })

  test.each(['linear', 'free', 'host_pinned'] as const)(
    'beh:E9 12 forks with a throttle of 3: never more than 3 at once (%s)',
    async (strategy) => {
      const { seen, work } = watch()
      const tasks = (name: string) => [work('slow', { name, ms: 3 }, { throttle: 3 })]
      const { summary } = await go({ tasks, hosts: hosts(12), forks: 12, strategy })
      expect(seen.most).toBe(3)
      expect(Object.values(summary.hosts).every(({ ok }) => ok === 1)).toBe(true)
    },
  )

  test('a throttle beyond the forks allows no more than those; a play may have fewer forks than the run', async () => {
    const { seen, work } = watch()
    await go({ tasks: (name) => [work('slow', { name }, { throttle: 9 })], hosts: hosts(6), forks: 2 })
    expect(seen.most).toBe(2)
  })
})

describe('once for all', () => {
  test('beh:E10 the first host of the batch runs it, and what it ended with goes to all', async () => {
    const pick = (name: string): Task => keep('choose', { key: 'x', value: name }, { runOnce: true, notify: handler(`of ${name}`) })
    const gone = await go({ tasks: (name) => [pick(name)], hosts: hosts(3) })
    expect(gone.ends.slice(0, 3)).toEqual(['h1 changed choose', 'h2 changed choose', 'h3 changed choose'])
    expect([gone.did('h1'), gone.did('h2')]).toEqual([['set x h1', "poke 'of h1'"], ["poke 'of h2'"]])
    expect(gone.did('h3')).toEqual(["poke 'of h3'"])
    const returned = gone.events.flatMap((event) => (event.type === 'ok' && event.task === 'choose' ? [event.returned] : []))
    expect(returned).toEqual([{ was: 'h1' }, { was: 'h1' }, { was: 'h1' }])
  })

  test('beh:E10 with serial once a batch; its condition counts on the first host only', async () => {
    const tasks = (name: string) => [set('x', { runOnce: true, when: name === 'h1' })]
    const gone = await go({ tasks, hosts: hosts(4), serial: 2 })
    expect(gone.ends).toEqual(['h1 changed keep x', 'h2 changed keep x', 'h3 skipped keep x', 'h4 skipped keep x'])
    expect(['h1', 'h2', 'h3', 'h4'].map((name) => gone.did(name).length)).toEqual([1, 0, 0, 0])
  })

  test('beh:E10 its failure is the failure of all', async () => {
    expect(outcomes(await go({ tasks: [failing('x', { runOnce: true })], hosts: hosts(2) }))).toEqual({ h1: 'failed', h2: 'failed' })
  })
})

describe('batches', () => {
  const sizes = async (serial: Parameters<typeof go>[0]['serial'], count = 10): Promise<readonly number[]> => {
    const { events } = await go({ tasks: [set('a')], hosts: hosts(count), ...(serial === undefined ? {} : { serial }) })
    return events.flatMap((event) => (event.type === 'batchStarted' ? [event.hosts.length] : []))
  }

  test.each([
    [3, [3, 3, 3, 1]],
    ['25%', [2, 2, 2, 2, 2]],
    ['1%', Array(10).fill(1)],
    [
      [1, '50%'],
      [1, 5, 4],
    ],
    [
      [2, 3],
      [2, 3, 3, 2],
    ],
    ['100%', [10]],
  ] as const)('beh:E11 serial %j gives batches of %j', async (serial, expected) => {
    expect(await sizes(serial as Parameters<typeof sizes>[0])).toEqual(expected)
  })

  test.each([[0], ['half'], [1.5], [[2, -1]]])('beh:E11 serial %j is refused before anything is contacted', async (serial) => {
    const world = new World()
    await expect(go({ tasks: [], serial: serial as number, world })).rejects.toThrow(/test\/.*:\d+: expected serial to be a whole number/)
    expect(world.connects).toEqual([])
  })

  test('beh:E11 when all hosts of a batch failed, the play stops', async () => {
    const gone = await go({ tasks: (name) => [failsOn('h1', 'h2')(name)], hosts: hosts(5), serial: 2 })
    expect(outcomes(gone)).toEqual({ h1: 'failed', h2: 'failed' })
    const some = await go({ tasks: (name) => [failsOn('h1', 'h4')(name)], hosts: hosts(5), serial: 2 })
    expect(outcomes(some)).toEqual({ h1: 'failed', h2: 'fine', h3: 'fine', h4: 'failed', h5: 'fine' })
  })

  test.each([
    [49, { h1: 'failed', h2: 'failed', h3: 'stopped', h4: 'stopped' }],
    [50, { h1: 'failed', h2: 'failed', h3: 'fine', h4: 'fine' }],
  ])('more than %i%% failed hosts end the play', async (maxFailPercentage, expected) => {
    const tasks = (name: string) => [failsOn('h1', 'h2')(name), set('after')]
    expect(outcomes(await go({ tasks, hosts: hosts(4), maxFailPercentage }))).toEqual(expected)
  })
})

describe('secrets and tags', () => {
  test('beh:E12 noLog of play, block or task: that it ran, how it ended, and nothing else; values that set it off again show', async () => {
    const params = (key: string) => ({ key, value: `secret-${key}` })
    const tasks = [
      block('b', { tasks: [keep('one', params('a')), keep('two', params('b'), { noLog: false })] }, { noLog: true }),
      keep('three', { key: 'c', value: 'bad' }, { noLog: true, ignoreErrors: true }),
      ...['x', 'y'].map((item) => keep('loop', params(item), { noLog: true })),
    ]
    const { events } = await go({ tasks })
    const said = JSON.stringify(events, (_, part: unknown) => (part instanceof Error ? [part.message, part.stack] : part))
    expect(said.match(/secret-\w/g)?.every((word) => word === 'secret-b')).toBe(true)
    expect(said).not.toContain('cannot set')
    expect(said).toContain('secret-b')
  })

  test('beh:E12 a Secret among the parameters, also one inside another, is in no event even without noLog', async () => {
    const echo = defineAction({
      name: 'echo',
      params: z.object({ deep: z.object({ list: z.array(z.instanceof(Secret)) }) }),
      run: async ({ deep }) => ({ said: deep.list.map((secret) => secret.reveal()).join() }),
    })
    const { events } = await go({ tasks: [echo('say', { deep: { list: [new Secret('hunter22')] } })] })
    expect(JSON.stringify(events)).not.toContain('hunter22')
    expect(JSON.stringify(events)).toContain('***')
  })

  const tagged = [
    set('plain'),
    set('web', { tags: ['web'] }),
    set('db', { tags: ['db'] }),
    set('always', { tags: ['always'] }),
    set('never', { tags: ['never', 'debug'] }),
    block('b', { tasks: [set('in block'), set('in block db', { tags: ['db'] })] }, { tags: ['web'] }),
  ]
  test.each([
    [{}, ['plain', 'web', 'db', 'always', 'in block', 'in block db']],
    [{ only: ['web'] }, ['web', 'always', 'in block', 'in block db']],
    [{ only: ['db'] }, ['db', 'always', 'in block db']],
    [{ only: ['debug'] }, ['always', 'never']],
    [{ only: ['never'] }, ['always', 'never']],
    [{ only: ['tagged'] }, ['web', 'db', 'always', 'in block', 'in block db']],
    [{ only: ['untagged'] }, ['plain', 'always']],
    [{ skip: ['web'] }, ['plain', 'db', 'always']],
    [{ skip: ['always'] }, ['plain', 'web', 'db', 'in block', 'in block db']],
    [{ only: ['web'], skip: ['db'] }, ['web', 'always', 'in block']],
    [{ only: ['all', 'debug'], skip: ['tagged'] }, ['plain']],
  ])('beh:E13 tags %j run %j', async (tags, expected) => {
    const { ends } = await go({ tasks: tagged, tags })
    expect(ends.map((end) => end.replace('h1 changed keep ', ''))).toEqual(expected)
  })

  test('beh:E13 tags of the play and of a decision reach all that is in them', async () => {
    const brought = decide('more', {}, () => [set('brought')], { tags: ['late'] })
    expect((await go({ tasks: [set('a'), brought], tags: { only: ['late'] } })).ends).toEqual(['h1 changed keep brought'])
    expect((await go({ tasks: [set('a')], tags: { only: ['site'] }, play: { tags: ['site'] } })).ends).toEqual(['h1 changed keep a'])
  })
})

describe('unreachable hosts', () => {
  const world = (): World => new World(undefined, { h1: { x: 'gone' } })

  test('beh:E15 a task may ignore it: the host goes on with a new connection', async () => {
    const gone = await go({ tasks: [set('x', { ignoreUnreachable: true }), set('y')], world: world() })
    expect(gone.ends).toEqual(['h1 unreachable keep x', 'h1 changed keep y'])
    expect(gone.summary.hosts['h1']).toMatchObject({ unreachable: 0, ignored: 1, ok: 1, outcome: 'fine' })
    expect(gone.world.connects).toEqual(['h1', 'h1'])
  })

  test('beh:E15 a play may, also where the host never answers; a task may take that back', async () => {
    const down = world()
    down.down.add('h1')
    const all = await go({ tasks: [set('a'), set('b')], ignoreUnreachable: true, world: down })
    expect(all.ends).toEqual(['h1 unreachable keep a', 'h1 unreachable keep b'])
    expect(all.summary.hosts['h1']).toMatchObject({ ignored: 2, outcome: 'fine' })
    const one = await go({ tasks: [set('x', { ignoreUnreachable: false }), set('y')], ignoreUnreachable: true, world: world() })
    expect(one.summary.hosts['h1']).toMatchObject({ unreachable: 1, outcome: 'unreachable' })
  })
})
