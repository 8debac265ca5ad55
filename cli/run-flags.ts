/** What `run` and its kin take: which hosts, which tasks, how, and how to tell of it. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Tags } from '../runner/hooks.ts'
import { type InventoryFlags, withInventory } from './inventory-flags.ts'

const formats = ['pretty', 'plain', 'json', 'junit'] as const

/** How many hosts, and how to tell. */
export interface RunFlags extends InventoryFlags {
  readonly limit?: string
  readonly check?: boolean
  readonly diff?: boolean
  readonly forks: number
  readonly format: (typeof formats)[number]
  readonly verbose?: boolean
  readonly become?: boolean
  readonly askBecomePass?: boolean
  readonly profile?: boolean
  readonly retryFile?: string
}

/** Which tasks of a playbook. */
export interface TaskFlags {
  readonly tags?: readonly string[]
  readonly skipTags?: readonly string[]
  readonly startAtTask?: string
}

/** Adds what every command that works on hosts takes. */
export function withRunFlags(command: Command): Command {
  return withTelling(withInventory(command))
    .option('-l, --limit <hosts>', 'only these: names, globs, groups, @FILE')
    .option('-C, --check', 'change nothing, say what would change')
    .option('-b, --become', 'become root where nothing else is said')
}

/** How many hosts at once, and how to tell: what is left to say where the rest has been said. */
export function withTelling(command: Command): Command {
  return command
    .option('-D, --diff', 'show what changes')
    .option('-f, --forks <n>', 'hosts at once', wholeNumber, 5)
    .option('-K, --ask-become-pass', 'ask for the password of becoming')
    .addOption(new Option('--format <format>', 'how to report').choices(formats).default('pretty'))
    .option('-v, --verbose', 'show what tasks return')
    .option('--profile', 'say where the time went')
    .option('--retry-file <file>', 'write the hosts that failed there, for -l @FILE')
}

/** Adds what chooses among the tasks of a playbook. */
export function withTaskFlags(command: Command): Command {
  return command
    .option('-t, --tags <tags>', 'only tasks with one of these, separated by commas; may be given again', list, undefined)
    .option('--skip-tags <tags>', 'no task with one of these; may be given again', list, undefined)
    .option('--start-at-task <title>', 'leave out what stands before this task: a title or a glob of one')
}

/** The tags in the engine's form. */
export function tagsOf({ tags, skipTags }: TaskFlags): Tags {
  return { ...(tags === undefined ? {} : { only: tags }), ...(skipTags === undefined ? {} : { skip: skipTags }) }
}

function list(value: string, before: readonly string[] | undefined): readonly string[] {
  const tags = value.split(',').map((tag) => tag.trim())
  if (tags.some((tag) => tag === '')) throw new InvalidArgumentError('Expected tags separated by commas.')
  return [...(before ?? []), ...tags]
}

function wholeNumber(value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value)) throw new InvalidArgumentError('Expected a whole number from 1 to 9999.')
  return Number(value)
}
