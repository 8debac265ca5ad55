/** Lines that come together: the first is drawn whole, each other one up to where it meets one before it. */
import type { LineEnd, Point } from './scene.ts'

interface Stretch {
  readonly from: Point
  readonly to: Point
}

/** The ways of one wire, all of level and upright stretches, without what two of them have in common. */
export function joined(ways: readonly (readonly Point[])[]): readonly { readonly points: readonly Point[]; readonly end: LineEnd }[] {
  const drawn: Stretch[] = []
  return ways.map((way) => {
    const points = upTo(way, drawn)
    drawn.push(...stretchesOf(points))
    return { points, end: points === way ? 'head' : 'join' }
  })
}

const stretchesOf = (points: readonly Point[]): readonly Stretch[] =>
  points.slice(1).map((to, place) => ({ from: points[place] ?? to, to }))

function upTo(way: readonly Point[], drawn: readonly Stretch[]): readonly Point[] {
  for (const [place, stretch] of stretchesOf(way).entries()) {
    const met = drawn.flatMap((other) => meeting(stretch, other) ?? [])
    const first = met.toSorted((a, b) => length(stretch.from, a) - length(stretch.from, b))[0]
    if (first !== undefined) return [...way.slice(0, place + 1), first]
  }
  return way
}

const length = (a: Point, b: Point): number => Math.abs(a.x - b.x) + Math.abs(a.y - b.y)

/** The first point of a stretch that lies on another. */
function meeting({ from, to }: Stretch, other: Stretch): Point | undefined {
  const [x1, x2] = [
    Math.max(Math.min(from.x, to.x), Math.min(other.from.x, other.to.x)),
    Math.min(Math.max(from.x, to.x), Math.max(other.from.x, other.to.x)),
  ]
  const [y1, y2] = [
    Math.max(Math.min(from.y, to.y), Math.min(other.from.y, other.to.y)),
    Math.min(Math.max(from.y, to.y), Math.max(other.from.y, other.to.y)),
  ]
  if (x1 > x2 || y1 > y2) return undefined
  return { x: from.x <= to.x ? x1 : x2, y: from.y <= to.y ? y1 : y2 }
}
