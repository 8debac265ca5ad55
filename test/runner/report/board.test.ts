import { describe, expect, test } from 'vitest'
import type { RunEvent } from '../../../runner/events.ts'
import { Board } from '../../../runner/report/board.ts'

const counts = { ok: 3, changed: 0, failed: 0, skipped: 0, unknown: 0, unreachable: 0, ignored: 0, rescued: 0 }
const names = (many: number): string[] => Array.from({ length: many }, (_, index) => `web${String(index + 1).padStart(3, '0')}`)
const about = (host: string) => ({ at: 0, host, task: 'keep nginx running', module: 'service', id: 'a:1#1', where: 'a:1', handler: false })
const started = (host: string): RunEvent => ({ ...about(host), type: 'taskStarted' })
const changed = (host: string): RunEvent => ({ ...about(host), type: 'ok', changed: true, returned: {}, ms: 1 })
const failed = (host: string): RunEvent => ({
  ...about(host),
  type: 'failed',
  error: new Error('no such unit'),
  ignored: false,
  returned: {},
  ms: 1,
})
const ended = (host: string, more: Partial<typeof counts> = {}): RunEvent => ({
  at: 0,
  type: 'hostEnded',
  host,
  counts: { ...counts, ...more },
  roundTrips: 1,
})

const boardOf = (hosts: readonly string[], ...events: readonly RunEvent[]): Board => {
  const board = new Board('web servers', hosts, true)
  for (const event of events) board.see(event)
  return board
}

describe('a board', () => {
  test('shows failures first, then changes, then what is at work, and folds the rest', () => {
    const hosts = names(200)
    const board = boardOf(
      hosts,
      ...hosts.slice(0, 9).flatMap((host) => [started(host), failed(host), ended(host, { failed: 1 })]),
      ...hosts.slice(9, 20).flatMap((host) => [started(host), changed(host), ended(host, { changed: 1 })]),
      ...hosts.slice(20, 120).map((host) => ended(host)),
      ...hosts.slice(120, 170).map(started),
    )
    const lines = board.live()
    expect(lines).toHaveLength(1 + 6 + 4 + 6)
    expect(lines[0]).toBe('web servers: 120 of 200 hosts done, 11 changed, 9 failed')
    expect(lines[1]).toBe('FAILED      web001: keep nginx running (no such unit)')
    expect(lines[6]).toBe('… and 4 more failed')
    expect(lines[7]).toBe('changed     web010: keep nginx running')
    expect(lines[10]).toBe('… and 8 more hosts changed')
    expect(lines[11]).toBe('now         web121: keep nginx running')
    expect(lines[16]).toBe('… and 45 more at work')
  })

  test('in the end names every failure and every changed host of many, and counts those that are as they should be', () => {
    const hosts = names(200)
    const board = boardOf(
      hosts,
      failed('web003'),
      ended('web003', { failed: 1 }),
      changed('web007'),
      ended('web007', { changed: 1 }),
      ...hosts.slice(10).map((host) => ended(host)),
    )
    expect(board.final()).toEqual([
      'web servers: 192 of 200 hosts done, 1 changed, 1 failed',
      'FAILED      web003: keep nginx running (no such unit)',
      'web003               ok=3 changed=0 failed=1',
      'web007               ok=3 changed=1 failed=0',
      '190 hosts are as they should be: nothing changed',
      '8 hosts were not begun',
    ])
    expect(board.failed).toBe(true)
  })

  test('names each of a few hosts', () => {
    const board = boardOf(['db1', 'db2'], ended('db1'), ended('db2'))
    expect(board.final()).toEqual([
      'web servers: 2 of 2 hosts done',
      'db1                  ok=3 changed=0 failed=0',
      'db2                  ok=3 changed=0 failed=0',
    ])
    expect(board.failed).toBe(false)
  })

  test('forgets a failure that was made good for, and takes no ignored one for a failure', () => {
    const rescued: RunEvent = { ...about('db1'), type: 'rescued' }
    const ignored: RunEvent = { ...about('db2'), type: 'failed', error: new Error('so what'), ignored: true, returned: {}, ms: 1 }
    expect(boardOf(['db1', 'db2'], failed('db1'), rescued, ignored).failed).toBe(false)
  })

  test('shows what differs under its host, and no control character of anybody', () => {
    const planned: RunEvent = { ...about('db1'), type: 'planned', now: { mode: '0644' }, want: { mode: '\x1b[2J' }, changes: true }
    const board = boardOf(['db1'], planned, changed('db1'), ended('db1', { changed: 1 }))
    expect(board.final().slice(1)).toEqual([
      'db1                  ok=3 changed=1 failed=0',
      '  keep nginx running  - mode: "0644"',
      '  keep nginx running  + mode: "\\u001b[2J"',
    ])
    expect(new Board('\x1b]0;x', [], false).live()[0]).toBe('\\x1b]0;x: 0 of 0 hosts done')
  })
})
