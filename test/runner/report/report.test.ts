import { expect, test } from 'vitest'
import { HostKeyMismatch } from '../../../runner/errors.ts'
import type { RunEvent } from '../../../runner/events.ts'
import { jsonReporter } from '../../../runner/report/json.ts'
import { plainReporter } from '../../../runner/report/plain.ts'
import { printable, redactingWriter } from '../../../runner/report/writer.ts'
import { redactor, Secret } from '../../../runner/secret.ts'

const counts = { ok: 1, changed: 1, failed: 1, skipped: 0, unknown: 1, unreachable: 0, ignored: 0, rescued: 0 }
const about = { at: 0, host: 'web1', handler: false, id: 'site.ts:3#1', where: 'site.ts:3' } as const
const events: readonly RunEvent[] = [
  { type: 'playStarted', at: 0, index: 0, play: 'web servers', hosts: ['web1', 'web2'], mode: 'check' },
  { type: 'hostStarted', at: 0, host: 'web1', tasks: 3 },
  { ...about, task: 'keep it', module: 'file', type: 'taskStarted' },
  {
    ...about,
    task: 'keep it',
    module: 'file',
    type: 'planned',
    now: { mode: '0644', owner: 'ada' },
    want: { mode: '0600', owner: 'ada' },
    changes: true,
  },
  { ...about, task: 'keep it', module: 'file', type: 'applied', ms: 1 },
  { ...about, task: 'keep it', module: 'file', type: 'ok', changed: true, returned: { mode: '0600', changed: 'never this' }, ms: 2 },
  { ...about, task: 'guess', module: 'file', type: 'taskStarted' },
  { ...about, task: 'guess', module: 'file', type: 'unknown', msg: 'an earlier change would come first', ms: 1 },
  { ...about, task: 'break', module: 'command', type: 'taskStarted' },
  {
    ...about,
    task: 'break',
    module: 'command',
    type: 'failed',
    error: new Error('it \x1b[31mbroke'),
    ignored: false,
    returned: { rc: 3, stderr: 'a\nb' },
    ms: 1,
  },
  { type: 'hostEnded', at: 0, host: 'web1', counts, roundTrips: 2 },
  { type: 'hostUnreachable', at: 0, host: 'web2', error: new HostKeyMismatch('web2', 'a', 'SHA256:x', 'SHA256:y') },
  { type: 'summary', at: 0, hosts: { web1: { ...counts, roundTrips: 2 } }, interrupted: false, ms: 1500 },
]

test('JSON lines: one result a finished task, then the summary', () => {
  const lines: string[] = []
  const { report } = jsonReporter((text) => lines.push(text), { diff: true })
  events.forEach(report)
  expect(lines.every((line) => line.endsWith('\n'))).toBe(true)
  const none = { changed: false, failed: false, skipped: false, unknown: false, unreachable: false }
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      type: 'result',
      host: 'web1',
      task: 'keep it',
      module: 'file',
      mode: '0600',
      ...none,
      changed: true,
      msg: '',
      diff: { before: { mode: '0644', owner: 'ada' }, after: { mode: '0600', owner: 'ada' } },
    },
    { type: 'result', host: 'web1', task: 'guess', module: 'file', ...none, unknown: true, msg: 'an earlier change would come first' },
    {
      type: 'result',
      host: 'web1',
      task: 'break',
      module: 'command',
      rc: 3,
      stderr: 'a\nb',
      ...none,
      failed: true,
      ignored: false,
      msg: 'it \x1b[31mbroke',
    },
    { type: 'result', host: 'web2', task: null, module: null, ...none, unreachable: true, msg: expect.stringContaining('SHA256:y') },
    { type: 'summary', hosts: { web1: { ...counts, roundTrips: 2 } }, interrupted: false, seconds: 1.5 },
  ])
})

test('plain lines: outcomes, what differs, what failed, the counts; control characters are shown, not sent', () => {
  let text = ''
  const { report } = plainReporter((part) => (text += part), { diff: true, verbose: false })
  events.forEach(report)
  expect(text).toBe(
    [
      'web servers (check mode: nothing is changed)',
      '    - mode: "0644"',
      '    + mode: "0600"',
      'changed     web1: keep it',
      'unknown     web1: guess (an earlier change would come first)',
      'FAILED      web1: break (it \\x1b[31mbroke)',
      '    rc: 3',
      '    stderr: a',
      '      b',
      expect.stringMatching(/^UNREACHABLE web2 \(Refused to log in to web2/),
      'web1                 ok=1 changed=1 failed=1 unknown=1',
      '',
    ]
      .map((line, index, all) => (typeof line === 'string' ? line : (text.split('\n')[index] ?? all.length)))
      .join('\n'),
  )
  expect(text).toMatch(/UNREACHABLE web2 \(Refused to log in to web2 at a: expected the host key SHA256:x, got SHA256:y/)
})

test('the writer lets no secret through', () => {
  let text = ''
  const write = redactingWriter({ write: (part) => (text += part) }, redactor([new Secret('hunter22')]))
  write(`a hunter22 ${JSON.stringify({ b: Buffer.from('hunter22').toString('base64') })}\n`)
  expect(text).toMatch(/^a \*\*\* \{"b":"\*\*\*.{0,2}"\}\n$/)
})

test.each([
  ['\x1b[2J', '\\x1b[2J'],
  ['a\rb\x00', 'a\\x0db\\x00'],
  ['\u202egnp', '\\u202egnp'],
  ['two\nlines\tä', 'two\nlines\tä'],
])('%j is printed as %j', (text, shown) => expect(printable(text)).toBe(shown))
