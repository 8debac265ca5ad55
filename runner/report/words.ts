import type { Plain } from '../contract.ts'
import type { Counts, RunEvent } from '../events.ts'
import { printable } from './writer.ts'

/** One line for the end of a task on a host; undefined for every other event. */
export function outcomeLine(event: RunEvent): string | undefined {
  switch (event.type) {
    case 'ok':
      return line(event.changed ? 'changed' : 'ok', event.host, event.task, event.msg)
    case 'skipped':
    case 'unknown':
      return line(event.type, event.host, event.task, event.msg)
    case 'failed':
      return line(event.ignored ? 'ignored' : 'FAILED', event.host, event.task, event.error.message)
    case 'unreachable':
      return line('UNREACHABLE', event.host, event.task, event.error.message)
    case 'hostUnreachable':
      return line('UNREACHABLE', event.host, undefined, event.error.message)
    default:
      return undefined
  }
}

/** `web1  ok=3 changed=1 …`, as Ansible's recap has it; what is nought beyond the first three is left out. */
export function recap(name: string, counts: Counts): string {
  const { ok, changed, failed, unreachable, skipped, unknown, ignored, rescued } = counts
  const rest = Object.entries({ unreachable, skipped, unknown, ignored, rescued }).filter(([, count]) => count > 0)
  return [
    printable(name).padEnd(20),
    ...Object.entries({ ok, changed, failed })
      .concat(rest)
      .map(([key, count]) => `${key}=${count}`),
  ].join(' ')
}

/** What a task found and what it wants, where they differ; only what is wanted counts, the rest goes with it. */
export function diffLines(now: Plain, want: Plain): readonly string[] {
  const before = fields(now)
  return [...fields(want)].flatMap(([key, fresh]) => {
    const old = before.get(key)
    return old === fresh ? [] : [...(old === undefined ? [] : [`- ${key}: ${old}`]), `+ ${key}: ${fresh}`]
  })
}

function fields(state: Plain): ReadonlyMap<string, string> {
  if (state === null) return new Map()
  if (typeof state !== 'object' || Array.isArray(state)) return new Map([['value', printable(JSON.stringify(state))]])
  return new Map(Object.entries(state).map(([key, value]) => [key, printable(JSON.stringify(value))]))
}

function line(word: string, host: string, task: string | undefined, msg: string | undefined): string {
  const said = msg === undefined ? '' : ` (${printable(msg).split('\n').join('\n    ')})`
  return `${word.padEnd(11)} ${printable(host)}${task === undefined ? '' : `: ${printable(task)}`}${said}`
}
