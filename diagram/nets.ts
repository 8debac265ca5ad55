/** Flows as wires: one for all that may come to one place on the same ports, and each end of it at a spot of its own. */
import type { Flow, Network } from './model.ts'
import { type Font, widthOf } from './text.ts'

/** Where a part stands. A channel for wires lies above each row and below it: above row 3 is channel 3, below it channel 4. */
export interface Spot {
  readonly row: number
  readonly x: number
  readonly width: number
}

/** An end of a wire: it leaves its channel upwards or downwards to a part, or is a dot in the channel itself. */
export interface End {
  readonly id: string
  readonly channel: number
  readonly way: 'up' | 'down' | 'dot'
  readonly x: number
}

export type Gutter = 'left' | 'right'

/**
 * How a source comes to the target: within the one channel that both are in, straight down from one channel into the
 * next, or around by the gutter.
 */
export type Source = End & { readonly via: 'channel' | 'drop' | 'gutter' }

export interface Net {
  readonly kind: Flow['kind']
  readonly label: string
  readonly target: End
  readonly sources: readonly Source[]
  readonly gutter: Gutter
}

/** What is to be wired: parts, the panels that routes begin in, and the edges. */
export interface Board {
  readonly spots: ReadonlyMap<string, Spot>
  readonly panels: ReadonlyMap<string, Spot>
  readonly left: number
  readonly right: number
  /** Whether nothing stands between a channel and the next one at this place. */
  readonly clear: (channel: number, x: number) => boolean
}

export const labelFont: Font = { size: 11.5 }
export const labelWidth = (label: string): number => Math.max(26, widthOf(label, labelFont) + 12)

interface Draft {
  readonly kind: Flow['kind']
  readonly label: string
  readonly to: string
  readonly from: readonly string[]
}

interface Planned {
  readonly id: string
  readonly spot: Spot
  readonly way: End['way']
  /** How much of the part's edge it takes. */
  readonly width: number
}

interface Wire {
  readonly draft: Draft
  readonly ends: readonly [target: Planned, ...sources: Planned[]]
  readonly gutter: Gutter
}

const rank: readonly Flow['kind'][] = ['world', 'connection', 'route', 'endpoint']
const mostLanes = 14

/** The wires, and the number of flows for which there is no room. */
export function netsOf(network: Network, board: Board): { readonly nets: readonly Net[]; readonly without: number } {
  const drafts = draftsOf(network)
  const wires: Wire[] = []
  const used = new Map<string, number>()
  const lanes = { left: 0, right: 0 }
  let without = 0
  for (const draft of drafts) {
    const wire = wireOf(draft, board, lanes)
    const crosses = wire !== undefined && new Set(wire.ends.map(channelOf)).size > 1
    if (wire === undefined || !wire.ends.every((end) => hasRoom(end, used)) || (crosses && lanes[wire.gutter] === mostLanes)) {
      without += draft.from.length
      continue
    }
    for (const end of wire.ends) used.set(edgeOf(end), (used.get(edgeOf(end)) ?? 0) + end.width)
    if (crosses) lanes[wire.gutter] += 1
    wires.push(wire)
  }
  return { nets: spread(wires, board), without }
}

/** Flows to one place on the same ports together, and the routes of subnets to what stands in another. */
function draftsOf({ flows, subnets }: Network): readonly Draft[] {
  const routes = subnets.flatMap(({ id, routes }) =>
    routes.flatMap(({ place, by }): readonly Flow[] =>
      place === undefined || by !== 'NAT gateway' ? [] : [{ from: id, to: place, ports: '', kind: 'route' }],
    ),
  )
  const alike = Map.groupBy([...flows, ...routes], ({ to, ports, kind }) => JSON.stringify([to, ports, kind]))
  return [...alike.values()]
    .flatMap((same) => {
      const [first] = same
      return first === undefined
        ? []
        : { kind: first.kind, label: first.ports, to: first.to, from: [...new Set(same.map(({ from }) => from))] }
    })
    .toSorted((a, b) => rank.indexOf(a.kind) - rank.indexOf(b.kind))
}

