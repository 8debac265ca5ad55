/** `skep submit`: the data owner's files become a run. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { layout } from '../cloud/local/layout.ts'
import { openLocal } from '../cloud/local/open.ts'
import { enrolOwner } from '../key-host/owners.ts'
import { unfinishedRuns } from '../owner/plan.ts'
import { resumeRun, type SubmitHooks, type SubmitTo, type Submitted, submitRun } from '../owner/submit.ts'

interface Flags {
  readonly encrypted?: boolean
  readonly ownerKey?: string
  readonly resume?: string
  readonly dir: string
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
    .addOption(new Option('--dir <dir>', 'directory of the local cloud').env('SKEP_DIR').default('./skep-demo'))
    .option('--json', 'print one JSON object')
    .action(async (files: string[], flags: Flags) => {
      checkFlags(files, flags)
      const done = await withLocal(flags.dir, async (to) => {
        const hooks = progress()
        if (flags.resume !== undefined) return resumeRun(to, flags.resume, hooks)
        for (const run of await unfinishedRuns(to.home))
          note(`the submit of run ${run} was interrupted; finish it with: skep submit --resume ${run}`)
        return submitRun(to, { files, encrypted: flags.encrypted ?? false, ownerKey: flags.ownerKey }, hooks)
      })
      tell(done, flags)
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
export async function withLocal<T>(dir: string, use: (to: SubmitTo) => Promise<T>): Promise<T> {
  const owner = await openLocal(dir, 'owner')
  const keyHost = await openLocal(dir, 'keyHost')
  try {
    const homer = await readFile(join(layout(dir).trust, 'homerkey.asc'), 'utf8').catch(() => undefined)
    if (homer === undefined) throw new Error(`there is no HomerKey in ${dir} yet; make it with: skep key init --dir ${dir}`)
    const enrol = (run: string, armored: string) => enrolOwner(keyHost.secrets, run, armored)
    return await use({ objects: owner.objects, enrol, home: layout(dir).owner, homer })
  } finally {
    await keyHost.close()
    await owner.close()
  }
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

function tell({ run, owner, samples }: Submitted, { json = false, dir }: Flags): void {
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ run, owner: owner.fingerprint, samples: samples.map(({ sample, path }) => ({ id: sample, file: path })) })}\n`,
    )
    return
  }
  process.stdout.write(`${run}\n`)
  note(
    `${samples.length} ${samples.length === 1 ? 'sample' : 'samples'} submitted as run ${run}; results go to the key ${owner.fingerprint}`,
  )
  note(`next: skep agent --once --dir ${dir}, then: skep fetch ${run} --dir ${dir} -o RESULTS`)
}

const note = (text: string) => process.stderr.write(`${text}\n`)
