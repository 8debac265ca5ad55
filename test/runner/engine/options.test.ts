/** What tasks, plays and runs may be told, beyond the behaviours that have a number. */
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Result, Task } from '../../../runner/contract.ts'
import { defineAction } from '../../../runner/define.ts'
import { runPlays } from '../../../runner/engine/run.ts'
import { TaskFailed } from '../../../runner/errors.ts'
import type { RunEvent } from '../../../runner/events.ts'
import { playbook } from '../../../runner/playbook.ts'
import { Secret } from '../../../runner/secret.ts'
import { sh } from '../../../runner/sh.ts'
import { block, decide, meta, resultOf } from '../../../runner/steps.ts'
import { go, host, hosts, keep, mirror, poke, set, value, World } from './world.ts'

const types = (events: readonly RunEvent[], task: string): readonly string[] =>
  events.flatMap((event) => ('task' in event && event.task === task ? [event.type] : []))

describe('until, retries, delay', () => {
  test('a task is tried until it holds, with the pauses asked for', async () => {
    const pauses: number[] = []
    const until = ({ returned }: Result): boolean => Number(returned['count']) >= 3
    const gone = await go({ tasks: [poke('p', { key: 'n' }, { until, retries: 5, delay: 2 })], sleep: async (ms) => void pauses.push(ms) })
    expect(gone.did()).toEqual(['poke n', 'poke n', 'poke n'])
    expect(pauses).toEqual([2000, 2000])
    expect(gone.summary.hosts['h1']).toMatchObject({ ok: 1, changed: 1 })
    expect(types(gone.events, 'p').filter((type) => type === 'retrying')).toHaveLength(2)
  })

  test('three times again without retries; then it is a failure that says so', async () => {
    const gone = await go({ tasks: [poke('p', { key: 'n' }, { until: () => false })] })
    expect(gone.did()).toHaveLength(4)
    expect(gone.summary.hosts['h1']?.error?.message).toBe('what it waits for is not so yet, after 4 tries')
  })

  test('a failure is tried again where retries says so, and a change of an earlier try is one', async () => {
    let left = 2
    const flaky = defineAction({
      name: 'flaky',
      params: z.object({}),
      run: async (_, on) => {
        left -= 1
        if (left >= 0) throw new TaskFailed('not yet')
        await on.run(sh`poke done`)
      },
    })
    expect((await go({ tasks: [flaky('f', {}, { retries: 2 })] })).did()).toEqual(['poke done'])
    left = 2
    expect((await go({ tasks: [flaky('f', {}, { retries: 1 })] })).summary.hosts['h1']).toMatchObject({ failed: 1 })
    const settle = keep('k', { key: 'a', value: 'on' }, { until: ({ changed }) => !changed, notify: poke('h', { key: 'h' }) })
    const settled = await go({ tasks: [settle] })
    expect(settled.did()).toEqual(['set a on', 'poke h'])
  })

  test('an until that throws is a failure of its task', async () => {
    const until = ({ returned }: Result): boolean => String((returned['list'] as { length: number }).length) === ''
    expect((await go({ tasks: [poke('p', { key: 'n' }, { until })] })).summary.hosts['h1']).toMatchObject({ failed: 1, outcome: 'failed' })
  })

  test.each([
    [{ retries: -1 }, /retries to be a whole number from 0/],
    [{ delay: Number.NaN }, /delay to be a number of seconds/],
    [{ throttle: 0 }, /throttle to be a whole number from 1/],
    [{ async: 0 }, /async to be a number of seconds, more than 0/],
  ])('%j is refused before anything is contacted', async (options, says) => {
    const world = new World()
    await expect(go({ tasks: [poke('p', { key: 'n' }, options)], world })).rejects.toThrow(says)
    expect(world.connects).toEqual([])
  })

  test('check mode tries once', async () => {
    expect((await go({ mode: 'check', tasks: [poke('p', { key: 'n' }, { until: () => false })] })).ends).toEqual(['h1 changed p'])
  })
})

