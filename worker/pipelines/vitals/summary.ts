/** One line a patient: id, number of visits, and mean, lowest and highest of every vital sign. */
import { columns, decimal, InputError, parseCsv, patientId } from './csv.ts'

/** Named as the columns of the visits are. */
export const vitals = ['systol', 'diastol', 'resp.rate', 'heart rate', 'OSat', 'temp', 'weight'] as const
export type Vital = (typeof vitals)[number]

export interface Spread {
  readonly mean: number
  readonly min: number
  readonly max: number
}

export interface Summary {
  readonly id: string
  readonly visits: number
  readonly spreads: readonly Spread[]
}

const header = ['id', 'visits', ...vitals.flatMap((vital) => ['mean', 'min', 'max'].map((what) => `${vital}_${what}`))]

/** Decimals of a mean in the final table. */
export const TABLE_DECIMALS = 6

/** The summaries as CSV. `decimals` rounds the means; without it they keep every digit, so that they can be merged. */
export function writeSummaries(summaries: readonly Summary[], decimals?: number): string {
  const mean = (value: number): string => (decimals === undefined ? String(value) : value.toFixed(decimals))
  const lines = summaries.map(({ id, visits, spreads }) =>
    [id, visits, ...spreads.flatMap((spread) => [mean(spread.mean), spread.min, spread.max])].join(','),
  )
  return `${[header.join(','), ...lines].join('\n')}\n`
}

/** Reads what `writeSummaries` wrote. */
export function readSummaries(text: string): Summary[] {
  return columns(parseCsv(text), header).map(({ line, fields }) => {
    const [id = '', count = '', ...rest] = fields
    const visits = Number(count)
    if (!/^[1-9][0-9]{0,14}$/.test(count)) throw new InputError(`line ${line}: column "visits": expected a whole number of at least 1`)
    const number = (index: number) => decimal(rest[index] ?? '', line, header[index + 2] ?? '')
    const spreads = vitals.map((_, index) => ({ mean: number(3 * index), min: number(3 * index + 1), max: number(3 * index + 2) }))
    return { id: patientId(id, line), visits, spreads }
  })
}

/** One summary a patient, sorted by id. A patient met twice is put together, the means weighted by visits. */
export function merge(summaries: readonly Summary[]): Summary[] {
  const byId = Map.groupBy(summaries, ({ id }) => id)
  return [...byId.values()].map(together).sort(({ id: a }, { id: b }) => (a < b ? -1 : a > b ? 1 : 0))
}

function together(parts: readonly Summary[]): Summary {
  const [first, ...others] = parts
  if (first === undefined) throw new RangeError('nothing to put together')
  if (others.length === 0) return first
  const visits = parts.reduce((sum, part) => sum + part.visits, 0)
  const spreads = vitals.map((_, index): Spread => {
    const each = parts.flatMap((part) => {
      const spread = part.spreads[index]
      return spread === undefined ? [] : [{ ...spread, visits: part.visits }]
    })
    return {
      mean: each.reduce((sum, spread) => sum + spread.mean * spread.visits, 0) / visits,
      min: Math.min(...each.map(({ min }) => min)),
      max: Math.max(...each.map(({ max }) => max)),
    }
  })
  return { id: first.id, visits, spreads }
}
