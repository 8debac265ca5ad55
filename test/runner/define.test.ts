import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Plain } from '../../runner/contract.ts'
import { defineAction, defineModule, same, valid } from '../../runner/define.ts'
import { UsageError } from '../../runner/errors.ts'
import { Secret } from '../../runner/secret.ts'
import { readerOf, recorder } from '../modules/test-module.ts'

const thing = defineModule({
  name: 'thing',
  params: z.strictObject({ size: z.number().max(9), color: z.enum(['red', 'blue']).optional(), secret: z.instanceof(Secret).optional() }),
  check: async () => ({ size: 3 }),
  want: ({ size }) => ({ size }),
  apply: async () => ({ extra: 'yes' }),
  show: (_, { size }) => ({ size }),
})

test('wrong parameters name the module, the title, file and line, the parameter, what was expected and what came', () => {
  const wrong = (): unknown => thing('make it big', { size: 11 })
  expect(wrong).toThrow(UsageError)
  expect(wrong).toThrow(/^thing 'make it big' \(.*test\/runner\/define\.test\.ts:\d+\): parameter 'size': .*<=9, got 11$/)
  expect(() => thing('t', { size: '3' as unknown as number, color: 'green' as 'red' })).toThrow(
    /'size': .*number.*got "3"; parameter 'color': .*"red".*got "green"/,
  )
  expect(() => thing('t', {} as { size: number })).toThrow(/'size'.*got nothing/)
  expect(() => thing('t', { size: new Secret('hunter22') as unknown as number })).toThrow(/got a Secret/)
  expect(() => thing(' ', { size: 1 })).toThrow(/a task needs a title/)
})

test('a task knows where it was made, in which order, and its secrets', () => {
  const [first, second] = [thing('a', { size: 1 }), thing('b', { size: 1, secret: new Secret('x') })]
  const [third, line] = [thing('c', { size: 1 }), new Error().stack?.split('\n')[1]]
  expect(line).toContain(`${third.where}:`)
  expect(second.order).toBeGreaterThan(first.order)
  expect(second.secrets).toHaveLength(1)
})

test('changed is computed, and what apply returns joins what is shown', async () => {
  const [same, other] = [await thing('a', { size: 3 }).plan(readerOf({})), await thing('a', { size: 4 }).plan(readerOf({}))]
  expect(same).toMatchObject({ changes: false, now: { size: 3 }, want: { size: 3 }, shows: { size: 3 } })
  expect(other).toMatchObject({ changes: true, shows: { size: 4 } })
  expect(await other.apply(recorder().connection)).toEqual({ changed: true, returned: { size: 4, extra: 'yes' } })
})

test('an action always runs and changes, unless it knows better', async () => {
  const poke = defineAction({ name: 'poke', params: z.object({}), run: async () => undefined })
  expect(await poke('p', {}).plan(readerOf({}))).toMatchObject({ changes: true, untold: false })
  const lazy = defineAction({
    name: 'lazy',
    params: z.object({}),
    foresee: async () => ({ will: 'stay', msg: 'done' }),
    run: async () => undefined,
  })
  expect(await lazy('p', {}).plan(readerOf({}))).toMatchObject({ changes: false, msg: 'done' })
})

const pairs: [Plain, Plain, boolean][] = [
  [null, null, true],
  [{ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 }, true],
  [{ a: 1 }, { a: 1, b: 1 }, false],
  [[1, 2], [2, 1], false],
  [[], {}, false],
  [[1], { 0: 1 }, false],
  [0, false, false],
  ['', null, false],
  [{ a: null }, {}, false],
]
test.each(pairs)('%j and %j are the same: %s', (a, b, is) => {
  expect(same(a, b)).toBe(is)
  expect(same(b, a)).toBe(is)
})

test('a schema that waits is refused', () => {
  expect(() =>
    valid(
      z.string().refine(async () => true),
      'x',
      'here',
    ),
  ).toThrow()
})
