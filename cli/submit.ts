/** `skep submit`: the data owner's files become a run. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { layout } from '../cloud/local/layout.ts'
import { enrolOwner } from '../key-host/owners.ts'
import { unfinishedRuns } from '../owner/plan.ts'
import { resumeRun, type SubmitHooks, type SubmitTo, type Submitted, submitRun } from '../owner/submit.ts'
import { DIR_HELP, localDir, withLocalCloud } from './local-cloud.ts'

interface Flags {
  readonly encrypted?: boolean
  readonly ownerKey?: string
  readonly resume?: string
  readonly dir?: string
  readonly json?: boolean
}

/** The command, to be hung under `skep`. */
export function submitCommand(): Command {
  return new Command('submit')
    .description('encrypt files to HomerKey, upload them under random names and seal them as one run')
    .argument('[files...]', 'one file a sample')
    .option('--encrypted', 'the files are encrypted to HomerKey already (gpg)')
    .option('--owner-key <file>', 'public OpenPGP key that results go to (default: a key made for you)')
    .option('--resume <run>', 'finish an interrupted submit')
    .option('--dir <dir>', DIR_HELP)
    .option('--json', 'print one JSON object')
    .action(async (files: string[], flags: Flags) => {
      checkFlags(files, flags)
      const dir = localDir(flags.dir)
      const done = await withSubmitTo(dir, async (to) => {
        const hooks = progress()
        if (flags.resume !== undefined) return resumeRun(to, flags.resume, hooks)
        for (const run of await unfinishedRuns(to.home))
          note(`the submit of run ${run} was interrupted; finish it with: skep submit --resume ${run}`)
        return submitRun(to, { files, encrypted: flags.encrypted ?? false, ownerKey: flags.ownerKey }, hooks)
      })
      if (flags.json === true) process.stdout.write(`${asJson(done)}\n`)
      else tell(done, dir)
    })
}

function checkFlags(files: readonly string[], { resume, encrypted, ownerKey }: Flags): void {
  if (resume === undefined) {
    if (files.length === 0) throw new Error('skep submit: expected at least one file, or --resume RUN')
  } else if (files.length > 0 || encrypted !== undefined || ownerKey !== undefined) {
    throw new Error('skep submit: --resume takes files and keys from the interrupted submit; leave them out')
  }
}

/** Opens what a submit reaches in the local cloud. */
export function withSubmitTo<T>(dir: string, use: (to: SubmitTo) => Promise<T>): Promise<T> {
  return withLocalCloud(dir, 'owner', ({ objects }) =>
    withLocalCloud(dir, 'keyHost', async ({ secrets }) => {
      const homer = await readFile(join(layout(dir).trust, 'homerkey.asc'), 'utf8').catch(() => undefined)
      if (homer === undefined) throw new Error(`there is no HomerKey in ${dir} yet; make it with: skep key init --dir ${dir}`)
      return use({ objects, enrol: (run, armored) => enrolOwner(secrets, run, armored), home: layout(dir).owner, homer })
    }),
  )
}

/** Says how far it is, once a second, when it takes longer than two. */
function progress(): SubmitHooks {
  let next = Date.now() + 2000
  return {
    afterPut: ({ index, count }) => {
      if (Date.now() < next) return
      next = Date.now() + 1000
      note(`uploaded ${index + 1} of ${count} objects`)
    },
  }
}

const asJson = ({ run, owner, samples }: Submitted): string =>
  JSON.stringify({ run, owner: owner.fingerprint, samples: samples.map(({ sample, path }) => ({ id: sample, file: path })) })

function tell({ run, owner, samples }: Submitted, dir: string): void {
  process.stdout.write(`${run}\n`)
  note(
    `${samples.length} ${samples.length === 1 ? 'sample' : 'samples'} submitted as run ${run}; results go to the key ${owner.fingerprint}`,
  )
  note(`next: skep agent --once --dir ${dir}, then: skep fetch ${run} --dir ${dir} -o RESULTS`)
}

const note = (text: string) => process.stderr.write(`${text}\n`)
