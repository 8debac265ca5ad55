/** The live list: one line a sample while they fit, counts when they do not. */
import { type Job, type RunRecord, terminal, type Worker } from '../../fleet/rows.ts'

/** More samples than this are shown as counts and the workers that live. */
const mostLines = 24

const words: Readonly<Record<Job['state'], string>> = {
  RECEIVED: 'arrived',
  QUEUED: 'waits for a worker',
  LAUNCHING: 'its worker is launched',
  LAUNCHED: 'its worker boots',
  READY: 'its worker is configured',
  LOCKED: 'its worker is locked, asks for the key',
  KEYED: 'has its key',
  RUNNING: 'runs',
  UPLOADED: 'result uploaded',
  DONE: 'done',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
}

/** How a run stands, as lines. `expected` samples, of which some may not have arrived yet. */
export function board(record: RunRecord | undefined, expected: number): readonly string[] {
  const jobs = record?.jobs ?? []
  const samples = jobs.filter(({ value }) => value.kind === 'sample')
  const count = (state: Job['state']) => samples.filter(({ value }) => value.state === state).length
  const live = (record?.workers ?? []).filter(({ value }) => value.sweep !== 'GONE')
  const head = `${samples.length} of ${expected} samples arrived, ${live.length} workers, ${count('DONE')} done, ${count('FAILED')} failed`
  if (expected > mostLines)
    return [
      head,
      ...live.map(({ value }) => `  ${value.id}  ${value.sweep === 'NONE' ? value.stage.toLowerCase() : value.sweep.toLowerCase()}`),
    ]
  const lines = jobs.map(({ value }) => line(value, (record?.workers ?? []).find((worker) => worker.value.id === value.worker)?.value))
  return [head, ...lines]
}

function line(job: Job, worker: Worker | undefined): string {
  const name = job.kind === 'sample' ? `sample ${job.unit.slice(0, 8)}` : 'the run’s table'
  const mark = job.state === 'DONE' ? '✔' : job.state === 'FAILED' ? '✖' : terminal(job.state) ? '-' : '·'
  const attempt = job.attempt > 1 ? `, attempt ${job.attempt}` : ''
  const failure = job.class === null ? '' : ` (${job.class})`
  const swept = terminal(job.state) && worker !== undefined ? (worker.sweep === 'GONE' ? ', worker swept' : ', worker is being swept') : ''
  return `  ${mark} ${name.padEnd(16)} ${words[job.state]}${failure}${attempt}${swept}`
}
