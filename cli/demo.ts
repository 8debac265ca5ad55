import { relative, resolve } from 'node:path'
import { Command, Option } from 'commander'
import { tryLock } from '../cloud/local/lock.ts'
import { initLocal } from '../cloud/local/open.ts'
import { MOST_WORKERS } from './agent.ts'
import { type DemoFlags, type Mischief, mischiefs, recall, remember } from './demo/memory.ts'
import type { DemoResult } from './demo/report.ts'
import { Interrupted, tellStory, workersLeft } from './demo/story.ts'
import { jsonTelling, plainTelling, prettyTelling } from './demo/telling.ts'
import { checkMayBeMade, DIR_HELP, localDir } from './local-cloud.ts'
import { wholeNumber } from './whole-number.ts'

const MOST_SAMPLES = 1_000

interface Flags extends DemoFlags {
  readonly dir?: string
  readonly json?: boolean
}

/** The command, to be hung under `skep`. */
export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'the whole story on this machine: samples are encrypted, a worker is launched for each, results come home, nothing is left',
    )
    .option('--samples <n>', 'samples to submit (default: 12)', wholeNumber('--samples', 1, MOST_SAMPLES))
    .option('--workers <n>', 'workers at once (default: 5)', wholeNumber('--workers', 1, MOST_WORKERS))
    .addOption(new Option('--fail <kind>', 'let one thing go wrong').choices(mischiefs))
    .option('--dir <dir>', DIR_HELP)
    .option('--json', 'one event a line, the summary last')
    .addHelpText(
      'after',
      '\nExit codes: 0 complete, 2 complete with failures, 1 bad input, 130 interrupted. Run it again to finish an interrupted run.',
    )
    .action((flags: Flags) => demo(flags))
}

async function demo({ dir: flag, json = false, samples, workers, fail }: Flags): Promise<void> {
  const dir = resolve(localDir(flag))
  const shown = relative(process.cwd(), dir) || '.'
  const unlock = await take(dir, shown)
  const stop = new AbortController()
  const interrupt = () => stop.abort()
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    const memory = recall(dir, given({ samples, workers, fail }))
    remember(dir, memory) // the flags count from now on, however early it ends
    if (flag === undefined) note(`everything of this demo lies in ./${shown}`)
    if (memory.run !== null) note(`finishing run ${memory.run}, which was interrupted`)
    const telling = json ? jsonTelling() : process.stdout.isTTY === true ? prettyTelling() : plainTelling()
    try {
      const result = await tellStory(dir, memory, telling, stop.signal)
      await telling.end()
      process.stdout.write(json ? `${JSON.stringify({ type: 'summary', ...result })}\n` : inWords(result, shown))
      process.exitCode = result.state === 'COMPLETE' ? 0 : 2
    } catch (error) {
      await telling.end(error)
      if (!(error instanceof Interrupted)) throw error
      const left = await workersLeft(dir)
      const swept = left === 0 ? 'the workers are swept' : `${left} workers were not seen gone in time and end by themselves`
      note(`interrupted; ${swept}, nothing is lost. Go on with: skep demo --dir ${shown}`)
      process.exitCode = 130
    }
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
    unlock()
  }
}

/** Makes the directory ours for as long as we live; one that is something else, or in use, is refused and left as it is. */
async function take(dir: string, shown: string): Promise<() => void> {
  checkMayBeMade(shown)
  await initLocal(dir)
  const unlock = tryLock(dir, 'demo')
  if (unlock === undefined)
    throw new Error(`${shown} is in use by another skep demo: wait for it, stop it, or name another directory with --dir`)
  return unlock
}

const given = (flags: { [K in keyof DemoFlags]: DemoFlags[K] | undefined }): DemoFlags => ({
  ...(flags.samples === undefined ? {} : { samples: flags.samples }),
  ...(flags.workers === undefined ? {} : { workers: flags.workers }),
  ...(flags.fail === undefined ? {} : { fail: flags.fail as Mischief }),
})

function inWords(result: DemoResult, dir: string): string {
  const { run, state, samples, refused, table, results, audit, residue, report, seconds } = result
  const here = (path: string) => relative(process.cwd(), path)
  const failed = samples.filter((sample) => sample.class !== null)
  return [
    '',
    `Run ${run} is ${state} after ${seconds} s: ${results.length} results of ${samples.length} samples.`,
    ...failed.map((sample) => `  sample ${sample.id} failed: ${sample.class}; the report says what to do`),
    ...(refused === 0 ? [] : [`  ${refused} upload refused at intake by its name`]),
    '',
    `  report       ${here(report)}`,
    ...(table === null ? [] : [`  table        ${here(table)}`]),
    `  audit chain  ${audit.records} records, ${audit.ok ? 'every one in its place and signed' : 'DOES NOT HOLD'}: skep audit verify --dir ${dir}`,
    `  left behind  ${residue.length === 0 ? 'nothing' : residue.join('\n               ')}`,
    '',
    '',
  ].join('\n')
}

const note = (text: string) => process.stderr.write(`${text}\n`)
