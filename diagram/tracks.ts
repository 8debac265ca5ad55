/** Which way each wire takes: a track of its own in every channel that it runs through, a lane of its own in a gutter. */
import type { End, Gutter, Net } from './nets.ts'

export interface Tracks {
  /** How many tracks a channel has. */
  readonly countOf: (channel: number) => number
  readonly trackOf: (net: Net, channel: number) => number
  /** What an arrow from above or from below needs for its head and its label, beside the tracks. */
  readonly roomOf: (channel: number) => { readonly above: number; readonly below: number }
}

/** Room of an end: of an arrow with a label, of one without, and of what only leaves. */
const LABELLED = 34
const HEADED = 16
const PLAIN = 8

/** The tracks of all channels. `edges` are where the gutters begin. */
export function tracksOf(nets: readonly Net[], edges: Readonly<Record<Gutter, number>>): Tracks {
  const counts = new Map<number, number>()
  const tracks = new Map<string, number>()
  const rooms = new Map<number, { above: number; below: number }>()
  const order = new Map(nets.map((net, place) => [net, place]))
  const keyOf = (net: Net, channel: number): string => `${order.get(net)} ${channel}`
  const channels = new Set(nets.flatMap(channelsOf))
  for (const channel of channels) {
    const here = nets.flatMap((net) => {
      const ends = endsOf(net).filter((end) => end.channel === channel)
      if (ends.length === 0) return []
      const turns = channelsOf(net).length > 1 ? [edges[net.gutter]] : []
      const xs = [...ends.map(({ x }) => x), ...turns]
      return { net, ends, from: Math.min(...xs) - 8, to: Math.max(...xs) + 8, rank: rankOf(net, ends, edges) }
    })
    const straight = here.filter(({ ends, net }) => channelsOf(net).length === 1 && new Set(ends.map(({ x }) => x)).size === 1)
    const bent = here.filter((one) => !straight.includes(one)).toSorted((a, b) => a.rank - b.rank)
    const taken: { from: number; to: number }[][] = []
    for (const { net, from, to } of bent) {
      // The order of the wires is kept: none goes above one that came before it and that it would cross.
      let track = taken.length
      while (track > 0 && !taken[track - 1]?.some((other) => other.from < to && from < other.to)) track -= 1
      taken[track] = [...(taken[track] ?? []), { from, to }]
      tracks.set(keyOf(net, channel), track)
    }
    counts.set(channel, taken.length)
    rooms.set(channel, {
      above: Math.max(...here.map(({ net, ends }) => roomFor(net, ends, 'up'))),
      below: Math.max(...here.map(({ net, ends }) => roomFor(net, ends, 'down'))),
    })
  }
  return {
    countOf: (channel) => counts.get(channel) ?? 0,
    trackOf: (net, channel) => tracks.get(keyOf(net, channel)) ?? 0,
    roomOf: (channel) => rooms.get(channel) ?? { above: 0, below: 0 },
  }
}

export const endsOf = (net: Net): readonly End[] => [net.target, ...net.sources]
export const channelsOf = (net: Net): readonly number[] => [...new Set(endsOf(net).map(({ channel }) => channel))]

function roomFor(net: Net, ends: readonly End[], way: End['way']): number {
  if (!ends.some((end) => end.way === way)) return 0
  if (!ends.includes(net.target) || net.target.way !== way) return PLAIN
  return net.label === '' ? HEADED : LABELLED
}

/**
 * From the top track to the lowest so that few wires cross: first those to what is above, the nearest to the gutter
 * topmost; then those to what is below, the nearest lowest.
 */
function rankOf(net: Net, ends: readonly End[], edges: Readonly<Record<Gutter, number>>): number {
  const nearest = Math.min(...ends.map(({ x }) => Math.abs(x - edges[net.gutter])))
  return ends.some(({ way }) => way === 'down') ? 1e6 - nearest : nearest
}

/** Lanes for spans from top to bottom: the shortest nearest to what the gutter runs along. */
export function lanesOf(spans: readonly { readonly top: number; readonly bottom: number }[]): readonly number[] {
  const order = spans.map((span, place) => ({ ...span, place })).toSorted((a, b) => a.bottom - a.top - (b.bottom - b.top) || a.top - b.top)
  const taken: { top: number; bottom: number }[][] = []
  const lanes: number[] = []
  for (const { top, bottom, place } of order) {
    const free = taken.findIndex((others) => others.every((other) => other.bottom < top || bottom < other.top))
    const lane = free === -1 ? taken.length : free
    taken[lane] = [...(taken[lane] ?? []), { top, bottom }]
    lanes[place] = lane
  }
  return lanes
}
