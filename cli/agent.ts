/** `skep agent`: the bastion's agent over the local cloud. */
import { appendFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Command, Option } from 'commander'
import { runLocalAgent } from '../bastion-agent/local.ts'
import { layout } from '../cloud/local/layout.ts'
import type { Json } from '../cloud/ports.ts'
import { localLimits } from '../fleet/limits.ts'
import { Watch } from '../fleet/watch.ts'
import { DIR_HELP, localDir, withLocalCloud } from './local-cloud.ts'
import { transitionLine } from './transition-line.ts'
import { wholeNumber } from './whole-number.ts'

interface Flags {
  readonly once?: boolean
  readonly workers: number
  readonly dir?: string
  readonly quiet?: boolean
}

export const MOST_WORKERS = 64

/** The command, to be hung under `skep`. */
export function agentCommand(): Command {
  return new Command('agent')
    .description("the bastion's agent: takes samples in, launches, configures and locks a worker for each, and sweeps it")
    .option('--once', 'end when nothing is left to do')
    .option('--workers <n>', 'workers at once', wholeNumber('--workers', 1, MOST_WORKERS), localLimits.workers)
    .option('--dir <dir>', DIR_HELP)
    .addOption(new Option('--quiet', 'no line for each transition').hideHelp())
    .action((flags: Flags) => agent(flags))
}

async function agent({ once = false, workers, dir: flag, quiet = false }: Flags): Promise<void> {
  const dir = resolve(localDir(flag))
  await withLocalCloud(dir, 'agent', async ({ ledger, clock }) => {
    const stop = new AbortController()
    const told = () => stop.abort()
    process.on('SIGINT', told).on('SIGTERM', told)
    const log = (event: { readonly [field: string]: Json }) => {
      appendFileSync(join(layout(dir).logs, 'agent.jsonl'), `${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`, {
        mode: 0o600,
      })
      if (!quiet && typeof event['message'] === 'string') note(`${String(event['event'])}: ${event['message']}`)
    }
    const watching = new AbortController()
    const watch = new Watch(ledger)
    if (!quiet) await watch.look() // what is past is not news
    const watched = quiet ? undefined : follow(watch, clock, watching.signal)
    try {
      const end = await runLocalAgent({ dir, workers, log }, { once, stop: stop.signal })
      if (end === 'quiescent') return
      const swept = end === 'stopped' ? 'its workers are swept' : 'some workers were not seen gone in time and end by themselves'
      note(`stopped; ${swept}, and nothing is lost. Go on with: skep agent --once --dir ${flag ?? dir}`)
      process.exitCode = 130
    } finally {
      watching.abort()
      await watched
      process.off('SIGINT', told).off('SIGTERM', told)
    }
  })
}

/** Prints each transition as it comes into the ledger, until aborted; then once more, so that none is missed. */
async function follow(watch: Watch, clock: { sleep(ms: number, signal?: AbortSignal): Promise<void> }, signal: AbortSignal): Promise<void> {
  for (;;) {
    for (const transition of (await watch.look()).news) note(transitionLine(transition))
    if (signal.aborted) return
    await clock.sleep(250, signal).catch(() => undefined)
  }
}

const note = (text: string) => process.stderr.write(`${text}\n`)
