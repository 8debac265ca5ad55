/** `skep key`: HomerKey, which never leaves the key host, and its public half, which everybody may have. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { writeWhole } from '../cloud/local/durable.ts'
import { layout } from '../cloud/local/layout.ts'
import { initLocal } from '../cloud/local/open.ts'
import { makeHomerKey } from '../key-host/homer-key.ts'
import { checkMayBeMade, DIR_HELP, localDir, withLocalCloud } from './local-cloud.ts'

interface Flags {
  readonly dir?: string
}

/** The command, to be hung under `skep`. */
export function keyCommand(): Command {
  const command = new Command('key').description('HomerKey: the key that samples are encrypted to')
  command
    .command('init')
    .description('make the local cloud and HomerKey in the keeping of its key host; what is there stays as it is')
    .option('--dir <dir>', DIR_HELP)
    .action((flags: Flags) => init(localDir(flags.dir)))
  command
    .command('export')
    .description('print the public half, armored, for `gpg --import`')
    .option('--dir <dir>', DIR_HELP)
    .action((flags: Flags) => exportKey(localDir(flags.dir)))
  return command
}

async function init(dir: string): Promise<void> {
  checkMayBeMade(dir)
  const { made, fingerprint } = await initHomerKey(dir)
  process.stdout.write(`${made ? 'HomerKey made' : 'HomerKey is already there'}: ${fingerprint}\n`)
}

/** Makes the local cloud and HomerKey unless they are there; puts the public half where all may read it. */
export async function initHomerKey(dir: string): Promise<{ readonly fingerprint: string; readonly made: boolean }> {
  await initLocal(dir)
  return withLocalCloud(dir, 'keyHost', async (cloud) => {
    const { armored, fingerprint, made } = await makeHomerKey(cloud.secrets)
    writeWhole(publicFile(dir), armored, { mode: 0o644 })
    return { fingerprint, made }
  })
}

async function exportKey(dir: string): Promise<void> {
  await withLocalCloud(dir, 'owner', async () => undefined)
  process.stdout.write(readPublicFile(dir))
}

function readPublicFile(dir: string): string {
  try {
    return readFileSync(publicFile(dir), 'utf8')
  } catch (cause) {
    throw new Error(`there is no HomerKey in ${dir} yet; make it with: skep key init --dir ${dir}`, { cause })
  }
}

const publicFile = (dir: string): string => join(layout(dir).trust, 'homerkey.asc')
