/** Distances between ticks, as a factor of a power of ten, and the decimals each needs beyond that power's own. */
const factors = [
  [1, 0],
  [2, 0],
  [2.5, 1],
  [5, 0],
  [10, -1],
] as const

export interface Axis {
  readonly ticks: readonly number[]
  readonly low: number
  readonly high: number
  /** Decimals that tell the ticks apart. */
  readonly decimals: number
}

/** Round numbers along an axis that reaches a little beyond what is shown. */
export function niceTicks(min: number, max: number): Axis {
  const span = max - min || 1
  const rough = span / 5
  const exponent = Math.floor(Math.log10(rough))
  const [factor, more] = factors.find(([f]) => f * 10 ** exponent >= rough) ?? factors[4]
  const step = factor * 10 ** exponent
  const from = Math.floor((min - span * 0.02) / step)
  const to = Math.ceil((max + span * 0.02) / step)
  const ticks = Array.from({ length: to - from + 1 }, (_, index) => (from + index) * step)
  return { ticks, low: from * step, high: to * step, decimals: Math.max(0, more - exponent) }
}