describe('changedWhen, failedWhen', () => {
  const say = defineAction({
    name: 'say',
    params: z.object({ rc: z.number() }),
    run: async ({ rc }) => {
      if (rc !== 0) throw new TaskFailed('non-zero', { rc })
      return { rc }
    },
  })
  test.each([
    [0, {}, 'changed'],
    [0, { changedWhen: () => false }, 'ok'],
    [3, {}, 'failed'],
    [3, { failedWhen: ({ rc }: { rc?: unknown }) => rc !== 3 }, 'changed'],
    [3, { failedWhen: ({ rc }: { rc?: unknown }) => rc === 3 }, 'failed'],
    [0, { failedWhen: () => true }, 'failed'],
  ])('exit %i with %j is %s', async (rc, options, expected) => {
    expect((await go({ tasks: [say('s', { rc }, options)] })).ends).toEqual([`h1 ${expected} s`])
  })
})

describe('decisions', () => {
  test('in check mode, what an earlier change decides is unknown; before any change it is not', async () => {
    const more = decide('more', { it: value({ key: 'x' }) }, () => [set('y')])
    expect((await go({ mode: 'check', tasks: [set('a'), more] })).ends).toEqual(['h1 changed keep a', 'h1 unknown more'])
    expect((await go({ mode: 'check', tasks: [more] })).ends).toEqual(['h1 changed keep y'])
  })

  test('in check mode, what an earlier task ended with is known where that is', async () => {
    const made = set('a')
    const more = decide('more', { made: resultOf(made) }, (found) => (found.made.changed ? [set('y')] : []))
    expect((await go({ mode: 'check', tasks: [made, more] })).ends).toEqual(['h1 changed keep a', 'h1 changed keep y'])
  })

  test('a look that fails, and steps that are wrong, are failures with the title and place of the decision', async () => {
    const world = () => new World(undefined, { h1: { x: 'unreadable' } })
    const broken = await go({ tasks: [decide('which', { it: value({ key: 'x' }) }, () => [])], world: world() })
    expect(broken.events.find(({ type }) => type === 'failed')).toMatchObject({
      task: 'which',
      module: 'decide',
      where: expect.stringMatching(/options\.test\.ts:\d+$/),
    })
    const wrong = await go({ tasks: [decide('which', {}, () => [set('a', { notify: 'nobody' })])] })
    expect(wrong.summary.hosts['h1']?.error?.message).toMatch(/notifies 'nobody'/)
    const rescued = await go({
      tasks: [block('b', { tasks: [decide('which', { it: value({ key: 'x' }) }, () => [])], rescue: [set('r')] })],
      world: world(),
    })
    expect(rescued.summary.hosts['h1']).toMatchObject({ failed: 0, rescued: 1 })
  })

  test('what they found is told, and hidden under noLog', async () => {
    const found = async (noLog: boolean) =>
      (
        await go({
          tasks: [decide('d', { it: value({ key: 'x' }) }, () => [], { noLog })],
          world: new World(undefined, { h1: { x: 'on' } }),
        })
      ).events.find(({ type }) => type === 'found')
    expect(await found(false)).toMatchObject({ found: { it: 'on' } })
    expect(await found(true)).toMatchObject({ found: null })
  })
})

describe('facts', () => {
  const facts = { a: value({ key: 'a' }), b: value({ key: 'b' }) }
  const play = (given: { world?: World; cache?: Map<string, string> } = {}) => {
    const { world = new World(undefined, { h1: { a: '1', b: '2' } }), cache = new Map() } = given
    const events: RunEvent[] = []
    const run = runPlays({
      plays: [
        {
          playbook: playbook('p', {
            hosts: 'all',
            vars: z.object({}),
            facts,
            // Typed: `found.a` is a string.
            tasks: ({ facts: found }) => [keep('sum', { key: 'sum', value: `${found.a.toUpperCase()}-${found.b}` })],
          }),
          hosts: [host('h1')],
        },
      ],
      connector: world,
      report: (event) => events.push(event),
      signal: new AbortController().signal,
      mode: 'apply',
      forks: 1,
      facts: {
        get: (one, key) => cache.get(`${one.name} ${key}`),
        set: (one, key, seen) => void cache.set(`${one.name} ${key}`, String(seen)),
      },
    })
    return { run, events, world, cache }
  }

  test('are gathered in one round trip before the tasks are made, and typed', async () => {
    const { run, events, world } = play()
    const { hosts: all } = await run
    expect(world.machine('h1').state.get('sum')).toBe('1-2')
    expect(all['h1']).toMatchObject({ ok: 1, roundTrips: 3 })
    expect(events.find(({ type }) => type === 'found')).toMatchObject({ found: { a: '1', b: '2' } })
  })

  test('of a cache are believed', async () => {
    const first = play()
    await first.run
    const second = play({ world: new World(undefined, { h1: { a: 'x', b: 'y', sum: '1-2' } }), cache: first.cache })
    expect((await second.run).hosts['h1']).toMatchObject({ changed: 0, roundTrips: 1 })
  })

  test('that cannot be seen are a failure of the host', async () => {
    const { run, events } = play({ world: new World(undefined, { h1: { a: 'unreadable' } }) })
    expect((await run).hosts['h1']).toMatchObject({ failed: 1, outcome: 'failed' })
    expect(events.find(({ type }) => type === 'failed')).toMatchObject({ task: 'p', error: new Error('cannot look at a') })
  })
})

