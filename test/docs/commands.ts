/** Command lines as documents show them, held against the commands that there are. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command, type Option } from 'commander'

/** `skep` with every command of `cli/`, each as its own file makes it. */
export async function skepProgram(cli: string): Promise<Command> {
  const program = new Command('skep').version('0').helpCommand(false)
  const files = readdirSync(cli).filter(
    (name) => name.endsWith('.ts') && /^export function \w+Command\(/m.test(readFileSync(join(cli, name), 'utf8')),
  )
  for (const file of files) {
    const made: Readonly<Record<string, unknown>> = await import(pathToFileURL(join(cli, file)).href)
    for (const [name, make] of Object.entries(made)) {
      const command: unknown = name.endsWith('Command') && typeof make === 'function' ? make() : undefined
      if (command instanceof Command) program.addCommand(command)
    }
  }
  return program
}

/** The words after each `skep` that is a command in a line of shell: not in a comment, nor in another program's output. */
export function skepCallsIn(line: string): readonly (readonly string[])[] {
  return line
    .replace(/^\s*[$>]\s+/, '')
    .replace(/\s#\s.*$/, '')
    .split(/&&|\|\||[;|()]|\$\(/)
    .map((part) =>
      part
        .replace(/[0-9]?>{1,2}\s*\S+|<\s*\S+/g, ' ')
        .trim()
        .split(/\s+/),
    )
    .map((words) => words.slice(words.findIndex((word) => !/^[A-Z_]+=/.test(word) && !['do', 'then', 'else', 'time'].includes(word))))
    .map((words) => (words[0] === 'npx' ? words.slice(1) : words))
    .flatMap((words) => (words[0] === 'skep' ? [words.slice(1)] : []))
}

/** What is wrong with a call; undefined when the command and all its flags are there. Brackets and dots of a synopsis are passed over. */
export function wrongWith(program: Command, call: readonly string[]): string | undefined {
  const words = call.map((word) => word.replace(/^[[(]+|[\]).,:]+$|\.\.\.$|…/g, '')).filter((word) => word !== '')
  let command = program
  let rest = words
  for (;;) {
    const sub = command.commands.find((one) => one.name() === rest[0])
    if (sub === undefined) break
    command = sub
    rest = rest.slice(1)
  }
  const path = ['skep', ...words.slice(0, words.length - rest.length)].join(' ')
  const next = rest[0]
  if (command.commands.length > 0 && next !== undefined && !next.startsWith('-')) return `${path} has no command '${next}'`
  for (const [index, word] of rest.entries()) {
    if (!/^--?[A-Za-z]/.test(word) || takesValue(optionOf(command, rest[index - 1]))) continue
    if (['-h', '--help'].includes(word)) continue
    const option = optionOf(command, word)
    if (option === undefined) return `${path} has no flag '${word}'`
    const value = rest[index + 1]
    if (takesValue(option) && !word.includes('=') && (value === undefined || /^--?[A-Za-z]/.test(value)))
      return `${path} ${word} needs a value`
    if (value !== undefined && /^[a-z]/.test(value) && option.argChoices?.includes(value) === false)
      return `${path} ${word} cannot be '${value}'`
  }
  return undefined
}

const optionOf = (command: Command, word: string | undefined): Option | undefined =>
  word === undefined ? undefined : command.options.find((option) => [option.short, option.long].includes(word.split('=')[0]))

const takesValue = (option: Option | undefined): boolean => option?.required === true
