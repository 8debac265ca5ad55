import { writeFile } from 'node:fs/promises'
import type { RunEvent } from '../runner/events.ts'
import { jsonReporter } from '../runner/report/json.ts'
import { junitReporter } from '../runner/report/junit.ts'
import { plainReporter } from '../runner/report/plain.ts'
import { profileReporter } from '../runner/report/profile.ts'
import type { Reporter } from '../runner/report/reporter.ts'
import { redactingWriter } from '../runner/report/writer.ts'
import type { Redact } from '../runner/secret.ts'
import type { RunFlags } from './run-flags.ts'

/** All listeners that the flags ask for, as one. */
export async function reporterFor(flags: RunFlags, redact: Redact): Promise<Reporter> {
  const all = [await mainReporter(flags, redact)]
  if (flags.profile === true) all.push(profileReporter(redactingWriter(process.stderr, redact)))
  if (flags.retryFile !== undefined) all.push(retryReporter(flags.retryFile))
  return {
    report: (event) => {
      for (const { report } of all) report(event)
    },
    end: async () => {
      for (const { end } of all) await end()
    },
  }
}

async function mainReporter({ format, diff = false, verbose = false }: RunFlags, redact: Redact): Promise<Reporter> {
  const write = redactingWriter(process.stdout, redact)
  if (format === 'json') return jsonReporter(write, { diff })
  if (format === 'junit') return junitReporter(write)
  if (format === 'plain' || !process.stdout.isTTY) return plainReporter(write, { diff, verbose })
  const { prettyReporter } = await import('../runner/report/pretty.ts')
  return prettyReporter(redact, { diff })
}

/** Keeps the names of hosts that failed or could not be reached, one a line; a run without any leaves an empty file. */
function retryReporter(file: string): Reporter {
  let failed: readonly string[] = []
  const report = (event: RunEvent): void => {
    if (event.type !== 'summary') return
    failed = Object.entries(event.hosts).flatMap(([name, counts]) => (counts.failed + counts.unreachable > 0 ? [name] : []))
  }
  return { report, end: () => writeFile(file, failed.map((name) => `${name}\n`).join('')) }
}
