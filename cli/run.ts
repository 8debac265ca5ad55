/** `skep run`: playbooks against the hosts of an inventory. */
import { Command } from 'commander'
import type { Chosen } from '../runner/engine/run.ts'
import { UsageError } from '../runner/errors.ts'
import { chosenBy, madeOf } from './chosen.ts'
import { factCache } from './fact-cache.ts'
import { freshJournal, journalToResume } from './journal.ts'
import { type OnHosts, onHosts } from './on-hosts.ts'
import { type RunFlags, type TaskFlags, tagsOf, withRunFlags, withTaskFlags } from './run-flags.ts'

type Flags = RunFlags &
  TaskFlags & { readonly listHosts?: boolean; readonly resume?: boolean; readonly force?: boolean; readonly factCache?: string }

/** The command, to be hung under `skep`. */
export function runCommand(): Command {
  const command = new Command('run')
    .description('run playbooks against hosts')
    .argument('<playbook...>', 'files whose default export is a playbook or a list of them')
  return withTaskFlags(withRunFlags(command))
    .option('--list-hosts', 'say which hosts each play would run on, and do nothing')
    .option('--resume', 'go on where the last such run stopped on each host')
    .option('--force', 'with --resume: also when something has changed since, and do again what was begun')
    .option('--fact-cache <dir>', 'believe facts of hosts that are kept there and not a day old; keep those that are gathered')
    .action(async (files: string[], flags: Flags) => {
      const { plays, inventory } = await chosenBy(files, flags)
      if (flags.listHosts === true) return listHosts(plays)
      const { startAtTask, factCache: facts } = flags
      const more = {
        tags: tagsOf(flags),
        ...(startAtTask === undefined ? {} : { startAt: startAtTask }),
        ...(facts === undefined ? {} : { facts: factCache(facts) }),
      }
      process.exitCode = await onHosts(plays, inventory, flags, { ...more, ...journalOf(files, plays, flags) })
    })
}

/** A run that changes something keeps a journal, or goes on with one. */
function journalOf(playbooks: readonly string[], plays: readonly Chosen[], flags: Flags): Pick<OnHosts, 'journal' | 'resume'> {
  const { inventory, limit, check = false, resume = false, force = false } = flags
  if (force && !resume) throw new UsageError('--force: expected it with --resume')
  if (check && resume) throw new UsageError('--resume: expected it without --check')
  if (check) return {}
  const name = { playbooks, inventory, limit }
  const made = madeOf(playbooks, plays, flags)
  if (!resume) return { journal: freshJournal(name, made) }
  const journal = journalToResume(name, made, force)
  return { journal, resume: journal.left }
}

function listHosts(plays: readonly Chosen[]): void {
  for (const { playbook, hosts } of plays) {
    process.stdout.write(`${playbook.title} (${playbook.hosts}): ${hosts.length}\n${hosts.map(({ name }) => `  ${name}\n`).join('')}`)
  }
}
