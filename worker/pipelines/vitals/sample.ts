#!/usr/bin/env node
/** The pipeline of one sample: visits in, `summary.csv` out. Called with INPUT_DIR OUTPUT_DIR REFERENCE_DIR. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { columns, decimal, InputError, parseCsv, patientId } from './csv.ts'
import { type Summary, vitals, writeSummaries } from './summary.ts'

interface Running {
  visits: number
  readonly spreads: { sum: number; min: number; max: number }[]
}

const [input = '', output = '', reference = ''] = process.argv.slice(2)
const ranges = readRanges(join(reference, 'ranges.json'))
const patients = new Map<string, Running>()

const names = readdirSync(input).sort()
if (names.length === 0) throw new InputError('the input directory is empty')
for (const [index, name] of names.entries()) {
  try {
    addVisits(readFileSync(join(input, name), 'utf8'))
  } catch (error) {
    // The number, not the name: an owner's file name may say more than it should.
    if (error instanceof InputError) throw new InputError(`input file ${index + 1}: ${error.message}`)
    throw error
  }
}
writeFileSync(join(output, 'summary.csv'), writeSummaries(summaries()))

function addVisits(text: string): void {
  for (const { line, fields } of columns(parseCsv(text), ['ID', ...vitals])) {
    const [id = '', ...values] = fields
    const patient = patientOf(patientId(id, line))
    patient.visits++
    vitals.forEach((vital, index) => {
      const value = decimal(values[index] ?? '', line, vital)
      const range = ranges[vital]
      if (range === undefined || value < range[0] || value > range[1]) {
        throw new InputError(`line ${line}: column "${vital}": out of the plausible range ${range?.join(' to ')}`)
      }
      const spread = patient.spreads[index]
      if (spread === undefined) return
      spread.sum += value
      spread.min = Math.min(spread.min, value)
      spread.max = Math.max(spread.max, value)
    })
  }
}

function patientOf(id: string): Running {
  const known = patients.get(id)
  if (known !== undefined) return known
  const fresh = { visits: 0, spreads: vitals.map(() => ({ sum: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY })) }
  patients.set(id, fresh)
  return fresh
}

function summaries(): Summary[] {
  return [...patients]
    .map(([id, { visits, spreads }]) => ({
      id,
      visits,
      spreads: spreads.map(({ sum, min, max }) => ({ mean: sum / visits, min, max })),
    }))
    .sort(({ id: a }, { id: b }) => (a < b ? -1 : a > b ? 1 : 0))
}

function readRanges(path: string): Partial<Record<string, readonly [low: number, high: number]>> {
  return JSON.parse(readFileSync(path, 'utf8'))
}