describe('another user, another environment', () => {
  const log = async (options: Parameters<typeof set>[1], more: Partial<Parameters<typeof go>[0]> = {}): Promise<string | undefined> =>
    (await go({ tasks: [set('a', options)], ...more })).did()[0]

  test.each<[string, Parameters<typeof set>[1], Partial<Parameters<typeof go>[0]>, string]>([
    ['nobody', {}, {}, 'set a on'],
    ['root by default', { become: true }, {}, 'root: set a on'],
    ['whom the task names', { become: { user: 'app' } }, { play: { become: { user: 'web' } } }, 'app: set a on'],
    ['whom the play names', { become: true }, { play: { become: { user: 'web' } } }, 'web: set a on'],
    ['nobody, where the task says so', { become: false }, { play: { become: true } }, 'set a on'],
    ['whom the inventory names', {}, { hosts: [host('h1', { become: { user: 'inv' } })] }, 'inv: set a on'],
    ['whom the run names', {}, { become: { user: 'cli' } }, 'cli: set a on'],
  ])('becomes %s', async (_, options, more, expected) => expect(await log(options, more)).toBe(expected))

  test('the nearest password counts', async () => {
    const seen: unknown[] = []
    class Watched extends World {
      override async connect(...given: Parameters<World['connect']>) {
        const connection = await super.connect(...given)
        return {
          ...connection,
          as: async (as: never) => {
            seen.push(as)
            return connection
          },
        }
      }
    }
    const [own, inventory, run] = ['own', 'inventory', 'run'].map((word) => new Secret(word)) as [Secret, Secret, Secret]
    const at = (options: Parameters<typeof set>[1], more: Partial<Parameters<typeof go>[0]>) =>
      go({ tasks: [set('a', options)], world: new Watched(), becomePassword: run, ...more })
    await at({ become: { password: own } }, { hosts: [host('h1', { becomePassword: inventory })] })
    await at({ become: true }, { hosts: [host('h1', { becomePassword: inventory })] })
    await at({ become: { method: 'su' } }, {})
    expect(seen).toEqual([
      { user: 'root', method: 'sudo', password: own },
      { user: 'root', method: 'sudo', password: inventory },
      { user: 'root', method: 'su', password: run },
    ])
  })

  test('a connection that cannot is an error that says so', async () => {
    const world = new World()
    const connector = { connect: async (...given: Parameters<World['connect']>) => ({ ...(await world.connect(...given)), as: undefined }) }
    const { summary } = await go({ tasks: [set('a', { become: true })], world: connector as unknown as World })
    expect(summary.hosts['h1']?.error?.message).toBe('h1: its connection cannot become another user (asked for root)')
  })

  test('the environment of play and task reaches every command of a task, looks too', async () => {
    const seen: unknown[] = []
    class Watched extends World {
      override async connect(...given: Parameters<World['connect']>) {
        const connection = await super.connect(...given)
        const watch = <T extends keyof typeof connection>(verb: 'probe' | 'run') =>
          (async (command: never, options: { environment?: object }) => {
            seen.push(options?.environment)
            return connection[verb](command, options as never)
          }) as unknown as (typeof connection)[T]
        return { ...connection, probe: watch<'probe'>('probe'), run: watch<'run'>('run') }
      }
    }
    await go({ tasks: [set('a', { environment: { B: 'task' } })], world: new Watched(), play: {}, environment: { A: 'play', B: 'play' } })
    expect(seen).toEqual([
      { A: 'play', B: 'task' },
      { A: 'play', B: 'task' },
    ])
  })
})

