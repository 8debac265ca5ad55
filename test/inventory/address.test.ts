import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expandHost, expandRanges } from '../../inventory/address.ts'
import { UsageError } from '../../runner/errors.ts'

describe('the line of a host', () => {
  const lines: readonly (readonly [line: string, names: readonly string[], port?: number])[] = [
    ['web1', ['web1']],
    ['web1.example.com:2222', ['web1.example.com'], 2222],
    ['10.0.0.[9:11]', ['10.0.0.9', '10.0.0.10', '10.0.0.11']],
    ['[2001:db8::1]:22', ['2001:db8::1'], 22],
    ['2001:db8::1', ['2001:db8::1']],
    ['web[01:03]', ['web01', 'web02', 'web03']],
    ['web[08:12:2]-[a:b]:22', ['web08-a', 'web08-b', 'web10-a', 'web10-b', 'web12-a', 'web12-b'], 22],
    ['[a:c]', ['a', 'b', 'c']],
    ['x[:2]', ['x0', 'x1', 'x2']],
    ['[z:B]', ['z', 'A', 'B']],
  ]
  test.each(lines.map(([line, names, port]) => ({ line, names, port })))('$line', ({ line, names, port }) => {
    expect(expandHost(line, 'here')).toEqual({ names, ...(port === undefined ? {} : { port }) })
  })

  const wrong: readonly (readonly [line: string, says: RegExp])[] = [
    ['web[1:999999999]', /here: 'web\[1:999999999\]' stands for 999999999 hosts; 100000 are the most/],
    ['w[1:999][1:999]', /stands for 998001 hosts/],
    ['w[1:99999999999999999999999999]', /stands for 1e\+26 hosts/],
    ['web[5:1]', /the range \[5:1\] in 'web\[5:1\]' ends before it begins/],
    ['web[c:a]', /ends before it begins/],
    ['web[01:100]', /has leading zeros: write both ends with as many digits/],
    ['web[1:5:0]', /has a step of 0/],
    ['web[1:c]', /goes from a number to a letter/],
    ['web[1-5]', /is none: expected \[1:50\], \[01:50\], \[a:f\]/],
    ['web[1:2', /has a bracket with no other half/],
    ['web]1', /has a bracket with no other half/],
  ]
  test.each(wrong)('%s is one clear error', (line, says) => {
    expect(() => expandHost(line, 'here')).toThrow(UsageError)
    expect(() => expandHost(line, 'here')).toThrow(says)
  })
})

test('ranges stand for every combination of their values, the last counting fastest', () => {
  const part = fc.oneof(
    fc.string({ unit: fc.constantFrom('w', 'x', '-', '.'), maxLength: 3 }).map((text) => ({ text, values: [text] })),
    fc
      .record({ from: fc.nat(30), length: fc.nat(12), step: fc.integer({ min: 1, max: 5 }), isPadded: fc.boolean() })
      .map(({ from, length, step, isPadded }) => {
        const to = from + length
        const shown = (value: number): string => (isPadded ? String(value).padStart(3, '0') : String(value))
        const values: string[] = []
        for (let value = from; value <= to; value += 1) if ((value - from) % step === 0) values.push(shown(value))
        return { text: `[${shown(from)}:${shown(to)}${step === 1 ? '' : `:${step}`}]`, values }
      }),
    fc.tuple(fc.nat(25), fc.nat(25)).map(([a, b]) => {
      const [from, to] = a < b ? [a, b] : [b, a]
      const all = [...'abcdefghijklmnopqrstuvwxyz'].slice(from, to + 1)
      return { text: `[${all.at(0)}:${all.at(-1)}]`, values: all }
    }),
  )
  const product = ([first, ...rest]: readonly (readonly string[])[]): readonly string[] =>
    first === undefined ? [''] : first.flatMap((head) => product(rest).map((tail) => head + tail))
  fc.assert(
    fc.property(fc.array(part, { maxLength: 3 }), (parts) => {
      expect(expandRanges(parts.map(({ text }) => text).join(''), 'here')).toEqual(product(parts.map(({ values }) => values)))
    }),
    { numRuns: 300 },
  )
})
