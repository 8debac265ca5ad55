/** What has to be known of a run to go on with it: one line an event, in the order of the events. Read again by `journal-state.ts`. */
import type { Plain, Result } from '../contract.ts'
import type { RunEvent } from '../events.ts'

/** One line of a journal. `host` marks the start of a host in the play that the last `play` named. */
export type JournalLine =
  | { readonly line: 'play'; readonly play: number }
  | { readonly line: 'host' | 'rescued' | 'flushed'; readonly host: string }
  | { readonly line: 'begun'; readonly host: string; readonly id: string }
  /** `hidden`: what it returned is secret, and left out. */
  | { readonly line: 'ended'; readonly host: string; readonly id: string; readonly result: Result; readonly hidden?: true }
  /** A failure that ends the host, unless a block makes good for it. */
  | { readonly line: 'lost'; readonly host: string; readonly id: string; readonly result: Result; readonly hidden?: true }
  /** Null: it is secret, and left out. */
  | { readonly line: 'found'; readonly host: string; readonly id: string; readonly what: string; readonly found: Plain }
  | { readonly line: 'notified'; readonly host: string; readonly handler: string; readonly byHandler: boolean }

/** The line of an event; undefined where nothing has to be known of it. */
export function journalLine(event: RunEvent): JournalLine | undefined {
  switch (event.type) {
    case 'playStarted':
      return { line: 'play', play: event.index }
    case 'hostStarted':
      return { line: 'host', host: event.host }
    case 'rescued':
      return { line: 'rescued', host: event.host }
    case 'handlersFlushed':
      return { line: 'flushed', host: event.host }
    case 'found': {
      const { host, id, task, where, found } = event
      return { line: 'found', host, id, what: `'${task}' (${where})`, found: veiled(found) ? null : found }
    }
    case 'planned':
      return event.changes ? { line: 'begun', host: event.host, id: event.id } : undefined
    case 'notified':
      return { line: 'notified', host: event.host, handler: event.handlerId, byHandler: event.handler }
    case 'ok':
    case 'skipped':
    case 'unknown':
    case 'failed':
      return outcome(event)
    default:
      return undefined
  }
}

type Ended = Extract<RunEvent, { readonly type: 'ok' | 'skipped' | 'unknown' | 'failed' }>

function outcome(event: Ended): JournalLine {
  const { host, id } = event
  const msg = event.type === 'failed' ? event.error.message : event.msg
  const returned = 'returned' in event ? event.returned : {}
  const hidden = event.noLog === true || veiled(returned)
  const result: Result = {
    changed: event.type === 'ok' && event.changed,
    failed: event.type === 'failed',
    skipped: event.type === 'skipped',
    unknown: event.type === 'unknown',
    ...(msg === undefined ? {} : { msg }),
    returned: hidden ? {} : returned,
  }
  const line = event.type === 'failed' && !event.ignored ? 'lost' : 'ended'
  return { line, host, id, result, ...(hidden ? { hidden } : {}) }
}

/** A secret was taken out of it: what is left is not what it was. */
const veiled = (value: Plain): boolean => JSON.stringify(value).includes('***')
