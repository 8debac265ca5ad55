/** `skep synth`: the synthetic study as files. */
import { Command } from 'commander'
import { defaults, describeSynth, synth } from '../owner/synth.ts'

interface Flags {
  readonly patients: string
  readonly visits: string
  readonly seed: string
  readonly samples?: string
  readonly out: string
}

/** The command, to be hung under `skep`. */
export function synthCommand(): Command {
  return new Command('synth')
    .description('write a made-up study (patients, visits, one file a sample), the same for the same seed')
    .option('--patients <n>', 'how many patients', String(defaults.patients))
    .option('--visits <n>', 'how many visits in all', String(defaults.visits))
    .option('--seed <n>', 'whole number that decides everything', String(defaults.seed))
    .option('--samples <n>', 'how many sample files (default: one a patient)')
    .requiredOption('-o, --out <dir>', 'a new or empty directory')
    .action(async (flags: Flags) => {
      const made = await synth({
        patients: whole('--patients', flags.patients),
        visits: whole('--visits', flags.visits),
        seed: whole('--seed', flags.seed),
        samples: flags.samples === undefined ? undefined : whole('--samples', flags.samples),
        out: flags.out,
      })
      process.stdout.write(`${describeSynth(made)}\n`)
    })
}

function whole(flag: string, text: string): number {
  if (!/^-?[0-9]{1,15}$/.test(text)) throw new Error(`${flag}: expected a whole number, got ${JSON.stringify(text.slice(0, 40))}`)
  return Number(text)
}
