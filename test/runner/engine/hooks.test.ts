/** Where others have a say in a run: guard and resume. */
import { describe, expect, test } from 'vitest'
import type { Result } from '../../../runner/contract.ts'
import { TaskFailed } from '../../../runner/errors.ts'
import type { Resumed } from '../../../runner/hooks.ts'
import { block, decide, resultOf } from '../../../runner/steps.ts'
import { go, poke, set, value, World } from './world.ts'

describe('a guard', () => {
  test('is asked right before something is applied, and whoever throws refuses it', async () => {
    const asked: string[] = []
    const guard: Parameters<typeof go>[0]['guard'] = (one, { id, task }, plan) => {
      asked.push(`${one.name} ${task.title} ${JSON.stringify(plan.want)} ${/#1$/.test(id)}`)
      if (task.title === 'keep b') throw new TaskFailed('not in the plan')
    }
    const { did, summary } = await go({ tasks: [set('a'), set('b')], ...(guard === undefined ? {} : { guard }) })
    expect(asked).toEqual(['h1 keep a {"value":"on"} true', 'h1 keep b {"value":"on"} false'])
    expect(did()).toEqual(['set a on'])
    expect(summary.hosts['h1']).toMatchObject({ failed: 1, error: new TaskFailed('not in the plan') })
  })
})

describe('a run that goes on', () => {
  const made = set('a', { notify: 'h' })
  const tasks = [
    made,
    decide('d', { it: value({ key: 'x' }), made: resultOf(made) }, ({ it, made: { changed } }) =>
      it === '' && changed ? [set('b')] : [set('wrong')],
    ),
    poke('p', { key: 'p' }),
    set('z'),
  ]
  const handlers = () => [poke('h', { key: 'h' })]
  const idsOf = async () => {
    const { events } = await go({ tasks, handlers })
    return new Map(events.flatMap((event) => ('task' in event && 'id' in event ? [[event.task, event.id] as const] : [])))
  }
  const result: Result = { changed: true, failed: false, skipped: false, unknown: false, returned: {} }
  const resume = (resumed: Partial<Resumed>) => (): Resumed => ({
    ended: new Map(),
    found: new Map(),
    pending: [],
    begun: new Set(),
    ...resumed,
  })

  test('does not do again what ended, takes decisions as they were, and runs what was pending', async () => {
    const ids = await idsOf()
    const id = (task: string): string => ids.get(task) ?? ''
    const { ends, did } = await go({
      tasks,
      handlers,
      world: new World(undefined, { h1: { x: 'meanwhile' } }),
      resume: resume({
        ended: new Map([[id('keep a'), result]]),
        found: new Map([[id('d'), { it: '', made: { ...result } }]]),
        pending: [id('h').split('@')[0] ?? ''],
      }),
    })
    expect(ends).toEqual(['h1 changed keep b', 'h1 changed p', 'h1 changed keep z', 'h1 changed h'])
    expect(did()).toEqual(['set b on', 'poke p', 'set z on', 'poke h'])
  })

  test('asks where an action was begun and not ended, and looks again at a module', async () => {
    const ids = await idsOf()
    const action = await go({ tasks, handlers, resume: resume({ begun: new Set([ids.get('p') ?? '']) }) })
    expect(action.summary.hosts['h1']?.error?.message).toMatch(
      /^poke 'p' \(.*:\d+\) was begun by the run before, and nobody knows whether it finished\. Find out/,
    )
    const module = await go({ tasks, handlers, resume: resume({ begun: new Set([ids.get('keep z') ?? '']) }) })
    expect(module.summary.hosts['h1']).toMatchObject({ outcome: 'fine' })
  })

  test('a host that asks does nothing more, whatever blocks and options say of failures', async () => {
    const steps = [
      block('b', { tasks: [poke('p', { key: 'p' }, { ignoreErrors: true, until: () => false })], rescue: [set('r')], always: [set('z')] }),
      set('y'),
    ]
    const { events } = await go({ tasks: steps })
    const begun = new Set(events.flatMap((event) => (event.type === 'taskStarted' && event.task === 'p' ? [event.id] : [])))
    const asked = await go({ tasks: steps, forceHandlers: true, resume: resume({ begun }) })
    expect(asked.ends).toEqual(['h1 failed p'])
    expect(asked.did()).toEqual([])
  })

  test('does not decide by what it does not know any more', async () => {
    const ids = await idsOf()
    const id = ids.get('keep a') ?? ''
    const { summary } = await go({ tasks, handlers, resume: resume({ ended: new Map([[id, result]]), hidden: new Set([id]) }) })
    expect(summary.hosts['h1']?.error?.message).toMatch(/^what 'keep a' \(.*\) returned in the run before is not kept, since it is secret/)
  })

  test('a failure that was rescued leads to the rescue again', async () => {
    const rescue = [block('b', { tasks: [set('x', {}, 'bad'), set('never')], rescue: [set('r'), set('s')] })]
    const { events } = await go({ tasks: rescue })
    const ended = new Map(events.flatMap((event) => (event.type === 'failed' ? [[event.id, { ...result, failed: true }] as const] : [])))
    expect((await go({ tasks: rescue, resume: resume({ ended }) })).did()).toEqual(['set r on', 'set s on'])
  })
})
