/** A stream of whole numbers that depends on its seed alone: the same on every machine and in every version of Node. */
export interface Random {
  /** Evenly from `low` to `high`, both included. */
  between(low: number, high: number): number
}

/**
 * xoshiro128** (Blackman and Vigna), its state filled from `seed` and `stream` by splitmix32. Not for secrets.
 * Streams of one seed are independent, so drawing more from one moves nothing in another.
 */
export function seeded(seed: number, stream: number): Random {
  const fill = splitmix32((seed ^ Math.imul(stream, 0x85ebca6b)) >>> 0)
  let [a, b, c, d] = [fill(), fill(), fill(), fill()]
  const next = (): number => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = rotate(d, 11)
    return result
  }
  // A 32-bit number times a small one is exact in a double, so there is no rounding that could differ.
  return { between: (low, high) => low + Math.floor((next() * (high - low + 1)) / 2 ** 32) }
}

const rotate = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits))

function splitmix32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let z = state ^ (state >>> 16)
    z = Math.imul(z, 0x21f0aaad)
    z ^= z >>> 15
    z = Math.imul(z, 0x735a2d97)
    return z ^ (z >>> 15)
  }
}
