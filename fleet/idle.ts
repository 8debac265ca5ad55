import type { Observed } from './decide.ts'
import { terminal } from './rows.ts'

/**
 * Whether nothing is left to do: every worker gone with its receipt, every job terminal and cleared, no instance alive.
 * A run that was never sealed, or lacks samples that its seal counts, may stay so: nobody can finish it but the data owner.
 */
export function idle(seen: Observed): boolean {
  const alive = seen.instances.some(({ state }) => state !== 'terminated')
  return (
    !alive &&
    seen.runs.every(
      ({ run, jobs, workers }) =>
        (run.value.state === 'OPEN' || (run.value.state === 'SEALED' && jobs.length < (run.value.expected ?? 0))) &&
        workers.every(({ value }) => value.sweep === 'GONE') &&
        jobs.every(({ value }) => terminal(value.state) && value.cleared),
    )
  )
}

/** Whether every worker is gone and no instance lives, whatever the jobs still wait for: where a told stop may end. */
export const swept = (seen: Observed): boolean =>
  seen.instances.every(({ state }) => state === 'terminated') &&
  seen.runs.every(({ workers }) => workers.every(({ value }) => value.sweep === 'GONE'))
