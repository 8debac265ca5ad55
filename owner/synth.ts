/** Writes the synthetic study as files: three tables, and one file a sample to be submitted. */
import { mkdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { checkEmpty, fillDirectory, syncDirectory, writeNew } from './files.ts'
import { makeStudy, type Patient, type Study, type StudyOptions, tenths } from './study.ts'

/** The study's own numbers: what `skep synth` makes when nothing is said. */
export const defaults = { patients: 100, visits: 10_000, seed: 1938 } as const
const limits = { patients: 10_000, visits: 1_000_000, seed: 2 ** 32 - 1 } as const

export interface SynthOptions extends StudyOptions {
  /** Sample files to make; as many as patients when absent. A sample without visits is left out. */
  readonly samples?: number | undefined
  /** A directory that is not there yet, or is empty. */
  readonly out: string
}

export interface Synth {
  readonly out: string
  /** Absolute paths of the sample files, in order. */
  readonly samples: readonly string[]
  /** Patients who never came, and so are in no sample. */
  readonly withoutVisits: number
}

const VISITS = 'date,ID,systol,diastol,resp.rate,heart rate,OSat,temp,weight,BMI,BaseE,TPain,DK,sum BaseE,sum TPain,sum DK'
const PATIENTS = 'Surname,Given name,DOB,height,ID'
const PARAMETERS = 'ID,sys0,sys1,dia0,dia1,rr0,rr1,hr0,hr1,os0,os1,bt0,bt1,m0,m1,sum BaseE,sum TPain,sum DK'

/** Makes the study and writes it, whole or not at all. Refuses options that make no sense before anything is written. */
export async function synth(options: SynthOptions): Promise<Synth> {
  checkOptions(options)
  const out = resolve(options.out)
  await checkEmpty(out)
  const study = makeStudy(options)
  const files = studyFiles(study, options.samples ?? options.patients)
  await fillDirectory(out, async (stage) => {
    await mkdir(join(stage, 'samples'), { mode: 0o700 })
    await eachOf([...files], 16, ([name, text]) => writeNew(join(stage, name), text))
    await syncDirectory(join(stage, 'samples'))
  }).catch((error: unknown) => {
    throw new Error(`writing the study to ${out}: ${error instanceof Error ? error.message : error}`, { cause: error })
  })
  const samples = [...files.keys()].filter((name) => dirname(name) === 'samples').map((name) => join(out, name))
  const seen = new Set(study.visits.map(({ patient }) => patient))
  return { out, samples, withoutVisits: study.patients.length - seen.size }
}

function checkOptions({ patients, visits, seed, samples = patients }: SynthOptions): void {
  const within = (flag: string, value: number, low: number, high: number) => {
    if (!Number.isSafeInteger(value) || value < low || value > high) {
      throw new RangeError(`${flag}: expected a whole number from ${low} to ${high}, got ${value}`)
    }
  }
  within('--patients', patients, 1, limits.patients)
  within('--visits', visits, 1, limits.visits)
  within('--seed', seed, 0, limits.seed)
  within('--samples', samples, 1, limits.patients)
  if (samples > patients) throw new RangeError(`--samples: expected at most as many samples as patients (${patients}), got ${samples}`)
}

/** Every file by its path under the output directory. */
function studyFiles(study: Study, samples: number): Map<string, string> {
  const files = new Map<string, string>()
  files.set('patients.csv', table(PATIENTS, study.patients.map(patientLine)))
  files.set('patientParameters.csv', table(PARAMETERS, study.patients.map(parameterLine)))
  files.set(
    'timeseries.csv',
    table(
      VISITS,
      study.visits.map(({ line }) => line),
    ),
  )
  const groups = sampleLines(study, samples)
  const width = Math.max(3, String(groups.length).length)
  groups.forEach((lines, index) => {
    files.set(join('samples', `sample-${String(index + 1).padStart(width, '0')}.csv`), table(VISITS, lines))
  })
  return files
}

/** Visit lines of consecutive patients, shared out as evenly as can be; only patients who came are counted. */
function sampleLines({ patients, visits }: Study, samples: number): string[][] {
  const seen = new Set(visits.map(({ patient }) => patient))
  const came = patients.filter((patient) => seen.has(patient))
  const groups = Array.from({ length: Math.min(samples, came.length) }, (): string[] => [])
  const groupOf = new Map(came.map((patient, index) => [patient, groups[Math.floor((index * groups.length) / came.length)]]))
  for (const { patient, line } of visits) groupOf.get(patient)?.push(line)
  return groups
}

const table = (header: string, lines: readonly string[]): string => `${[header, ...lines].join('\n')}\n`

const patientLine = ({ surname, heightInches, id }: Patient): string =>
  [surname, 'John', '1920-08-26', `${Math.floor(heightInches / 12)} ft ${heightInches % 12} in`, id].join(',')

const parameterLine = (p: Patient): string =>
  [
    p.id,
    ...[p.systol, p.diastol, p.respiration, p.heart].flat(),
    ...[p.saturation, p.temperature].flat().map(tenths),
    ...p.weight,
    ...[p.sums.baseE, tenths(p.sums.tPain), p.sums.dk],
  ].join(',')

async function eachOf<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const item of rest) await work(item)
    }),
  )
}

/** What `skep synth` says when it is done. */
export function describeSynth({ out, samples, withoutVisits }: Synth): string {
  const made = `Wrote ${out}: patients.csv, patientParameters.csv, timeseries.csv, and ${samples.length} of samples/sample-NNN.csv.`
  return withoutVisits === 0 ? made : `${made} Patients without a visit (${withoutVisits}) are in no sample.`
}
