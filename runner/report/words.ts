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

/**
 * What a task found and what it wants, where they differ; only what is wanted counts, the rest goes with it. Of two texts of several lines
 * only the lines between the first and the last that differ are told.
 */
export function diffLines(now: Plain, want: Plain): readonly string[] {
  const before = fields(now)
  return [...fields(want)].flatMap(([key, fresh]) => {
    const old = before.get(key)
    const told = (sign: string, value: Plain): string => `${sign} ${key}: ${printable(JSON.stringify(value))}`
    if (JSON.stringify(old) === JSON.stringify(fresh)) return []
    if (isText(old) && isText(fresh)) {
      const [gone, come] = between(old.split('\n'), fresh.split('\n'))
      return [...gone.map((text) => told('-', text)), ...come.map((text) => told('+', text))]
    }
    return [...(old === undefined ? [] : [told('-', old)]), told('+', fresh)]
  })
}

function fields(state: Plain): ReadonlyMap<string, Plain> {
  if (state === null) return new Map()
  return new Map(isObject(state) ? flattened(state, '') : [['value', state]])
}

/** `file.content` for what lies in an object in the state. */
const flattened = (state: { readonly [key: string]: Plain }, under: string): readonly (readonly [string, Plain])[] =>
  Object.entries(state).flatMap(([key, value]) =>
    isObject(value) ? flattened(value, `${under}${key}.`) : [[`${under}${key}`, value] as const],
  )

const isObject = (value: Plain): value is { readonly [key: string]: Plain } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isText = (value: Plain | undefined): value is string => typeof value === 'string' && value.includes('\n')

/** What is left of both without the lines that they begin and end with alike. */
function between(old: readonly string[], fresh: readonly string[]): readonly [gone: readonly string[], come: readonly string[]] {
  const most = Math.min(old.length, fresh.length)
  let start = 0
  while (start < most && old[start] === fresh[start]) start += 1
  let end = 0
  while (end < most - start && old.at(-1 - end) === fresh.at(-1 - end)) end += 1
  return [old.slice(start, old.length - end), fresh.slice(start, fresh.length - end)]
}

function line(word: string, host: string, task: string | undefined, msg: string | undefined): string {
  const said = msg === undefined ? '' : ` (${printable(msg).split('\n').join('\n    ')})`
  return `${word.padEnd(11)} ${printable(host)}${task === undefined ? '' : `: ${printable(task)}`}${said}`
}
