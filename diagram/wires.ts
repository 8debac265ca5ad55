/** The wires as they are drawn: bent lines with a head, and a label before it. */
import type { Elevation } from './levels.ts'
import { type End, type Gutter, labelFont, labelWidth, type Net } from './nets.ts'
import type { Point, Shape } from './scene.ts'
import { channelsOf, lanesOf, type Tracks } from './tracks.ts'

export interface Ground {
  readonly tracks: Tracks
  readonly elevation: Elevation
  /** Where each part ends. */
  readonly bottoms: ReadonlyMap<string, number>
  readonly edges: Readonly<Record<Gutter, number>>
  readonly laneGap: number
}

const labelHeight = 18
const head = 9

/** All wires, and the lanes that they take at each side. */
export function wiresOf(
  nets: readonly Net[],
  ground: Ground,
): { readonly shapes: readonly Shape[]; readonly lanes: Readonly<Record<Gutter, number>> } {
  const { tracks, elevation, edges, laneGap } = ground
  const trackOf = (net: Net, channel: number): number => elevation.trackAt(channel, tracks.trackOf(net, channel))
  const lanes = new Map<Net, number>()
  const counts = { left: 0, right: 0 }
  for (const gutter of ['left', 'right'] as const) {
    const here = nets.filter((net) => net.gutter === gutter && channelsOf(net).length > 1)
    const spans = here.map((net) => {
      const ys = channelsOf(net).map((channel) => trackOf(net, channel))
      return { top: Math.min(...ys) - 4, bottom: Math.max(...ys) + 4 }
    })
    for (const [place, lane] of lanesOf(spans).entries()) {
      const net = here[place]
      if (net === undefined) continue
      lanes.set(net, gutter === 'left' ? edges.left - 10 - lane * laneGap : edges.right + 10 + lane * laneGap)
      counts[gutter] = Math.max(counts[gutter], lane + 1)
    }
  }
  const shapes = nets.flatMap((net) => {
    const target = tip(net.target, ground, trackOf(net, net.target.channel))
    const lines = net.sources.map((source): Shape => {
      const [from, to] = [trackOf(net, source.channel), trackOf(net, net.target.channel)]
      const lane = lanes.get(net)
      const turn =
        source.channel === net.target.channel || lane === undefined
          ? []
          : [
              { x: lane, y: from },
              { x: lane, y: to },
            ]
      const points = [tip(source, ground, from), { x: source.x, y: from }, ...turn, { x: net.target.x, y: to }, target]
      return { kind: 'line', points: withoutRepeats(points), look: net.kind, arrow: true, dot: source.way === 'dot' }
    })
    return [...lines, ...(net.label === '' ? [] : label(net, target))]
  })
  return { shapes, lanes: counts }
}

function tip({ id, x, way, channel }: End, { elevation, bottoms }: Ground, track: number): Point {
  return { x, y: way === 'dot' ? track : way === 'down' ? elevation.rowTop(channel) : (bottoms.get(id) ?? track) }
}

function label({ kind, label, target }: Net, { x, y }: Point): readonly Shape[] {
  const width = labelWidth(label)
  const middle = target.way === 'down' ? y - head - labelHeight / 2 : y + head + labelHeight / 2
  return [
    { kind: 'box', rect: { x: x - width / 2, y: middle - labelHeight / 2, width, height: labelHeight }, look: 'pill' },
    { kind: 'text', at: { x, y: middle + 4 }, text: label, font: labelFont, ink: `line-${kind}`, middle: true },
  ]
}

const withoutRepeats = (points: readonly Point[]): readonly Point[] =>
  points.filter(({ x, y }, place) => x !== points[place - 1]?.x || y !== points[place - 1]?.y)
