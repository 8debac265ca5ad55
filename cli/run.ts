/** `skep run`: playbooks against the hosts of an inventory. */
import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command, InvalidArgumentError, Option } from 'commander'
import { loadInventories } from '../inventory/load.ts'
import { chooseHosts } from '../inventory/pattern.ts'
import { anyConnector } from '../runner/connections/connector.ts'
import type { Host, Plain } from '../runner/contract.ts'
import { runPlaybook, type Summary } from '../runner/engine/run.ts'
import { UsageError } from '../runner/errors.ts'
import type { Playbook } from '../runner/playbook.ts'
import { jsonReporter } from '../runner/report/json.ts'
import { plainReporter } from '../runner/report/plain.ts'
import type { Reporter } from '../runner/report/reporter.ts'
import { redactingWriter } from '../runner/report/writer.ts'
import { type Redact, redactor, secretsIn } from '../runner/secret.ts'

interface Flags {
  readonly inventory: readonly string[]
  readonly limit?: string
  readonly check?: boolean
  readonly diff?: boolean
  readonly extraVars: Readonly<Record<string, Plain>>
  readonly forks: number
  readonly format: 'pretty' | 'plain' | 'json'
  readonly verbose?: boolean
}

/** The command, to be hung under `skep`. */
export function runCommand(): Command {
  return new Command('run')
    .description('run playbooks against hosts')
    .argument('<playbook...>', 'files whose default export is a playbook or a list of them')
    .option('-i, --inventory <source>', "'local:', or a .ts, .js or .json file; may be given again", collect, [])
    .option('-l, --limit <hosts>', 'only these: names, globs, groups')
    .option('-C, --check', 'change nothing, say what would change')
    .option('-D, --diff', 'show what changes')
    .option('-e, --extra-vars <k=v>', 'a variable, or a JSON object of them; wins over the inventory; may be given again', variables, {})
    .option('-f, --forks <n>', 'hosts at once', wholeNumber, 5)
    .addOption(new Option('--format <format>', 'how to report').choices(['pretty', 'plain', 'json']).default('pretty'))
    .option('-v, --verbose', 'show what tasks return')
    .action(async (files: string[], flags: Flags) => {
      process.exitCode = await run(files, flags)
    })
}

async function run(files: readonly string[], flags: Flags): Promise<number> {
  if (flags.inventory.length === 0) throw new UsageError("expected an inventory: -i 'local:' for this machine, or -i FILE")
  const hosts = await loadInventories(flags.inventory)
  const plays = (await Promise.all(files.map(loadPlaybooks))).flat()
  const limited = flags.limit === undefined ? hosts : chooseHosts(hosts, flags.limit)
  const chosen = plays.map((playbook) => ({ playbook, hosts: chooseHosts(hosts, playbook.hosts).filter((host) => limited.includes(host)) }))
  const idle = chosen.find((play) => play.hosts.length === 0)
  if (idle !== undefined)
    throw new UsageError(
      `playbook '${idle.playbook.title}': no host of the inventory is chosen by '${idle.playbook.hosts}'${flags.limit === undefined ? '' : ` and -l '${flags.limit}'`}`,
    )
  const interrupt = new AbortController()
  const stop = (): void => {
    process.stderr.write('\nskep: stopping; what runs now may finish. Interrupt again to end at once.\n')
    interrupt.abort(new Error('interrupted'))
    process.once('SIGINT', () => process.exit(130))
  }
  process.once('SIGINT', stop)
  try {
    const summaries: Summary[] = []
    for (const play of chosen) {
      const summary = await runOne(play, flags, interrupt.signal)
      summaries.push(summary)
      if (exitCode([summary]) !== 0) break
    }
    return exitCode(summaries)
  } finally {
    process.off('SIGINT', stop)
  }
}

async function runOne(play: { playbook: Playbook; hosts: readonly Host[] }, flags: Flags, signal: AbortSignal): Promise<Summary> {
  const reporter = await reporterFor(flags, redactor(secretsIn(play.hosts)))
  try {
    return await runPlaybook({
      ...play,
      vars: flags.extraVars,
      connector: anyConnector(),
      report: reporter.report,
      signal,
      mode: flags.check === true ? 'check' : 'apply',
      forks: flags.forks,
    })
  } finally {
    await reporter.end()
  }
}

async function reporterFor({ format, diff = false, verbose = false }: Flags, redact: Redact): Promise<Reporter> {
  const write = redactingWriter(process.stdout, redact)
  if (format === 'json') return jsonReporter(write, { diff })
  if (format === 'plain' || !process.stdout.isTTY) return plainReporter(write, { diff, verbose })
  const { prettyReporter } = await import('../runner/report/pretty.ts')
  return prettyReporter(redact, { diff })
}

async function loadPlaybooks(file: string): Promise<readonly Playbook[]> {
  const path = resolve(file)
  await access(path).catch((cause: unknown) => {
    throw new UsageError(`there is no playbook ${file}`, { cause })
  })
  const loaded: { default?: unknown } = await import(pathToFileURL(path).href).catch((cause: unknown) => {
    throw new UsageError(`playbook ${file} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  })
  const plays = Array.isArray(loaded.default) ? loaded.default : [loaded.default]
  if (plays.length === 0 || !plays.every(isPlaybook)) {
    throw new UsageError(`playbook ${file}: expected a default export made by playbook(title, { hosts, vars, tasks }), or a list of them`)
  }
  return plays
}

function isPlaybook(value: unknown): value is Playbook {
  return (
    typeof value === 'object' &&
    value !== null &&
    'title' in value &&
    'hosts' in value &&
    'vars' in value &&
    'tasks' in value &&
    typeof value.tasks === 'function'
  )
}

/** Ansible's codes: 0 fine, 2 a host failed, 4 a host could not be reached, 6 both; 130 interrupted. */
function exitCode(summaries: readonly Summary[]): number {
  if (summaries.some(({ interrupted }) => interrupted)) return 130
  const outcomes = summaries.flatMap(({ hosts }) => Object.values(hosts).map(({ outcome }) => outcome))
  return (outcomes.includes('failed') ? 2 : 0) + (outcomes.includes('unreachable') ? 4 : 0)
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value]

function wholeNumber(value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value)) throw new InvalidArgumentError('Expected a whole number from 1 to 9999.')
  return Number(value)
}

function variables(value: string, before: Readonly<Record<string, Plain>>): Readonly<Record<string, Plain>> {
  if (value.trimStart().startsWith('{')) {
    try {
      return { ...before, ...JSON.parse(value) }
    } catch {
      throw new InvalidArgumentError('Expected k=v or a JSON object.')
    }
  }
  const at = value.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Expected k=v or a JSON object.')
  return { ...before, [value.slice(0, at)]: value.slice(at + 1) }
}
