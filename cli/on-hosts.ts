/** Plays on hosts, from flags to an exit code: what `run`, `do` and `sh` have in common. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { anyConnector } from '../runner/connections/connector.ts'
import { type Chosen, type RunOptions, runPlays, type Summary } from '../runner/engine/run.ts'
import { UsageError } from '../runner/errors.ts'
import type { RunEvent } from '../runner/events.ts'
import type { Inventory } from '../runner/playbook.ts'
import { redactor, Secret, secretsIn } from '../runner/secret.ts'
import type { Journal } from './journal.ts'
import { personAtKeyboard } from './person.ts'
import { reporterFor } from './reporters.ts'
import type { RunFlags } from './run-flags.ts'

/** What a command asks for beside the flags that all of them have. */
export interface OnHosts extends Pick<RunOptions, 'tags' | 'startAt' | 'resume' | 'guard' | 'facts'> {
  /** Hears every event before it is shown; what it returns is shown instead, or nothing. */
  readonly hear?: (event: RunEvent) => RunEvent | undefined
  /** Where it has been asked for already. */
  readonly becomePassword?: Secret | undefined
  /** Where to keep what is done. */
  readonly journal?: Journal
}

/** Runs plays as the flags say and returns the exit code. Ctrl-C lets what runs finish; a second one ends at once. */
export async function onHosts(
  plays: readonly Chosen[],
  inventory: Inventory,
  flags: RunFlags,
  { journal, hear, becomePassword: given, ...more }: OnHosts = {},
): Promise<number> {
  const becomePassword = given ?? (await askedPassword(flags))
  const reporter = await reporterFor(flags, redactor(secretsIn([inventory.hosts, becomePassword])))
  const interrupt = new AbortController()
  const stop = (): void => {
    process.stderr.write('\nskep: stopping; what runs now may finish. Interrupt again to end at once.\n')
    interrupt.abort(new Error('interrupted'))
    process.once('SIGINT', () => process.exit(130))
  }
  process.once('SIGINT', stop)
  try {
    const summary = await runPlays({
      plays,
      inventory,
      vars: flags.extraVars,
      connector: anyConnector({ person: personAtKeyboard() }),
      report: (event) => {
        journal?.report(event)
        const shown = hear === undefined ? event : hear(event)
        if (shown !== undefined) reporter.report(shown)
      },
      signal: interrupt.signal,
      mode: flags.check === true ? 'check' : 'apply',
      forks: flags.forks,
      ...(flags.become === true ? { become: true } : {}),
      ...(becomePassword === undefined ? {} : { becomePassword }),
      ...more,
    })
    const code = exitCode(summary)
    if (journal?.close(code === 0) === true) process.stderr.write('skep: go on where it stopped with the same command and --resume\n')
    return code
  } finally {
    process.off('SIGINT', stop)
    await reporter.end()
  }
}

/** Ansible's codes: 0 fine, 2 a host failed, 4 a host could not be reached, 6 both; 130 interrupted. */
export function exitCode({ hosts, interrupted }: Summary): number {
  if (interrupted) return 130
  const outcomes = Object.values(hosts).map(({ outcome }) => outcome)
  return (outcomes.includes('failed') ? 2 : 0) + (outcomes.includes('unreachable') ? 4 : 0)
}

/** The password of becoming, if the flags say that it is to be asked for. */
export async function askedPassword({ askBecomePass }: Pick<RunFlags, 'askBecomePass'>): Promise<Secret | undefined> {
  return askBecomePass === true ? askSecret('password of becoming: ') : undefined
}

/** Asks on the terminal, without showing what is typed. */
async function askSecret(question: string): Promise<Secret> {
  if (!process.stdin.isTTY) throw new UsageError(`${question.replace(/: $/, '')}: expected a terminal to ask on, and there is none`)
  const silent = new Writable({ write: (_, __, done) => done() })
  process.stderr.write(question)
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true })
  try {
    return new Secret(await lines.question(''))
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}
