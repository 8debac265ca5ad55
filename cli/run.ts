/** `skep run`: playbooks against the hosts of an inventory. */
import { dirname } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { anyConnector } from '../runner/connections/connector.ts'
import type { Host } from '../runner/contract.ts'
import { runPlaybook, type Summary } from '../runner/engine/run.ts'
import { UsageError } from '../runner/errors.ts'
import type { Inventory, Playbook } from '../runner/playbook.ts'
import { jsonReporter } from '../runner/report/json.ts'
import { plainReporter } from '../runner/report/plain.ts'
import type { Reporter } from '../runner/report/reporter.ts'
import { redactingWriter } from '../runner/report/writer.ts'
import { type Redact, redactor, secretsIn } from '../runner/secret.ts'
import { type InventoryFlags, inventoryOf, withInventory } from './inventory-flags.ts'
import { personAtKeyboard } from './person.ts'
import { loadPlaybooks } from './playbook-file.ts'

interface Flags extends InventoryFlags {
  readonly limit?: string
  readonly check?: boolean
  readonly diff?: boolean
  readonly forks: number
  readonly format: 'pretty' | 'plain' | 'json'
  readonly verbose?: boolean
}

/** The command, to be hung under `skep`. */
export function runCommand(): Command {
  const command = new Command('run')
    .description('run playbooks against hosts')
    .argument('<playbook...>', 'files whose default export is a playbook or a list of them')
  return withInventory(command)
    .option('-l, --limit <hosts>', 'only these: names, globs, groups, @FILE')
    .option('-C, --check', 'change nothing, say what would change')
    .option('-D, --diff', 'show what changes')
    .option('-f, --forks <n>', 'hosts at once', wholeNumber, 5)
    .addOption(new Option('--format <format>', 'how to report').choices(['pretty', 'plain', 'json']).default('pretty'))
    .option('-v, --verbose', 'show what tasks return')
    .action(async (files: string[], flags: Flags) => {
      process.exitCode = await run(files, flags)
    })
}

async function run(files: readonly string[], flags: Flags): Promise<number> {
  const inventory = await inventoryOf(flags)
  const chosen: Play[] = []
  for (const file of files) {
    const plays = await loadPlaybooks(file)
    const there = await inventory.beside(dirname(file))
    const limited = new Set(there.choose(flags.limit ?? 'all'))
    for (const playbook of plays) {
      const hosts = hostsFor(playbook, there).filter((host) => flags.limit === undefined || limited.has(host))
      chosen.push({ playbook, hosts, inventory: there })
    }
  }
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

/** The hosts that a play asks for. Throws UsageError with its place. */
function hostsFor({ hosts, title, where }: Playbook, inventory: Inventory): readonly Host[] {
  try {
    return inventory.choose(hosts)
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause
    throw new UsageError(`${where}: playbook '${title}': ${cause.message}`, { cause })
  }
}

interface Play {
  readonly playbook: Playbook
  readonly hosts: readonly Host[]
  readonly inventory: Inventory
}

async function runOne(play: Play, flags: Flags, signal: AbortSignal): Promise<Summary> {
  const reporter = await reporterFor(flags, redactor(secretsIn(play.inventory.hosts)))
  try {
    return await runPlaybook({
      ...play,
      vars: flags.extraVars,
      connector: anyConnector({ person: personAtKeyboard() }),
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

/** Ansible's codes: 0 fine, 2 a host failed, 4 a host could not be reached, 6 both; 130 interrupted. */
function exitCode(summaries: readonly Summary[]): number {
  if (summaries.some(({ interrupted }) => interrupted)) return 130
  const outcomes = summaries.flatMap(({ hosts }) => Object.values(hosts).map(({ outcome }) => outcome))
  return (outcomes.includes('failed') ? 2 : 0) + (outcomes.includes('unreachable') ? 4 : 0)
}

function wholeNumber(value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value)) throw new InvalidArgumentError('Expected a whole number from 1 to 9999.')
  return Number(value)
}
