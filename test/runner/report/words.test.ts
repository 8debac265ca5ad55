import { expect, test } from 'vitest'
import type { Plain } from '../../../runner/contract.ts'
import { diffLines } from '../../../runner/report/words.ts'

const cases: Readonly<Record<string, readonly [now: Plain, want: Plain, says: readonly string[]]>> = {
  'only what differs is told': [{ a: 1, b: 2 }, { a: 1, b: 3 }, ['- b: 2', '+ b: 3']],
  'what was not there has no before': [
    { state: 'absent' },
    { state: 'file', mode: '0644' },
    ['- state: "absent"', '+ state: "file"', '+ mode: "0644"'],
  ],
  'what nobody wants is not told': [{ a: 1, b: 2 }, { a: 1 }, []],
  'an action has no before': [null, { run: true }, ['+ run: true']],
  'a list is one value': [{ groups: ['a'] }, { groups: ['a', 'b'] }, ['- groups: ["a"]', '+ groups: ["a","b"]']],
  'what lies in an object is told by its path': [
    { packages: { a: 'absent', b: 'installed' } },
    { packages: { a: 'installed', b: 'installed' } },
    ['- packages.a: "absent"', '+ packages.a: "installed"'],
  ],
  'of a text only the lines that differ': [
    { content: 'a\nb\nc\n' },
    { content: 'a\nx\ny\nc\n' },
    ['- content: "b"', '+ content: "x"', '+ content: "y"'],
  ],
  'a line at the end': [{ content: 'a\na\n' }, { content: 'a\na\na\n' }, ['+ content: "a"']],
  'a line that goes': [{ content: 'a\nb\n' }, { content: 'b\n' }, ['- content: "a"']],
  'control characters are shown, not sent': [{ content: 'a\n' }, { content: 'a\n\u001b[2J\n' }, ['+ content: "\\u001b[2J"']],
}
for (const [what, [now, want, says]] of Object.entries(cases)) test(what, () => expect(diffLines(now, want)).toEqual(says))
