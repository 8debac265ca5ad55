import type { Output, Returned } from './contract.ts'
import type { Redact } from './secret.ts'

/** What was asked cannot be done as it stands: a wrong flag, parameter, inventory or playbook. Nothing was changed. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError'
}

/** A command ended with an exit code that says it failed. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError'
  readonly host: string
  readonly command: string
  readonly output: Output
  constructor(host: string, command: string, output: Output) {
    super(`${host}: ${said(output)} (exit code ${output.code} of ${brief(command)})`)
    this.host = host
    this.command = command
    this.output = output
  }
}

/** A command ran longer than it may. It was killed with its children; the connection is still good. */
export class CommandTimeout extends Error {
  override readonly name = 'CommandTimeout'
  constructor(host: string, command: string, timeoutMs: number) {
    super(`${brief(command)} on ${host} did not end within ${timeoutMs} ms and was killed. Give it a longer timeout if it needs one.`)
  }
}

/** A command wrote more than is kept in memory. It did run; send its output to a file. */
export class OutputTooLarge extends Error {
  override readonly name = 'OutputTooLarge'
  constructor(host: string, command: string, limit: number) {
    super(`${brief(command)} on ${host} wrote more than ${limit} bytes. It did run. Let it write to a file and read what you need.`)
  }
}

/** The host cannot be reached, or not any more. */
export class Unreachable extends Error {
  override readonly name: string = 'Unreachable'
}

/** The host is there, but does not let us become that user. */
export class BecomeRefused extends Error {
  override readonly name = 'BecomeRefused'
}

/** Somebody else answers at the host's address: nothing was sent to it. Never retried. */
export class HostKeyMismatch extends Unreachable {
  override readonly name = 'HostKeyMismatch'
  readonly expected: string
  readonly got: string
  constructor(host: string, address: string, expected: string, got: string) {
    super(
      `Refused to log in to ${host} at ${address}: expected the host key ${expected}, got ${got}. ` +
        'Find out who answers there; correct the pin, or known_hosts, only from a source that you trust.',
    )
    this.expected = expected
    this.got = got
  }
}

/** The connection went away while a command was waiting or running. */
export class ConnectionLost extends Unreachable {
  override readonly name = 'ConnectionLost'
  /** The host had said that the command started: it may have done everything, something or nothing. Never send it again unasked. */
  readonly started: boolean
  constructor(host: string, doing: string, started: boolean, why: string, options?: ErrorOptions) {
    const fate = started ? 'had started; whether it finished is not known' : 'had not started'
    super(`Lost the connection to ${host}: ${why}. ${brief(doing)} ${fate}.`, options)
    this.started = started
  }
}

/** A module's way to say that its change may or may not have happened, and that this was to be expected. */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown'
}

/** A module's way to fail with values to show. */
export class TaskFailed extends Error {
  override readonly name = 'TaskFailed'
  readonly returned: Returned
  constructor(message: string, returned: Returned = {}, options?: ErrorOptions) {
    super(message, options)
    this.returned = returned
  }
}

/** The same error, of the same class, with the secrets taken out of all its texts. */
export function withoutSecrets<E>(error: E, redactAll: Redact): E {
  if (!(error instanceof Error)) return error
  let found = false
  const redact = (text: string): string => {
    const kept = redactAll(text)
    found ||= kept !== text
    return kept
  }
  const { message } = error instanceof RemoteError ? new RemoteError(error.host, error.command, clean(error.output, redact)) : error
  const copy = Object.create(Object.getPrototypeOf(error)) as E & Error
  for (const [key, { value, enumerable = false }] of Object.entries(Object.getOwnPropertyDescriptors(error))) {
    const kept = key === 'message' ? redact(message) : key === 'cause' ? withoutSecrets(value, redact) : clean(value, redact)
    Object.defineProperty(copy, key, { value: kept, enumerable, configurable: true, writable: true })
  }
  // The stack repeats the message; a getter in some versions of Node.
  Object.defineProperty(copy, 'stack', { value: redact(error.stack ?? message), configurable: true, writable: true })
  return found ? copy : error
}

/** The same data with the secrets taken out of all its texts. */
export function clean<T>(value: T, redact: Redact): T {
  const walk = (part: unknown): unknown => {
    if (typeof part === 'string') return redact(part)
    if (part instanceof Uint8Array) return Buffer.from(redact(Buffer.from(part).toString('latin1')), 'latin1')
    if (part instanceof Error) return withoutSecrets(part, redact)
    if (Array.isArray(part)) return part.map(walk)
    if (typeof part !== 'object' || part === null) return part
    const proto: unknown = Object.getPrototypeOf(part)
    if (proto !== Object.prototype && proto !== null) return part
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, walk(inner)]))
  }
  return walk(value) as T
}

function brief(command: string): string {
  const line = command.replaceAll(/\s+/g, ' ').trim()
  return `\`${line.length > 80 ? `${line.slice(0, 79)}…` : line}\``
}

function said({ stdout, stderr }: Output): string {
  const text = (stderr.trim() || stdout.trim()).slice(-500)
  return text === '' ? 'a command failed and said nothing' : text
}
