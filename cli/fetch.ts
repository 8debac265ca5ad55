/** `skep fetch`: the data owner gets the results of a run. */
import { Command } from 'commander'
import { layout } from '../cloud/local/layout.ts'
import { explain } from '../custody/failures.ts'
import { printable } from '../custody/names.ts'
import { type Fetched, fetchRun } from '../owner/fetch.ts'
import { DIR_HELP, localDir, withLocalCloud } from './local-cloud.ts'

interface Flags {
  readonly encrypted?: boolean
  readonly key?: string
  readonly dir?: string
  readonly out: string
}

/** The command, to be hung under `skep`. */
export function fetchCommand(): Command {
  return new Command('fetch')
    .description('get the results of a finished run, decrypted with your key')
    .argument('<run>', 'the id that skep submit printed')
    .option('--encrypted', 'leave them encrypted: *.pgp as they lie there')
    .option('--key <file>', 'armored secret key to decrypt with (default: the key made for you)')
    .option('--dir <dir>', DIR_HELP)
    .requiredOption('-o, --out <dir>', 'a new or empty directory')
    .action(async (run: string, flags: Flags) => {
      if (flags.encrypted === true && flags.key !== undefined) throw new Error('skep fetch: --encrypted opens nothing, so leave out --key')
      const dir = localDir(flags.dir)
      const options = { run, out: flags.out, encrypted: flags.encrypted ?? false, key: flags.key }
      tell(await withLocalCloud(dir, 'owner', ({ objects }) => fetchRun({ objects, home: layout(dir).owner }, options)))
    })
}

function tell({ files, failed }: Fetched): void {
  process.stdout.write(files.map((file) => `${file}\n`).join(''))
  for (const { sample, class: failure, path } of failed) {
    const file = path === undefined ? '' : ` (${printable(path)})`
    const why = failure === undefined ? 'no reason is known.' : `${failure}. ${explain(failure).happened} ${explain(failure).todo}`
    process.stderr.write(`sample ${sample}${file} has no result: ${why}\n`)
  }
}
