/** The table that a demo must come to, made by the pipelines alone: no cloud, no workers, nobody to kill. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defaults, synth } from '../../owner/synth.ts'

const pipelines = join(import.meta.dirname, '..', '..', 'worker', 'pipelines', 'vitals')

export async function tableByHand(place: string, samples: number): Promise<string> {
  const folder = (...names: readonly string[]): string => {
    const path = join(place, 'by-hand', ...names)
    mkdirSync(path, { recursive: true })
    return path
  }
  const run = (program: string, input: string, output: string) =>
    execFileSync(process.execPath, [join(pipelines, program), input, output, join(pipelines, 'reference')])
  const study = await synth({ ...defaults, samples, out: folder('study') })
  for (const [index, file] of study.samples.entries()) {
    copyFileSync(file, join(folder('inputs', String(index)), 'visits.csv'))
    run('sample.ts', folder('inputs', String(index)), folder('results', String(index)))
  }
  run('consolidate.ts', folder('results'), folder('table'))
  return readFileSync(join(folder('table'), 'table.csv'), 'utf8')
}
