import type { Plain } from '../contract.ts'
import type { RunEvent } from '../events.ts'
import type { Reporter, ReporterOptions } from './reporter.ts'
import type { Write } from './writer.ts'

/** JSON lines: one `result` for each finished task of a host, then the `summary`. */
export function jsonReporter(write: Write, { diff }: Pick<ReporterOptions, 'diff'>): Reporter {
  const planned = new Map<string, { before: Plain; after: Plain }>()
  const line = (value: Plain): void => write(`${JSON.stringify(value)}\n`)
  const report = (event: RunEvent): void => {
    if (event.type === 'planned') planned.set(event.host, { before: event.now, after: event.want })
    if (event.type === 'taskStarted') planned.delete(event.host)
    const result = resultOf(event)
    const seen = 'host' in event ? planned.get(event.host) : undefined
    if (result !== undefined) line({ ...result, ...(diff && seen !== undefined ? { diff: seen } : {}) })
    if (event.type === 'summary') {
      const { hosts, interrupted, ms } = event
      line({
        type: 'summary',
        hosts: Object.fromEntries(Object.entries(hosts).map(([name, counts]) => [name, { ...counts }])),
        interrupted,
        seconds: ms / 1000,
      })
    }
  }
  return { report, end: async () => undefined }
}

function resultOf(event: RunEvent): Readonly<Record<string, Plain>> | undefined {
  const flags = { changed: false, failed: false, skipped: false, unknown: false, unreachable: false }
  switch (event.type) {
    case 'ok':
      return { ...event.returned, ...about(event), ...flags, changed: event.changed, msg: event.msg ?? '' }
    case 'skipped':
    case 'unknown':
      return { ...about(event), ...flags, [event.type]: true, msg: event.msg }
    case 'failed':
      return { ...event.returned, ...about(event), ...flags, failed: true, ignored: event.ignored, msg: event.error.message }
    case 'unreachable':
      return { ...about(event), ...flags, unreachable: true, msg: event.error.message }
    case 'hostUnreachable':
      return { type: 'result', host: event.host, task: null, module: null, ...flags, unreachable: true, msg: event.error.message }
    default:
      return undefined
  }
}

const about = ({ host, task, module }: { host: string; task: string; module: string }) => ({ type: 'result', host, task, module })
