import { Command, CommanderError } from 'commander'
import { printable } from '../custody/names.ts'

/** Each command's name, one line of help, and the file that holds it. */
const commands: readonly (readonly [name: string, summary: string, load: () => Promise<Command>])[] = [
  ['demo', 'the whole story on this machine: no account, no root', async () => (await import('./demo.ts')).demoCommand()],
  ['run', 'run playbooks against hosts', async () => (await import('./run.ts')).runCommand()],
  ['plan', 'what playbooks would change, kept for apply', async () => (await import('./plan.ts')).planCommand()],
  ['apply', 'do what a plan says and nothing else', async () => (await import('./apply.ts')).applyCommand()],
  ['do', 'one task on hosts, without a playbook', async () => (await import('./do.ts')).doCommand()],
  ['sh', 'one command of the shell on hosts', async () => (await import('./sh.ts')).shCommand()],
  ['facts', 'what hosts are: system, addresses, memory', async () => (await import('./facts.ts')).factsCommand()],
  ['inventory', 'hosts and groups as ansible-inventory shows them', async () => (await import('./inventory.ts')).inventoryCommand()],
  ['vars', 'the variables of a host, and where each was set', async () => (await import('./vars.ts')).varsCommand()],
  ['key', 'HomerKey: make it, show its public half', async () => (await import('./key.ts')).keyCommand()],
  ['synth', 'write the synthetic study', async () => (await import('./synth.ts')).synthCommand()],
  ['submit', "the data owner's part: encrypt, name, upload, seal", async () => (await import('./submit.ts')).submitCommand()],
  ['agent', "the bastion's agent: launch, configure, sweep", async () => (await import('./agent.ts')).agentCommand()],
  ['fleet', 'what the ledger says of runs and workers', async () => (await import('./fleet.ts')).fleetCommand()],
  ['fetch', "a run's results, decrypted with the owner's key", async () => (await import('./fetch.ts')).fetchCommand()],
  ['doctor', 'look at what Skep needs on AWS, and how to mend it', async () => (await import('./doctor.ts')).doctorCommand()],
  ['diagram', 'draw a Terraform plan or state as SVG', async () => (await import('./diagram.ts')).diagramCommand()],
  ['audit', 'check the audit chain', async () => (await import('./audit.ts')).auditCommand()],
]

/** Runs one command line. Returns the exit code; a user's mistake is one clear error and 1, never a stack trace. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('skep')
    .description('Configuration orchestrator of a secure compute environment: one dedicated worker a sample, nothing left behind.')
    .version('0.1.0')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(printableLines(text)) })
  const wanted = argv.find((word) => !word.startsWith('-'))
  for (const [name, summary, load] of commands) {
    const command = name === wanted ? (await load()).summary(summary) : new Command(name).summary(summary).description(summary)
    program.addCommand(inherit(command, program))
  }
  try {
    if (argv.length === 0) program.help()
    await program.parseAsync([...argv], { from: 'user' })
    return typeof process.exitCode === 'number' ? process.exitCode : 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1
    process.stderr.write(`${printableLines(explain(error))}\n`)
    return 1
  }
}

/** Subcommands answer as the program does: by throwing, so that there is one place that ends the process. */
function inherit(command: Command, program: Command): Command {
  command.copyInheritedSettings(program).exitOverride()
  for (const sub of command.commands) inherit(sub, program)
  return command
}

const printableLines = (text: string): string => text.split('\n').map(printable).join('\n')

/** What went wrong, without a stack trace; `SKEP_TRACE=1` shows where, for whoever mends a defect. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return `skep: ${String(error)}`
  return `skep: ${process.env['SKEP_TRACE'] === undefined ? error.message : (error.stack ?? error.message)}`
}
