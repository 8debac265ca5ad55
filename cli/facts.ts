/** `skep facts`: what hosts are, as `setup` sees them. */
import { Command } from 'commander'
import { z } from 'zod'
import { printable } from '../custody/names.ts'
import { setup } from '../modules/looks/setup.ts'
import { anyConnector } from '../runner/connections/connector.ts'
import type { Plain } from '../runner/contract.ts'
import { runPlaybook } from '../runner/engine/run.ts'
import { UsageError } from '../runner/errors.ts'
import type { RunEvent } from '../runner/events.ts'
import { playbook } from '../runner/playbook.ts'
import { outcomeLine } from '../runner/report/words.ts'
import { redactor, secretsIn } from '../runner/secret.ts'
import { type InventoryFlags, inventoryOf, withInventory } from './inventory-flags.ts'
import { exitCode } from './on-hosts.ts'
import { personAtKeyboard } from './person.ts'
import { wholeNumber } from './whole-number.ts'

interface Flags extends InventoryFlags {
  readonly forks: number
  readonly json?: boolean
}

/** The command, to be hung under `skep`. */
export function factsCommand(): Command {
  const command = new Command('facts')
    .description('Shows what hosts are: system, kernel, addresses, memory. It changes nothing, and needs no Python there.')
    .argument('<pattern>', 'hosts: names, globs, groups, as in a playbook')
  return withInventory(command)
    .option('-f, --forks <n>', 'hosts at once', wholeNumber('--forks', 1, 9999), 5)
    .option('--json', 'as JSON, by host')
    .action(async (pattern: string, flags: Flags) => {
      process.exitCode = await showFacts(pattern, flags)
    })
}

async function showFacts(pattern: string, flags: Flags): Promise<number> {
  const inventory = await inventoryOf(flags)
  const hosts = inventory.choose(pattern)
  if (hosts.length === 0) throw new UsageError(`no host of the inventory is chosen by '${pattern}'`)
  const found = new Map<string, Readonly<Record<string, Plain>>>()
  const play = playbook('skep facts', {
    hosts: pattern,
    vars: z.looseObject({}),
    facts: { seen: setup({}) },
    tasks: ({ host, facts }) => {
      found.set(host.name, facts.seen)
      return []
    },
  })
  const redact = redactor(secretsIn(inventory.hosts))
  const report = (event: RunEvent): void => {
    const line =
      event.type === 'failed' || event.type === 'unreachable' || event.type === 'hostUnreachable' ? outcomeLine(event) : undefined
    if (line !== undefined) process.stderr.write(`${redact(line)}\n`)
  }
  const interrupt = new AbortController()
  const stop = (): void => interrupt.abort(new Error('interrupted'))
  process.once('SIGINT', stop)
  const run = {
    inventory,
    vars: flags.extraVars,
    connector: anyConnector({ person: personAtKeyboard() }),
    report,
    signal: interrupt.signal,
    forks: flags.forks,
  }
  const summary = await runPlaybook({ playbook: play, hosts, mode: 'check', ...run }).finally(() => process.off('SIGINT', stop))
  const inOrder = hosts.flatMap(({ name }) => {
    const facts = found.get(name)
    return facts === undefined ? [] : [[name, facts] as const]
  })
  process.stdout.write(flags.json === true ? `${JSON.stringify(Object.fromEntries(inOrder), null, 2)}\n` : inOrder.map(told).join(''))
  return exitCode(summary)
}

function told([name, facts]: readonly [string, Readonly<Record<string, Plain>>]): string {
  const lines = Object.entries(facts).map(([key, value]) => `  ${key}: ${printable(text(value))}`)
  return `${printable(name)}\n${lines.join('\n')}\n`
}

function text(value: Plain): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return value === null ? 'none' : String(value)
  if (Array.isArray(value)) return value.map(text).join(', ')
  return Object.entries(value)
    .map(([key, inner]) => `${key} ${text(inner)}`)
    .join(', ')
}
