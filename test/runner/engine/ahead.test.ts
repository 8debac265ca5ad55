import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Host } from '../../../runner/contract.ts'
import { defineModule } from '../../../runner/define.ts'
import { sh } from '../../../runner/sh.ts'
import { block, decide, flushHandlers, resultOf } from '../../../runner/steps.ts'
import { go, host, keep, latency, mirror, once, poke, set, value, World } from './world.ts'

const keys = Array.from({ length: 20 }, (_, index) => `k${index}`)
const converged = (): Record<string, string> => Object.fromEntries(keys.map((key) => [key, 'on']))
const trips = async (tasks: Parameters<typeof go>[0]['tasks'], state: Record<string, string> = {}, window = 64): Promise<number> => {
  const { summary } = await go({ tasks, window, world: new World(latency(2), { h1: state }) })
  return summary.hosts['h1']?.roundTrips ?? 0
}

describe('round trips', () => {
  test('a converged host of twenty tasks takes one, and twenty without look-ahead', async () => {
    const tasks = keys.map((key) => set(key))
    expect(await trips(tasks, converged())).toBe(1)
    expect(await trips(tasks, converged(), 1)).toBe(20)
  })

  test('actions that have nothing to do, blocks, flushes and decisions cost none of their own', async () => {
    const tasks = [
      set('k0'),
      once('nothing to do', { key: 'k1' }),
      block('b', { tasks: [set('k2'), flushHandlers()], rescue: [set('no')], always: [set('k3')] }),
      set('k4', { when: false }),
      decide('more', { x: value({ key: 'k5' }) }, ({ x }) => (x === 'on' ? [] : [set('no')])),
      set('k6'),
    ]
    expect(await trips(tasks, converged())).toBe(1)
  })

  test('a change costs one for itself and one for looking again', async () => {
    const state = converged()
    delete state['k10']
    expect(
      await trips(
        keys.map((key) => set(key)),
        state,
      ),
    ).toBeLessThanOrEqual(1 + 1 + 3)
    expect(
      await trips(
        keys.map((key) => set(key)),
        {},
      ),
    ).toBe(40)
  })

  test('what a decision brings and an action that acts cost one more', async () => {
    const more = decide('more', { x: value({ key: 'k5' }) }, () => [set('k6'), set('k7')])
    expect(await trips([set('k0'), more, set('k8')], converged())).toBe(2)
    expect(await trips([set('k0'), poke('p', { key: 'p' }), set('k8')], converged())).toBe(3)
  })
})

test('what was seen before a change is not believed after it', async () => {
  const { ends, world } = await go({
    tasks: [set('a', {}, 'new'), mirror('copy', { from: 'a', to: 'b' })],
    world: new World(undefined, { h1: { a: 'old', b: 'old' } }),
  })
  expect(ends).toEqual(['h1 changed keep a', 'h1 changed copy'])
  expect(world.machine('h1').state.get('b')).toBe('new')
})

test('a look ahead that fails is not heard of, unless it fails in its turn', async () => {
  const fine = await go({ tasks: [set('a'), mirror('copy', { from: 'a', to: 'b' })] })
  expect(fine.ends).toEqual(['h1 changed keep a', 'h1 changed copy'])
  expect(fine.world.machine('h1').log.filter((text) => text === 'get a')).toHaveLength(3)
  const broken = await go({ tasks: [set('a'), mirror('copy', { from: 'c', to: 'b' })] })
  expect(broken.ends).toEqual(['h1 changed keep a', 'h1 failed copy'])
})

test('a change on another host that is the same machine counts', async () => {
  const twins = [host('a', { machine: 'm' }), host('b', { machine: 'm' })]
  const tasks = (name: string) => [keep('x', { key: 'x', value: name }), mirror('copy', { from: 'x', to: `y-${name}` }), set('z')]
  const { ends, world } = await go({ tasks, hosts: twins })
  expect(world.machine('m').state.get('y-a')).toBe('b')
  expect(ends).toEqual(['a changed x', 'b changed x', 'a changed copy', 'b changed copy', 'a changed keep z', 'b ok keep z'])
})

test('a change by a delegated task counts', async () => {
  const tasks = (name: string) =>
    name === 'a'
      ? [keep('x', { key: 'x', value: 'new' }, { delegateTo: 'b' }), set('z')]
      : [set('w'), mirror('copy', { from: 'x', to: 'y' })]
  const { world, events } = await go({ tasks, hosts: [host('a'), host('b')], world: new World(undefined, { b: { x: 'old', w: 'on' } }) })
  expect(world.machine('b').state.get('x')).toBe('new')
  expect(world.machine('b').state.get('y')).toBe('new')
  expect(events.find((event) => event.type === 'ok' && event.task === 'x')).toMatchObject({ host: 'a', delegate: 'b' })
})

test('a change on the controller counts: modules read files there', async () => {
  const files = new Map([['f', 'old']])
  const local = defineModule({
    name: 'local',
    params: z.object({}),
    check: async () => ({ is: files.get('f') ?? '' }),
    want: () => ({ is: 'new' }),
    apply: async () => void files.set('f', 'new'),
  })
  const send = defineModule({
    name: 'send',
    params: z.object({}),
    check: async (_, on) => ({ is: (await on.probe(sh`get f`)).stdout, source: files.get('f') ?? '' }),
    want: (_, { source }) => ({ is: source, source }),
    apply: async ({ want: { is } }, on) => void (await on.run(sh`set f ${is}`)),
  })
  const here: Host = { name: 'here', vars: {}, connection: { kind: 'local' } }
  const tasks = (name: string) => {
    const first = name === 'here' ? local('make', {}) : set('a')
    return [first, send('send', {})]
  }
  const { world } = await go({ tasks, hosts: [here, host('there')] })
  expect(world.machine('there').state.get('f')).toBe('new')
})

test('nothing is asked beyond a delegated task, one that runs once, one that is throttled, another user', async () => {
  const looks = async (options: Parameters<typeof set>[1]): Promise<readonly string[]> => {
    const { world } = await go({ tasks: [set('a'), set('b', options), set('c')], hosts: [host('h1'), host('h2')] })
    const { log } = world.machine('h1')
    return log.slice(0, log.indexOf('set a on'))
  }
  expect(await looks({})).toEqual(['get a', 'get b', 'get c'])
  for (const options of [{ delegateTo: 'h2' }, { runOnce: true }, { throttle: 1 }, { become: { user: 'app' } }])
    expect(await looks(options)).toEqual(['get a'])
})

test('what an earlier task ended with decides: resultOf', async () => {
  const made = set('a')
  const decision = decide('on change', { made: resultOf(made), never: resultOf(set('never')) }, (found) =>
    found.made.changed && found.never.skipped ? [keep('b', { key: 'b', value: `was-${String(found.made.returned['was'])}` })] : [],
  )
  expect((await go({ tasks: [made, decision] })).did()).toEqual(['set a on', 'set b was-on'])
  expect((await go({ tasks: [made, decision], world: new World(undefined, { h1: { a: 'on' } }) })).did()).toEqual([])
})
