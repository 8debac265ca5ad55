/** What may be said of a task, and how. */
import type { Returned } from '../contract.ts'
import { ConnectionLost, RemoteError, TaskFailed } from '../errors.ts'
import type { TaskEvent } from '../events.ts'

const veil = 'not shown, because the task has noLog'

/** An event of a task with `noLog`: that it ran, and how it ended. */
export function hidden(event: TaskEvent): TaskEvent {
  switch (event.type) {
    case 'planned':
      return { ...event, now: null, want: null }
    case 'ok':
      return { type: 'ok', changed: event.changed, returned: {}, ms: event.ms }
    case 'failed':
      return { ...event, error: veiled(event.error), returned: {} }
    case 'unreachable':
      return { ...event, error: veiled(event.error) }
    case 'unknown':
    case 'skipped':
    case 'retrying':
      return { ...event, msg: veil }
    default:
      return event
  }
}

/** An error of the same class that says nothing. */
export function veiled(error: Error): Error {
  if (error instanceof RemoteError) return new TaskFailed(veil)
  const kept = error instanceof ConnectionLost ? { started: error.started } : {}
  return Object.assign(Object.create(Object.getPrototypeOf(error)) as Error, { message: veil, stack: veil, ...kept })
}

/** What an error has to show, under Ansible's names. */
export function returnedBy(error: Error): Returned {
  if (error instanceof TaskFailed) return error.returned
  if (!(error instanceof RemoteError) || error.output === undefined) return {}
  const { code, stdout, stderr } = error.output
  return { cmd: error.command, rc: code, stdout, stderr }
}

export const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)))
