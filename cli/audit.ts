/** `skep audit`: the audit chain, checked as a stranger would check it. */
import { Command } from 'commander'
import { ledgerHeads, verifyAudit } from '../custody/audit-verify.ts'
import { printable } from '../custody/names.ts'
import { DIR_HELP, localDir, withLocalCloud } from './local-cloud.ts'

interface Flags {
  readonly dir?: string
  readonly json?: boolean
}

/** The command, to be hung under `skep`. */
export function auditCommand(): Command {
  const command = new Command('audit').description('the audit chain: who had which key, when, and what became of it')
  command
    .command('verify')
    .description('check every record, its place and its signature, and compare the chain with what the ledger remembers of it')
    .option('--dir <dir>', DIR_HELP)
    .option('--json', 'the verdict as one line of JSON')
    .action((flags: Flags) => verify(localDir(flags.dir), flags.json === true))
  return command
}

async function verify(dir: string, json: boolean): Promise<void> {
  const verdict = await withLocalCloud(dir, 'agent', async ({ trail, signer, ledger }) => {
    // Heads first: a record that is written meanwhile is then in the chain that is read.
    const heads = await ledgerHeads(ledger)
    return verifyAudit({ trail, signer }, heads)
  })
  if (json) process.stdout.write(`${JSON.stringify(verdict)}\n`)
  else if (verdict.ok) process.stdout.write(`audit chain: ${verdict.records} records, every one in its place and signed\n`)
  else for (const problem of verdict.problems) process.stderr.write(`audit chain: ${printable(problem)}\n`)
  if (!verdict.ok) process.exitCode = 1
}
