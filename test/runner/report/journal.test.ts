import { describe, expect, test } from 'vitest'
import type { Result } from '../../../runner/contract.ts'
import type { RunEvent } from '../../../runner/events.ts'
import { type JournalLine, journalLine } from '../../../runner/report/journal.ts'
import { stoppedAt } from '../../../runner/report/journal-state.ts'

const about = { host: 'h', task: 't', id: 'p.ts:1#1', where: 'p.ts:1', module: 'command', handler: false, at: 0 }
const result: Result = { changed: true, failed: false, skipped: false, unknown: false, returned: {} }
const play: JournalLine = { line: 'play', play: 0 }
const start: JournalLine = { line: 'host', host: 'h' }
const begun = (id: string): JournalLine => ({ line: 'begun', host: 'h', id })
const ended = (id: string): JournalLine => ({ line: 'ended', host: 'h', id, result })
const lost = (id: string): JournalLine => ({ line: 'lost', host: 'h', id, result: { ...result, failed: true } })
const notified = (handler: string, byHandler = false): JournalLine => ({ line: 'notified', host: 'h', handler, byHandler })
const rescued: JournalLine = { line: 'rescued', host: 'h' }
const flushed: JournalLine = { line: 'flushed', host: 'h' }

describe('where a host stopped', () => {
  const cases: Readonly<Record<string, [JournalLine[], { ended?: string[]; begun?: string[]; pending?: string[] }]>> = {
    'a task that ended is done': [[begun('1'), ended('1')], { ended: ['1'] }],
    'a task that was begun is in doubt, whatever came after it': [[begun('1'), begun('2'), ended('2')], { ended: ['2'], begun: ['1'] }],
    'a failure is where the host goes on': [[ended('1'), begun('2'), lost('2')], { ended: ['1'] }],
    'what is always done after a failure is done again with it': [[lost('1'), begun('2'), ended('2')], {}],
    'a failure that was made good for is done with': [[lost('1'), rescued, ended('2')], { ended: ['1', '2'] }],
    'a failure inside of one that was made good for too': [[lost('1'), ended('2'), rescued, lost('3')], { ended: ['1', '2'] }],
    'the next run begins after the last failure': [[ended('1'), lost('2'), play, start, ended('2')], { ended: ['1', '2'] }],
    'a question of the run before stays open': [[begun('1'), play, start, lost('1')], { begun: ['1'] }],
    'a failure of the run that began it again closes it': [[begun('1'), play, start, begun('1'), lost('1')], {}],
    'a notified handler is pending until it has run': [
      [notified('h#1'), notified('k#1'), flushed, ended('h#1@f#1')],
      { ended: ['h#1@f#1'], pending: ['k#1'] },
    ],
    'a handler that failed is pending': [[notified('h#1'), flushed, begun('h#1@f#1'), lost('h#1@f#1')], { pending: ['h#1'] }],
    'a handler that another notifies after it ran is not pending': [
      [notified('h#1'), flushed, ended('h#1@f#1'), notified('h#1', true)],
      { ended: ['h#1@f#1'] },
    ],
    'a task notifies it again all the same': [
      [notified('h#1'), flushed, ended('h#1@f#1'), notified('h#1')],
      { ended: ['h#1@f#1'], pending: ['h#1'] },
    ],
  }
  test.each(Object.entries(cases))('%s', (_, [lines, expected]) => {
    const state = stoppedAt([play, start, ...lines]).of(0, 'h')
    expect({ ended: [...(state?.ended.keys() ?? [])], begun: [...(state?.begun ?? [])], pending: state?.pending }).toEqual({
      ended: [],
      begun: [],
      pending: [],
      ...expected,
    })
  })

  test('plays and hosts are kept apart', () => {
    const { of } = stoppedAt([play, start, ended('1'), { line: 'play', play: 1 }, start, ended('2')])
    expect([...(of(0, 'h')?.ended.keys() ?? [])]).toEqual(['1'])
    expect([...(of(1, 'h')?.ended.keys() ?? [])]).toEqual(['2'])
    expect(of(0, 'other')).toBeUndefined()
  })
})

describe('a line of a journal', () => {
  test('says that what is secret was left out', () => {
    const ok = { ...about, type: 'ok', changed: true, ms: 1 } as const
    const lines = [
      { ...ok, returned: {}, noLog: true } as const,
      { ...ok, returned: { stdout: 'it is ***' } },
      { ...ok, returned: { stdout: 'plain' } },
    ].map((event) => journalLine(event satisfies RunEvent))
    expect(lines).toMatchObject([
      { hidden: true, result: { returned: {} } },
      { hidden: true, result: { returned: {} } },
      { result: { returned: { stdout: 'plain' } } },
    ])
    expect(lines[2]).not.toHaveProperty('hidden')
  })

  test.each([[null], [{ token: '***' }]])('a decision that found %j cannot be taken again', (found) => {
    const line = journalLine({ type: 'found', at: 0, host: 'h', id: 'd', task: 'which', where: 'p.ts:3', found })
    expect(stoppedAt([play, start, ...(line === undefined ? [] : [line])]).unkept).toEqual(["h: 'which' (p.ts:3)"])
  })
})
