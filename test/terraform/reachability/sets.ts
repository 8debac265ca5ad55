/** Sets of ports as sorted ranges that do not touch, and networks of IPv4 addresses. */

export type Range = readonly [from: number, to: number]
export type Ports = readonly Range[]

export const everyPort: Ports = [[0, 65535]]

/** What is in any of them. */
export function union(...sets: readonly Ports[]): Ports {
  const joined: Range[] = []
  for (const [from, to] of sets.flat().toSorted(([a], [b]) => a - b)) {
    const last = joined.at(-1)
    if (last === undefined || from > last[1] + 1) joined.push([from, to])
    else joined[joined.length - 1] = [last[0], Math.max(last[1], to)]
  }
  return joined
}

export const subtract = (set: Ports, taken: Ports): Ports =>
  taken.reduce<Ports>(
    (left, [from, to]) =>
      left.flatMap(([a, b]): readonly Range[] =>
        [[a, Math.min(b, from - 1)] as const, [Math.max(a, to + 1), b] as const].filter(([low, high]) => low <= high),
      ),
    set,
  )

export const intersect = (a: Ports, b: Ports): Ports => subtract(a, subtract(everyPort, b))
export const hasAll = (set: Ports, needed: Ports): boolean => subtract(needed, set).length === 0

interface Network {
  readonly first: number
  readonly last: number
}

export function networkOf(cidr: string): Network {
  const [, a, b, c, d, bits] = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr) ?? []
  if (bits === undefined) throw new Error(`expected an IPv4 network such as 10.0.0.0/16, got ${cidr}`)
  const size = 2 ** (32 - Number(bits))
  const address = [a, b, c, d].reduce((sum, part) => sum * 256 + Number(part), 0)
  const first = address - (address % size)
  return { first, last: first + size - 1 }
}

export function contains(outer: string, inner: string): boolean {
  const [a, b] = [networkOf(outer), networkOf(inner)]
  return a.first <= b.first && a.last >= b.last
}

export function overlaps(one: string, other: string): boolean {
  const [a, b] = [networkOf(one), networkOf(other)]
  return a.first <= b.last && b.first <= a.last
}

export const bitsOf = (cidr: string): number => Number(cidr.split('/')[1])
