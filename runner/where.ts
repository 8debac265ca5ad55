/** `file:line` of whoever called `made`. */
export function callerOf(made: (...all: never[]) => unknown): string {
  const trace: { stack?: string } = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 1
  Error.captureStackTrace(trace, made)
  Error.stackTraceLimit = limit
  const at = /(?:\(|at )([^()\n]+?):(\d+):\d+\)?$/m.exec(trace.stack ?? '')
  return at === null ? 'unknown place' : `${at[1]?.replace(/^async /, '').replace(/^file:\/\//, '')}:${at[2]}`
}
