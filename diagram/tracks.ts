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
      return ends.length === 0 ? [] : { net, ends, ...stretchOf(net, channel, edges) }
    })
    const bent = here.filter(({ from, to }) => to > from).toSorted((a, b) => a.rank - b.rank)
    const taken: { from: number; to: number }[][] = []
    for (const { net, from, to } of bent) {
      // The order of the wires is kept: none goes above one that came before it and that it would cross.
      let track = taken.length
      while (track > 0 && !taken[track - 1]?.some((other) => other.from < to + apart && from < other.to + apart)) track -= 1
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

const endsOf = (net: Net): readonly End[] => [net.target, ...net.sources]
const channelsOf = (net: Net): readonly number[] => [...new Set(endsOf(net).map(({ channel }) => channel))]

function roomFor(net: Net, ends: readonly End[], way: End['way']): number {
  if (!ends.some((end) => end.way === way)) return 0
  if (!ends.includes(net.target) || net.target.way !== way) return PLAIN
  return net.label === '' ? HEADED : LABELLED
}

const apart = 12

/** From where to where a wire runs along a channel, and how far down among others so that few wires cross. */
function stretchOf(net: Net, channel: number, edges: Readonly<Record<Gutter, number>>): { from: number; to: number; rank: number } {
  const { target } = net
  const xs = net.sources.flatMap((source): readonly number[] => {
    if (source.via === 'gutter') {
      const turn = edges[net.gutter]
      return [...(source.channel === channel ? [source.x, turn] : []), ...(target.channel === channel ? [target.x, turn] : [])]
    }
    const lowest = Math.max(source.channel, target.channel)
    return channel === lowest ? [source.x, target.x] : []
  })
  const [from, to] = [Math.min(...xs), Math.max(...xs)]
  // Of those to what is above, the shortest topmost; of those to what is below, the shortest lowest.
  const down = endsOf(net).some((end) => end.channel === channel && end.way === 'down')
  return { from, to, rank: down ? 1e6 - (to - from) : to - from }
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