function wireOf(draft: Draft, { spots, panels, left, right }: Board, lanes: Readonly<Record<Gutter, number>>): Wire | undefined {
  const target = spots.get(draft.to)
  const sources = draft.from.flatMap((id) => {
    const [part, panel] = [spots.get(id), panels.get(id)]
    return part !== undefined ? { id, spot: part, dot: false } : panel !== undefined ? { id, spot: panel, dot: true } : []
  })
  if (target === undefined || sources.length < draft.from.length) return undefined
  // Whoever comes only from below arrives from below.
  const fromBelow = sources.every(({ spot }) => spot.row > target.row)
  const exits = sources.map(({ id, spot, dot }): Planned => {
    const level = spot.row === target.row
    return { id, spot, way: dot ? 'dot' : spot.row < target.row || (level && fromBelow) ? 'up' : 'down', width: 14 }
  })
  const entry: Planned = {
    id: draft.to,
    spot: target,
    way: fromBelow ? 'up' : 'down',
    width: draft.label === '' ? 16 : labelWidth(draft.label) + 8,
  }
  // The nearer side, unless it is crowded.
  const cost = (edge: number, taken: number): number =>
    [entry, ...exits].reduce((sum, { spot }) => sum + Math.abs(middle(spot) - edge), 0) + taken * crowding
  return { draft, ends: [entry, ...exits], gutter: cost(left, lanes.left) <= cost(right, lanes.right) ? 'left' : 'right' }
}

const crowding = 60
const middle = ({ x, width }: Spot): number => x + width / 2

const channelOf = ({ spot, way }: Planned): number => (way === 'up' ? spot.row + 1 : spot.row)
const edgeOf = ({ id, way }: Planned): string => `${way} ${id}`
const hasRoom = (end: Planned, used: ReadonlyMap<string, number>): boolean =>
  end.way === 'dot' || (used.get(edgeOf(end)) ?? 0) + end.width <= end.spot.width - 8

/** Gives the ends at each edge their places, each towards where its wire goes. */
function spread(wires: readonly Wire[], { clear }: Board): readonly Net[] {
  const ends = wires.flatMap((wire) => wire.ends.map((end) => ({ end, towards: towards(wire, end) })))
  const places = new Map<Planned, number>()
  for (const same of Map.groupBy(ends, ({ end }) => edgeOf(end)).values()) {
    const total = same.reduce((sum, { end }) => sum + end.width, 0)
    let at = 0
    for (const { end } of same.toSorted((a, b) => a.towards - b.towards)) {
      const { x, width } = end.spot
      places.set(end, end.way === 'dot' ? x : Math.round(x + (width - total) / 2 + at + end.width / 2))
      at += end.width
    }
  }
  const placed = (end: Planned): End => ({ id: end.id, channel: channelOf(end), way: end.way, x: places.get(end) ?? end.spot.x })
  return wires.map(({ draft: { kind, label }, ends: [entry, ...exits], gutter }) => {
    const target = placed(entry)
    const sources = exits.map(placed).map((source): Source => {
      const [upper, lower] = source.channel < target.channel ? [source, target] : [target, source]
      if (upper === lower || upper.channel === lower.channel) return { ...source, via: 'channel' }
      const drops = lower.channel - upper.channel === 1 && upper.way === 'up' && clear(upper.channel, upper.x)
      return { ...source, via: drops ? 'drop' : 'gutter' }
    })
    return { kind, label, target, sources, gutter }
  })
}

/** In which direction the wire leaves: the middle of its other ends where they are near, else its gutter. */
function towards({ ends, gutter }: Wire, end: Planned): number {
  const others = ends.filter((one) => one !== end)
  const near = others.filter((other) => Math.abs(channelOf(other) - channelOf(end)) < 2)
  if (near.length === others.length) return near.reduce((sum, { spot }) => sum + middle(spot), 0) / near.length
  return gutter === 'left' ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER
}
