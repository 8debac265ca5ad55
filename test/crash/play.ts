/** Plays one case and looks at what became of it. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Random, randomOf } from '../sim/random.ts'
import { tableByHand } from './by-hand.ts'
import type { Case } from './cases.ts'
import { complaints } from './checks.ts'
import { startDemo } from './demo.ts'
import { endEverybody } from './processes.ts'

export interface Control {
  readonly table: string
  readonly seconds: number
  readonly samples: number
  readonly flags: readonly string[]
}

export interface Verdict {
  readonly name: string
  readonly kind: Case['kind']
  readonly how: string
  readonly attempts: readonly number[]
  readonly seconds: number
  readonly complaints: readonly string[]
  /** Kept only when there are complaints. */
  readonly dir: string
}

export const flagsOf = (samples: number, workers: number): readonly string[] => ['--samples', String(samples), '--workers', String(workers)]

/** A run that nobody kills. What it comes to, by the pipelines alone too, all others must come to. */
export async function control(place: string, samples: number, workers: number): Promise<Control> {
  const dir = join(place, 'control')
  const flags = flagsOf(samples, workers)
  const ended = await startDemo(dir, flags).ended
  if (ended.summary === undefined) throw new Error(`the run that nobody kills ended with ${ended.how}: ${ended.stderr}`)
  const table = await tableByHand(place, samples)
  const wrong = await complaints(dir, ended, samples, table)
  if (wrong.length > 0) throw new Error(`the run that nobody kills, in ${dir}: ${wrong.join('; ')}`)
  rmSync(dir, { recursive: true })
  return { table, seconds: ended.seconds, samples, flags }
}

/** Plays one case in a directory of its own. */
export async function play(place: string, { name, kind, play: act }: Case, against: Control, random: Random): Promise<Verdict> {
  const begun = performance.now()
  const dir = join(mkdtempSync(join(place, `${name}-`)), 'd')
  const verdict = { name, kind, dir, how: '', attempts: [] as readonly number[], complaints: [] as readonly string[] }
  try {
    const scene = { dir, mark: `${dir}.mark`, flags: against.flags, random, usualSeconds: against.seconds }
    const { ended, how } = await act(scene)
    verdict.how = how
    verdict.attempts = ended.summary?.samples.map(({ attempts }) => attempts) ?? []
    verdict.complaints = await complaints(dir, ended, against.samples, against.table)
  } catch (error) {
    verdict.complaints = [error instanceof Error ? error.message : String(error)]
  } finally {
    await endEverybody(dir)
  }
  if (verdict.complaints.length === 0) rmSync(join(dir, '..'), { recursive: true, force: true, maxRetries: 3 })
  return { ...verdict, seconds: (performance.now() - begun) / 1000 }
}

/** A directory for all cases, under the system's own for such things. */
export const newPlace = (): string => realpathSync(mkdtempSync(join(tmpdir(), 'skep-crash-')))

/** Chance of a seed of its own for each case and round, so that one case alone plays again as it was. */
export function randomFor(seed: string, round: number, name: string): Random {
  let hash = 0x811c9dc5 // FNV-1a
  for (const byte of Buffer.from(`${seed}/${round}/${name}`)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return randomOf(hash)
}
