import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contains, hasAll, intersect, networkOf, overlaps, type Ports, subtract, union } from './sets.ts'

const ports = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 6 })))
  .map((pairs): Ports => union(pairs.map(([from, more]) => [from, from + more])))
const numbers = Array.from({ length: 30 }, (_, number) => number)
const has = (set: Ports, number: number): boolean => set.some(([from, to]) => from <= number && number <= to)
const membersOf = (set: Ports): readonly number[] => numbers.filter((number) => has(set, number))

describe('sets of ports', () => {
  test('do what sets of numbers do', () => {
    fc.assert(
      fc.property(ports, ports, (a, b) => {
        expect(membersOf(union(a, b))).toEqual(numbers.filter((one) => has(a, one) || has(b, one)))
        expect(membersOf(subtract(a, b))).toEqual(numbers.filter((one) => has(a, one) && !has(b, one)))
        expect(membersOf(intersect(a, b))).toEqual(numbers.filter((one) => has(a, one) && has(b, one)))
        expect(hasAll(a, b)).toBe(membersOf(b).every((one) => has(a, one)))
      }),
    )
  })

  test('are ranges in order that do not touch', () => {
    expect(union([[5, 6]], [[1, 2]], [[3, 3]], [[9, 9]])).toEqual([
      [1, 3],
      [5, 6],
      [9, 9],
    ])
  })
})

describe('networks', () => {
  test('begin and end where they should', () => {
    expect(networkOf('10.0.2.0/24')).toEqual({ first: 167772672, last: 167772927 })
    expect(networkOf('255.255.255.255/32')).toEqual({ first: 4294967295, last: 4294967295 })
    expect(networkOf('0.0.0.0/0')).toEqual({ first: 0, last: 4294967295 })
  })

  test.each([
    ['10.0.0.0/16', '10.0.2.0/24', true, true],
    ['10.0.2.0/24', '10.0.0.0/16', false, true],
    ['10.0.1.0/24', '10.0.2.0/24', false, false],
    ['0.0.0.0/0', '203.0.113.0/24', true, true],
    ['203.0.113.7/32', '203.0.113.7/32', true, true],
  ])('%s and %s: contains %s, overlaps %s', (a, b, inside, touches) => {
    expect(contains(a, b)).toBe(inside)
    expect(overlaps(a, b)).toBe(touches)
  })

  test.each(['::/0', '10.0.0.0', 'all'])('%s is none', (text) => {
    expect(() => networkOf(text)).toThrow('expected an IPv4 network such as 10.0.0.0/16, got')
  })
})
