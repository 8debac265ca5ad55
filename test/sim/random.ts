/** Chance that a seed decides (mulberry32). */
export interface Random {
  /** From 0 to below 1. */
  next(): number
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number
  hex(digits: number): string
  bytes(length: number): Buffer
}

export function randomOf(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    next,
    below,
    hex: (digits) => Array.from({ length: digits }, () => below(16).toString(16)).join(''),
    bytes: (length) => Buffer.from(Array.from({ length }, () => below(256))),
  }
}
