/**
 * Kills demos in every way we know and sees that each is brought to the same end. `npm run test:crash -- [--only NAME] [--seed N]
 * [--repeat N] [--samples N] [--workers N]`; NAME may be the beginning of several. Exit code 1 on any failure, whose directory stays.
 */
import { rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { cases } from './cases.ts'
import { control, newPlace, play, randomFor, type Verdict } from './play.ts'
import { endEverybody } from './processes.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)

function lineOf({ name, how, attempts, seconds, complaints: wrong, dir }: Verdict): string {
  const head = `${wrong.length === 0 ? 'ok  ' : 'FAIL'} ${name.padEnd(18)} ${seconds.toFixed(1).padStart(6)} s  attempts ${attempts.join(',').padEnd(9)} ${how}`
  return [head, ...wrong.map((one) => `       ${one}`), ...(wrong.length === 0 ? [] : [`       see ${dir}`])].join('\n')
}

function tableOf(verdicts: readonly Verdict[]): string {
  const kinds = { effect: 'right after a named effect', moment: 'at a random moment', alone: 'one process alone' } as const
  const lines = Object.entries(kinds).flatMap(([kind, words]) => {
    const mine = verdicts.filter((verdict) => verdict.kind === kind)
    if (mine.length === 0) return []
    const times = mine.map(({ seconds }) => seconds).sort((a, b) => a - b)
    const middle = times[Math.floor(times.length / 2)] ?? 0
    const good = mine.filter((verdict) => verdict.complaints.length === 0).length
    return `${words.padEnd(28)} ${String(good).padStart(4)} of ${String(mine.length).padEnd(4)} well, median ${middle.toFixed(1)} s, longest ${(times.at(-1) ?? 0).toFixed(1)} s`
  })
  return lines.join('\n')
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      repeat: { type: 'string', default: '1' },
      samples: { type: 'string', default: '4' },
      workers: { type: 'string', default: '3' },
    },
  })
  const chosen = cases.filter(({ name }) => values.only.split(',').some((only) => name.startsWith(only)))
  if (chosen.length === 0) throw new Error(`--only: expected one of ${cases.map(({ name }) => name).join(', ')}, got ${values.only}`)
  if (process.platform !== 'linux') throw new Error('the crash tests find processes by /proc, so they need Linux')
  const place = newPlace()
  // The demos are in groups of their own, where Ctrl-C does not reach them.
  process.once('SIGINT', () => void endEverybody(place).then(() => process.exit(130)))
  const against = await control(place, Number(values.samples), Number(values.workers))
  say(`seed ${values.seed}, in ${place}; a run that nobody kills takes ${against.seconds.toFixed(1)} s`)
  const verdicts: Verdict[] = []
  for (let round = 0; round < Number(values.repeat); round += 1) {
    for (const one of chosen) {
      const verdict = await play(place, one, against, randomFor(values.seed, round, one.name))
      verdicts.push(verdict)
      say(lineOf(verdict))
    }
  }
  say(`\n${tableOf(verdicts)}`)
  const bad = verdicts.filter((verdict) => verdict.complaints.length > 0)
  if (bad.length === 0) rmSync(place, { recursive: true, force: true })
  else say(`\n${bad.length} of ${verdicts.length} failed (seed ${values.seed}): ${bad.map(({ name }) => name).join(', ')}`)
  return bad.length === 0
}

const well = await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  return false
})
process.exitCode = well ? 0 : 1
