/** `skep sh`: one command of the shell on the hosts of a pattern. */
import { Command } from 'commander'
import { command } from '../modules/command.ts'
import { oneTask } from './one-task.ts'
import { type RunFlags, withRunFlags } from './run-flags.ts'

/** The command, to be hung under `skep`. */
export function shCommand(): Command {
  const sh = new Command('sh')
    .description("run one command of the shell on hosts: skep sh 'web*' -- uptime")
    .argument('<pattern>', 'hosts: names, globs, groups, as in a playbook')
    .argument('<command...>', "after --; several words are one line for each host's sh")
  return withRunFlags(sh).action(async (pattern: string, words: readonly string[], flags: RunFlags) => {
    const line = words.join(' ')
    const task = () => command(line, { argv: ['sh', '-c', line] })
    // Whoever asks a host something wants to see the answer.
    process.exitCode = await oneTask('skep sh', pattern, task, {
      ...flags,
      verbose: true,
      format: flags.format === 'pretty' ? 'plain' : flags.format,
    })
  })
}
