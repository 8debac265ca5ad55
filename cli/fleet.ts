/** `skep fleet`: what the ledger says. */
import { Command } from 'commander'
import { type RunRecord, readRuns } from '../fleet/rows.ts'
import { DIR_HELP, localDir, withLocalCloud } from './local-cloud.ts'

/** The command, to be hung under `skep`. */
export function fleetCommand(): Command {
  const fleet = new Command('fleet').description('what the ledger says of runs and workers')
  fleet
    .command('status')
    .description('every run with its samples, and every worker that is not gone')
    .option('--json', 'one JSON object')
    .option('--dir <dir>', DIR_HELP)
    .action(({ json = false, dir }: { json?: boolean; dir?: string }) =>
      withLocalCloud(localDir(dir), 'agent', async ({ ledger }) => {
        const status = statusOf(await readRuns(ledger))
        process.stdout.write(json ? `${JSON.stringify(status)}\n` : inWords(status))
      }),
    )
  return fleet
}

type Status = ReturnType<typeof statusOf>

function statusOf(records: readonly RunRecord[]) {
  return {
    runs: records.map(({ run, jobs, notices }) => ({
      id: run.value.id,
      state: run.value.state,
      quiescent: run.value.quiescent,
      expected: run.value.expected,
      received: run.value.received,
      samples: jobs
        .filter(({ value }) => value.kind === 'sample')
        .map(({ value }) => ({ id: value.unit, state: value.state, attempts: value.attempt, class: value.class, worker: value.worker })),
      notices: ['start', 'done'].filter((which) => notices.has(`notice#${which}`)),
    })),
    workers: records.flatMap(({ workers }) =>
      workers
        .filter(({ value }) => value.sweep !== 'GONE')
        .map(({ value: { id, kind, run, unit, attempt, instance, stage, sweep } }) => ({
          id,
          kind,
          run,
          unit,
          attempt,
          instance,
          stage,
          sweep,
        })),
    ),
  }
}

function inWords({ runs, workers }: Status): string {
  if (runs.length === 0) return 'no runs yet: submit some files with `skep submit FILE...`\n'
  const lines = runs.flatMap((run) => {
    const counts = new Map<string, number>()
    for (const { state } of run.samples) counts.set(state, (counts.get(state) ?? 0) + 1)
    const states = [...counts].map(([state, count]) => `${count} ${state}`).join(', ')
    const of = run.expected === null ? 'not sealed' : `of ${run.expected}`
    return [
      `run ${run.id}  ${run.state}${run.quiescent ? ', quiescent' : ''}`,
      `    ${run.received} ${of}: ${states === '' ? 'no samples yet' : states}`,
      ...run.samples.filter((sample) => sample.class !== null).map((sample) => `    sample ${sample.id} ${sample.state}: ${sample.class}`),
    ]
  })
  const busy = workers.map(
    ({ id, kind, stage, sweep }) => `worker ${id}  ${sweep === 'NONE' ? stage : sweep}${kind === 'consolidate' ? ', consolidating' : ''}`,
  )
  return `${[...lines, ...(busy.length === 0 ? ['no workers'] : busy)].join('\n')}\n`
}
