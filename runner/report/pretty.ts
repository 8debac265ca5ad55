import { Listr } from 'listr2'
import type { Counts, RunEvent } from '../events.ts'
import type { Redact } from '../secret.ts'
import type { Reporter, ReporterOptions } from './reporter.ts'
import { diffLines, outcomeLine, recap } from './words.ts'
import { printable } from './writer.ts'

type Item = { title?: string | undefined; output?: string | undefined }
interface Row {
  readonly ended: Promise<void>
  readonly end: (error?: Error) => void
  readonly lines: string[]
  item?: Item
  problem?: string
}

/** A live list, one line a host, for a terminal: what it does now, then its counts; problems stay on the screen. */
export function prettyReporter(redact: Redact, { diff }: Pick<ReporterOptions, 'diff'>): Reporter {
  const rows = new Map<string, Row>()
  let list: Promise<unknown> | undefined
  const show = (host: string, text: string): void => {
    const item = rows.get(host)?.item
    if (item !== undefined) item.output = redact(text)
  }
  const begin = (hosts: readonly string[]): void => {
    for (const host of hosts) rows.set(host, newRow())
    list = new Listr(
      hosts.map((host) => ({
        title: printable(host),
        task: async (_, item) => {
          const row = rows.get(host)
          if (row !== undefined) row.item = item
          await row?.ended
        },
      })),
      { concurrent: true, exitOnError: false, rendererOptions: { collapseErrors: false } },
    ).run()
  }
  const report = (event: RunEvent): void => {
    if (event.type === 'playStarted') {
      begin(event.hosts)
      return
    }
    if (event.type === 'summary') {
      // A host that was never begun, because of an interrupt, ends with the run.
      for (const row of rows.values()) row.end(new Error('not begun'))
      return
    }
    if (!('host' in event)) return
    const row = rows.get(event.host)
    if (row === undefined) return
    if (event.type === 'taskStarted') show(event.host, printable(event.task))
    if (event.type === 'planned' && diff)
      row.lines.push(...diffLines(event.now, event.want).map((line) => `${printable(event.task)}  ${line}`))
    if (isProblem(event)) row.problem = outcomeLine(event) ?? ''
    if (event.type === 'hostEnded') finish(row, event.host, event.counts, redact)
  }
  return {
    report,
    end: async () => {
      for (const row of rows.values()) row.end()
      await list
    },
  }
}

function newRow(): Row {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  promise.catch(() => undefined)
  return { ended: promise, end: (error) => (error === undefined ? resolve() : reject(error)), lines: [] }
}

function finish(row: Row, host: string, counts: Counts, redact: Redact): void {
  if (row.item !== undefined) row.item.title = redact([recap(host, counts), ...row.lines].join('\n  '))
  row.end(row.problem === undefined || counts.failed + counts.unreachable === 0 ? undefined : new Error(redact(row.problem)))
}

const isProblem = (event: RunEvent): boolean =>
  event.type === 'unreachable' || event.type === 'hostUnreachable' || (event.type === 'failed' && !event.ignored)
