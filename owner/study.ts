/**
 * The synthetic study: people who all appeared in a small town on 30 October 1938, and their visits to its one doctor.
 * Every number is a whole number (of tenths where one decimal is kept), so no platform can round it differently.
 * What differs from the field notes' code, and why: docs/synthetic-study.md.
 */
import { type Random, seeded } from './random.ts'

export interface StudyOptions {
  readonly patients: number
  readonly visits: number
  readonly seed: number
}

/** Lower and upper end of what is drawn at a visit. */
type Range = readonly [low: number, high: number]

export interface Patient {
  readonly id: string
  readonly surname: string
  readonly heightInches: number
  readonly systol: Range
  readonly diastol: Range
  readonly respiration: Range
  readonly heart: Range
  /** Tenths of a per cent. */
  readonly saturation: Range
  /** Tenths of a degree Fahrenheit. */
  readonly temperature: Range
  /** Pounds. */
  readonly weight: Range
  /** Running sums over this patient's visits; `tPain` in tenths. */
  readonly sums: { baseE: number; tPain: number; dk: number }
}

interface Visit {
  readonly patient: Patient
  /** A line of timeseries.csv. */
  readonly line: string
}

export interface Study {
  readonly patients: readonly Patient[]
  readonly visits: readonly Visit[]
}

/** Drawn ranges never reach beyond this: oxygen saturation in tenths of a per cent. */
const SATURATION_CAP = 994
/** Systolic is at least this much above diastolic, in mmHg. */
const PULSE_PRESSURE = 20
const FIRST_DAY = Date.UTC(1938, 9, 30)
const DAY = 86_400_000

/** The whole study of a seed. The patients of a seed are the same however many visits there are. */
export function makeStudy({ patients, visits, seed }: StudyOptions): Study {
  const people = makePatients(patients, seeded(seed, 1))
  const who = seeded(seed, 2)
  const measure = seeded(seed, 3)
  let day = FIRST_DAY
  const made: Visit[] = []
  for (let i = 0; i < visits; i++) {
    const patient = people[who.between(0, people.length - 1)]
    if (patient === undefined) throw new RangeError('a study has at least one patient')
    made.push({ patient, line: visit(patient, day, measure) })
    day += DAY * who.between(1, 2)
  }
  return { patients: people, visits: made }
}

function makePatients(count: number, random: Random): Patient[] {
  const width = Math.max(3, String(count).length)
  const surnames = new Set<string>()
  while (surnames.size < count) surnames.add(surname(random))
  const range = (low: number, high: number, least: number, most: number): Range => {
    const from = random.between(low, high)
    return [from, from + random.between(least, most)]
  }
  return [...surnames].map((name, index): Patient => {
    const heightInches = Math.round(random.between(157, 198) / 2.54)
    const systol = range(90, 129, 4, 20)
    const diastol = range(60, 84, 4, 10)
    const respiration = range(10, 20, 2, 8)
    const heart = range(40, 100, 10, 20)
    const [driest, wettest] = range(950, 990, 10, 20)
    return {
      id: `P${String(index + 1).padStart(width, '0')}`,
      surname: name,
      heightInches,
      systol,
      diastol,
      respiration,
      heart,
      saturation: [driest, Math.min(wettest, SATURATION_CAP)],
      temperature: range(970, 991, 3, 20),
      weight: range(98, 280, 3, 40),
      sums: { baseE: 0, tPain: 0, dk: 0 },
    }
  })
}

function surname(random: Random): string {
  const letter = () => String.fromCharCode(97 + random.between(0, 25))
  return letter().toUpperCase() + letter() + letter() + letter()
}

function visit(patient: Patient, day: number, random: Random): string {
  const draw = ([low, high]: Range): number => random.between(low, high)
  const systol = draw(patient.systol)
  const diastol = Math.min(draw(patient.diastol), systol - PULSE_PRESSURE)
  const respiration = draw(patient.respiration)
  const heart = draw(patient.heart)
  const saturation = draw(patient.saturation)
  const temperature = draw(patient.temperature)
  const weight = draw(patient.weight)
  const bmi = Math.round((7030 * weight) / patient.heightInches ** 2)

  const baseE = heart > 58 && heart < 62 && systol - diastol > 30 && bmi < 220 ? 1 : 0
  const tPain = 10 * respiration + 2 * (saturation - 950) + 2 * (Math.round(patient.heightInches * 2.54) - 157)
  const dk = weight < 150 && temperature < 974 ? 1 : 0
  const { sums } = patient
  sums.baseE += baseE
  sums.tPain += tPain
  sums.dk += dk

  return [
    new Date(day).toISOString().slice(0, 10),
    patient.id,
    ...[systol, diastol, respiration, heart, tenths(saturation), tenths(temperature), weight, tenths(bmi)],
    ...[baseE, tenths(tPain), dk, sums.baseE, tenths(sums.tPain), sums.dk],
  ].join(',')
}

/** A whole number of tenths with its one decimal. */
export const tenths = (value: number): string => `${Math.floor(value / 10)}.${value % 10}`
