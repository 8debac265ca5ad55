/** `skep run`: playbooks against the hosts of an inventory. */
import { dirname } from 'node:path'
import { Command } from 'commander'
import type { Host } from '../runner/contract.ts'
import type { Chosen } from '../runner/engine/run.ts'
import { UsageError } from '../runner/errors.ts'
import type { Inventory, Playbook } from '../runner/playbook.ts'
import { inventoryOf } from './inventory-flags.ts'
import { freshJournal, journalToResume } from './journal.ts'
import { type OnHosts, onHosts } from './on-hosts.ts'
import { loadPlaybooks } from './playbook-file.ts'
import { type RunFlags, type TaskFlags, tagsOf, withRunFlags, withTaskFlags } from './run-flags.ts'

type Flags = RunFlags & TaskFlags & { readonly listHosts?: boolean; readonly resume?: boolean; readonly force?: boolean }

/** The command, to be hung under `skep`. */
export function runCommand(): Command {
  const command = new Command('run')
    .description('run playbooks against hosts')
    .argument('<playbook...>', 'files whose default export is a playbook or a list of them')
  return withTaskFlags(withRunFlags(command))
    .option('--list-hosts', 'say which hosts each play would run on, and do nothing')
    .option('--resume', 'go on where the last such run stopped on each host')
    .option('--force', 'with --resume: also when something has changed since, and do again what was begun')
    .action(async (files: string[], flags: Flags) => {
      const { plays, inventory } = await chosenBy(files, flags)
      if (flags.listHosts === true) return listHosts(plays)
      const { startAtTask } = flags
      const more = { tags: tagsOf(flags), ...(startAtTask === undefined ? {} : { startAt: startAtTask }) }
      process.exitCode = await onHosts(plays, inventory, flags, { ...more, ...journalOf(files, plays, flags) })
    })
}

/** A run that changes something keeps a journal, or goes on with one. */
function journalOf(playbooks: readonly string[], plays: readonly Chosen[], flags: Flags): Pick<OnHosts, 'journal' | 'resume'> {
  const { inventory, limit, extraVars, become = false, check = false, resume = false, force = false } = flags
  if (force && !resume) throw new UsageError('--force: expected it with --resume')
  if (check && resume) throw new UsageError('--resume: expected it without --check')
  if (check) return {}
  const name = { playbooks, inventory, limit }
  const hosts = [...new Set(plays.flatMap((play) => play.hosts))]
  const made = { playbooks, hosts, extraVars, options: { tags: tagsOf(flags), startAt: flags.startAtTask ?? null, become } }
  if (!resume) return { journal: freshJournal(name, made) }
  const journal = journalToResume(name, made, force)
  return { journal, resume: journal.left }
}

/** The plays of the files with their hosts. Where files lie apart, each sees the variables beside it. */
async function chosenBy(files: readonly string[], flags: Flags): Promise<{ plays: readonly Chosen[]; inventory: Inventory }> {
  const inventory = await inventoryOf(flags)
  const plays: Chosen[] = []
  let first: Inventory | undefined
  for (const file of files) {
    const there = await inventory.beside(dirname(file))
    first ??= there
    const limited = new Set(there.choose(flags.limit ?? 'all'))
    for (const playbook of await loadPlaybooks(file)) {
      const hosts = hostsFor(playbook, there).filter((host) => flags.limit === undefined || limited.has(host))
      if (hosts.length === 0) {
        const limit = flags.limit === undefined ? '' : ` and -l '${flags.limit}'`
        throw new UsageError(`playbook '${playbook.title}': no host of the inventory is chosen by '${playbook.hosts}'${limit}`)
      }
      plays.push({ playbook, hosts })
    }
  }
  return { plays, inventory: first ?? inventory }
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

function listHosts(plays: readonly Chosen[]): void {
  for (const { playbook, hosts } of plays) {
    process.stdout.write(`${playbook.title} (${playbook.hosts}): ${hosts.length}\n${hosts.map(({ name }) => `  ${name}\n`).join('')}`)
  }
}
