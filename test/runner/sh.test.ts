import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../runner/secret.ts'
import { glob, quote, sh } from '../../runner/sh.ts'
import { shells } from './connections/shells.ts'

test('what is interpolated is quoted: words, numbers, lists, commands', () => {
  expect(sh`rm -- ${"it's; rm *"} ${7} ${['a b', '-c', '']} && ${sh`echo ${'$x'}`}`.text).toBe(
    `rm -- 'it'\\''s; rm *' 7 'a b' -c '' && echo '$x'`,
  )
})

test('backslashes are those of the shell; a dollar with a brace and a backtick can be written', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what the shell is to see
  expect(sh`printf 'a\n\0' "\${x%/}" \`id\` \\`.text).toBe('printf \'a\\n\\0\' "${x%/}" `id` \\\\')
})

test.each([
  ['a Secret', new Secret('x')],
  ['nothing', undefined],
  ['null', null],
  ['an object', {}],
  ['a function', () => 'x'],
])('%s does not get into a command', (_, value) => {
  expect(() => sh`echo ${value as unknown as string}`).toThrow(TypeError)
})

test('NUL does not get into a command', () => {
  expect(() => sh`echo ${'a\0b'}`).toThrow(/NUL/)
})

describe.for(shells)('in $shell', ({ shell, missing }) => {
  test.skipIf(missing !== undefined)('any words arrive as they are', () => {
    const [program = '', ...args] = shell.split(' ')
    const words = fc.array(
      fc.string({ unit: 'grapheme' }).filter((word) => !word.includes('\0')),
      { maxLength: 20 },
    )
    fc.assert(
      fc.property(fc.array(words, { minLength: 20, maxLength: 20 }), (lists) => {
        const script = lists.map((list) => sh`printf '%s\0' ${[...list, 'end']}`.text).join('\n')
        const out = spawnSync(program, args, { input: script }).stdout.toString()
        expect(out).toBe(lists.map((list) => [...list, 'end', ''].join('\0')).join(''))
      }),
      { numRuns: 15 },
    )
  })

  test.skipIf(missing !== undefined)('a glob without wildcards is the path itself', () => {
    const [program = '', ...args] = shell.split(' ')
    const path = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[\0*?[\]]/.test(text))
    fc.assert(
      fc.property(fc.array(path, { minLength: 30, maxLength: 30 }), (paths) => {
        const script = paths.map((one) => sh`for f in ${glob(one)}; do printf '%s\0' "$f"; done`.text).join('\n')
        expect(spawnSync(program, args, { input: script, cwd: '/proc/self/fdinfo' }).stdout.toString()).toBe(
          paths.map((one) => `${one}\0`).join(''),
        )
      }),
      { numRuns: 10 },
    )
  })
})

test('plain words stay plain', () => expect(['a', '/a/b.c', 'k=v', '-x'].map(quote)).toEqual(['a', '/a/b.c', 'k=v', '-x']))
