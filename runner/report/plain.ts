import type { RunEvent } from '../events.ts'
import type { Reporter, ReporterOptions } from './reporter.ts'
import { diffLines, outcomeLine, recap } from './words.ts'
import { printable, type Write } from './writer.ts'

/** One line a finished task, then the counts of every host: for logs, pipes and people who like it quiet. */
export function plainReporter(write: Write, { diff, verbose }: ReporterOptions): Reporter {
  const report = (event: RunEvent): void => {
    const outcome = outcomeLine(event)
    if (event.type === 'playStarted')
      write(`${printable(event.play)}${event.mode === 'check' ? ' (check mode: nothing is changed)' : ''}\n`)
    if (outcome !== undefined) write(`${outcome}\n`)
    if (diff && event.type === 'planned') for (const line of diffLines(event.now, event.want)) write(`    ${line}\n`)
    if (event.type === 'failed' || (verbose && event.type === 'ok')) {
      for (const [key, value] of Object.entries(event.returned)) {
        if (value !== '')
          write(
            `    ${key}: ${printable(typeof value === 'string' ? value : JSON.stringify(value))
              .split('\n')
              .join('\n      ')}\n`,
          )
      }
    }
    if (event.type === 'summary') for (const [name, counts] of Object.entries(event.hosts)) write(`${recap(name, counts)}\n`)
  }
  return { report, end: async () => undefined }
}
