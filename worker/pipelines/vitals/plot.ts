/** Draws the final table: a panel a vital sign, a line a patient from lowest to highest value, a dot at the mean. */

import { type Spread, type Summary, type Vital, vitals } from './summary.ts'
import { niceTicks } from './ticks.ts'

const words: Record<Vital, { readonly title: string; readonly unit: string }> = {
  systol: { title: 'Systolic blood pressure', unit: 'mmHg' },
  diastol: { title: 'Diastolic blood pressure', unit: 'mmHg' },
  'resp.rate': { title: 'Respiration rate', unit: 'breaths a minute' },
  'heart rate': { title: 'Heart rate', unit: 'beats a minute' },
  OSat: { title: 'Blood oxygen saturation', unit: '%' },
  temp: { title: 'Body temperature', unit: '°F' },
  weight: { title: 'Body weight', unit: 'lb' },
}

const PANEL = { width: 560, height: 250, left: 56, right: 20, top: 44, bottom: 34 }
const PAGE = { margin: 24, head: 84, gap: 20 }
/** More patients than this cannot be told apart: neighbours in rank then share a line. */
const MOST_LINES = 220

const INK = '#1e293b'
const SOFT = '#64748b'
const GRID = '#e2e8f0'
const RANGE = '#93b4dc'
const MEAN = '#1d4ed8'
const MEDIAN = '#c2410c'

/** The plot as one self-contained SVG file. */
export function plot(table: readonly Summary[]): string {
  const visits = table.reduce((sum, patient) => sum + patient.visits, 0)
  const title = `Vital signs of ${count(table.length, 'patient')}`
  const cells = [
    ...vitals.map((vital, index) =>
      panel(
        vital,
        table.flatMap(({ spreads }) => spreads[index] ?? []),
      ),
    ),
    legend(table.length),
  ]
  const rows = Math.ceil(cells.length / 2)
  const width = 2 * PAGE.margin + 2 * PANEL.width + PAGE.gap
  const height = PAGE.head + rows * (PANEL.height + PAGE.gap) - PAGE.gap + PAGE.margin
  const placed = cells.map((cell, index) => {
    const x = PAGE.margin + (index % 2) * (PANEL.width + PAGE.gap)
    const y = PAGE.head + Math.floor(index / 2) * (PANEL.height + PAGE.gap)
    return `<g transform="translate(${x} ${y})">\n${cell}\n</g>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif" font-size="12" fill="${INK}">
<title>${title}</title>
<desc>${count(visits, 'visit')}. For every vital sign: each patient's lowest, mean and highest value, in order of the mean.</desc>
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="${PAGE.margin}" y="42" font-size="24" font-weight="600">${title}</text>
<text x="${PAGE.margin}" y="64" font-size="14" fill="${SOFT}">${count(visits, 'visit')}, all samples of the run together</text>
${placed.join('\n')}
</svg>
`
}

function panel(vital: Vital, patients: readonly Spread[]): string {
  const { title, unit } = words[vital]
  const ranked = grouped(patients.toSorted((a, b) => a.mean - b.mean))
  const { ticks, low, high, decimals } = niceTicks(Math.min(...ranked.map(({ min }) => min)), Math.max(...ranked.map(({ max }) => max)))
  const inner = { width: PANEL.width - PANEL.left - PANEL.right, height: PANEL.height - PANEL.top - PANEL.bottom }
  const step = inner.width / ranked.length
  const x = (rank: number): string => at(PANEL.left + (rank + 0.5) * step)
  const y = (value: number): string => at(PANEL.top + inner.height * (1 - (value - low) / (high - low)))
  const left = PANEL.left
  const right = PANEL.width - PANEL.right
  const foot = PANEL.height - PANEL.bottom

  const grid = ticks.map(
    (tick) =>
      `<path d="M${left} ${y(tick)}H${right}" stroke="${GRID}"/><text x="${left - 8}" y="${y(tick)}" dy="0.35em" text-anchor="end" fill="${SOFT}">${tick.toFixed(decimals)}</text>`,
  )
  // Whiskers are one path, and so are the dots (strokes of no length with round ends): small files, quick to draw.
  const whiskers = ranked.map(({ min, max }, rank) => `M${x(rank)} ${y(min)}V${y(max)}`).join('')
  const dots = ranked.map(({ mean }, rank) => `M${x(rank)} ${y(mean)}h0`).join('')
  const middle = median(patients.map(({ mean }) => mean))
  return [
    `<rect width="${PANEL.width}" height="${PANEL.height}" rx="8" fill="#f8fafc" stroke="${GRID}"/>`,
    `<text x="16" y="26" font-size="15" font-weight="600">${title} <tspan font-size="12" font-weight="400" fill="${SOFT}">${unit}</tspan></text>`,
    `<text x="${right}" y="26" text-anchor="end" fill="${MEDIAN}">median ${middle.toFixed(1)}</text>`,
    ...grid,
    `<path d="${whiskers}" stroke="${RANGE}" stroke-width="${at(Math.min(4, Math.max(1, step * 0.55)))}" stroke-linecap="round" fill="none"/>`,
    `<path d="M${left} ${y(middle)}H${right}" stroke="${MEDIAN}" stroke-dasharray="5 4"/>`,
    `<path d="${dots}" stroke="${MEAN}" stroke-width="${at(Math.min(6, Math.max(2, step * 0.9)))}" stroke-linecap="round" fill="none"/>`,
    `<path d="M${left} ${foot}H${right}" stroke="${SOFT}"/>`,
    `<text x="${(left + right) / 2}" y="${foot + 22}" text-anchor="middle" fill="${SOFT}">patients, in order of their mean</text>`,
  ].join('\n')
}

function legend(patients: number): string {
  const lines = [
    {
      mark: `<path d="M34 64V104" stroke="${RANGE}" stroke-width="4" stroke-linecap="round"/>`,
      y: 89,
      text: 'lowest to highest value of one patient',
    },
    {
      mark: `<path d="M34 128h0" stroke="${MEAN}" stroke-width="7" stroke-linecap="round"/>`,
      y: 133,
      text: "mean over that patient's visits",
    },
    { mark: `<path d="M22 164H46" stroke="${MEDIAN}" stroke-dasharray="5 4"/>`, y: 169, text: 'median of all these means' },
  ]
  const shared =
    patients > MOST_LINES
      ? [
          `<text x="16" y="212" fill="${SOFT}">Each line stands for about ${Math.round(patients / MOST_LINES)} patients of neighbouring rank.</text>`,
        ]
      : []
  return [
    '<text x="16" y="26" font-size="15" font-weight="600">How to read this</text>',
    ...lines.map(({ mark, y, text }) => `${mark}<text x="62" y="${y}" font-size="14">${text}</text>`),
    ...shared,
  ].join('\n')
}

/** At most MOST_LINES spreads: neighbours in rank are put together. */
function grouped(ranked: readonly Spread[]): Spread[] {
  const groups = Math.min(ranked.length, MOST_LINES)
  return Array.from({ length: groups }, (_, index): Spread => {
    const some = ranked.slice(Math.floor((index * ranked.length) / groups), Math.floor(((index + 1) * ranked.length) / groups))
    return {
      mean: some.reduce((sum, { mean }) => sum + mean, 0) / some.length,
      min: Math.min(...some.map(({ min }) => min)),
      max: Math.max(...some.map(({ max }) => max)),
    }
  })
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0
  return (upper + lower) / 2
}

const at = (value: number): string => String(Math.round(value * 10) / 10)
const count = (n: number, what: string): string => `${n.toLocaleString('en-GB')} ${what}${n === 1 ? '' : 's'}`