describe('delegation', () => {
  test('to localhost needs no inventory entry; to nobody is an error before anything is contacted', async () => {
    const { world, ends } = await go({ tasks: [set('a', { delegateTo: 'localhost' })] })
    expect(ends).toEqual(['h1 changed keep a'])
    expect(world.connects).toEqual(['localhost'])
    const before = new World()
    await expect(go({ tasks: [set('a', { delegateTo: 'nobody' })], world: before })).rejects.toThrow(
      /world\.ts:\d+: expected delegateTo to name a host .* got 'nobody'/,
    )
    expect(before.connects).toEqual([])
  })
})

describe('plays', () => {
  const run = async (world: World, ...plays: readonly Task[][]) => {
    const events: RunEvent[] = []
    const all = plays.map((tasks, index) => ({
      playbook: playbook(`p${index + 1}`, { hosts: 'all', vars: z.any(), tasks: () => tasks }),
      hosts: hosts(2),
    }))
    const summary = await runPlays({
      plays: all,
      connector: world,
      report: (event) => events.push(event),
      signal: new AbortController().signal,
      mode: 'apply',
      forks: 5,
    })
    return { summary, events }
  }

  test('run one after the other over one connection a host; who failed is left out of the later ones', async () => {
    const world = new World(undefined, { h1: { x: 'unreadable' } })
    const { summary, events } = await run(world, [set('x')], [set('y')])
    expect(events.flatMap((event) => (event.type === 'playStarted' ? [event.hosts] : []))).toEqual([['h1', 'h2'], ['h2']])
    expect(summary.hosts).toMatchObject({ h1: { failed: 1, ok: 0 }, h2: { ok: 2, changed: 2, outcome: 'fine' } })
    expect(world.connects).toEqual(['h1', 'h2'])
    expect(world.closed).toBe(2)
  })

  test('whose functions throw are an error with file and line, before anything is contacted', async () => {
    const world = new World()
    const tasks = (): never => {
      throw new TypeError('no such thing')
    }
    await expect(go({ tasks, world })).rejects.toThrow(
      /^playbook 'the play' \(.*world\.ts:\d+\): its steps for h1 cannot be made: no such thing$/,
    )
    expect(world.connects).toEqual([])
  })

  test('end with the run when all hosts failed', async () => {
    const { events } = await run(new World(), [set('x', {}, 'bad')], [set('y')])
    expect(events.filter(({ type }) => type === 'playStarted')).toHaveLength(1)
  })

  test('a host may be told to end, or the play to end for all; handlers do not run then', async () => {
    const end = (what: 'endHost' | 'endPlay') =>
      go({
        tasks: (name) => [set('a', { notify: poke('h', { key: 'h' }) }), meta(what, { when: name === 'h1' }), set('b')],
        hosts: hosts(2),
      })
    const one = await end('endHost')
    expect([one.did('h1'), one.did('h2')]).toEqual([['set a on'], ['set a on', 'set b on', 'poke h']])
    expect(one.summary.hosts['h1']).toMatchObject({ outcome: 'fine', ok: 1 })
    const all = await end('endPlay')
    expect([all.did('h1'), all.did('h2')]).toEqual([['set a on'], ['set a on']])
  })

  test('a connection may be made anew', async () => {
    const { world } = await go({ tasks: [set('a'), meta('resetConnection'), set('b')] })
    expect(world.connects).toEqual(['h1', 'h1'])
  })

  test('may begin at a task', async () => {
    const tasks = [set('a'), block('b', { tasks: [set('b'), set('c')], always: [set('d')] })]
    expect((await go({ tasks, startAt: 'keep c' })).did()).toEqual(['set c on', 'set d on'])
    expect((await go({ tasks, startAt: '*b' })).did()).toEqual(['set b on', 'set c on', 'set d on'])
  })
})

test('an interrupt ends pauses, lets nobody begin, and does not run always', async () => {
  const stop = new AbortController()
  const { summary, did } = await go({
    tasks: [block('b', { tasks: [poke('p', { key: 'n' }, { until: () => false })], always: [set('w')] })],
    signal: stop.signal,
    sleep: async () => stop.abort(),
  })
  expect(summary.interrupted).toBe(true)
  expect(did()).toEqual(['poke n'])
  expect(summary.hosts['h1']?.outcome).toBe('interrupted')
})

test('in check mode a look that fails after a foreseen change is unknown, also where it was made ahead', async () => {
  expect((await go({ mode: 'check', tasks: [set('a'), mirror('copy', { from: 'a', to: 'b' })] })).ends).toEqual([
    'h1 changed keep a',
    'h1 unknown copy',
  ])
})
