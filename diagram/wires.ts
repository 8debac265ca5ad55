/** The wires as they are drawn: bent lines with a head, and a label before it. */
import { joined } from './joints.ts'
import type { Elevation } from './levels.ts'
import { type End, type Gutter, labelFont, labelWidth, type Net, type Source } from './nets.ts'
import type { Point, Shape } from './scene.ts'
import { lanesOf, type Tracks } from './tracks.ts'

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
    const here = nets.filter((net) => net.gutter === gutter && net.sources.some(({ via }) => via === 'gutter'))
    const spans = here.map((net) => {
      const turning = [net.target, ...net.sources.filter(({ via }) => via === 'gutter')]
      const ys = turning.map(({ channel }) => trackOf(net, channel))
      return { top: Math.min(...ys) - 4, bottom: Math.max(...ys) + 4 }
    })
    for (const [place, lane] of lanesOf(spans).entries()) {
      const net = here[place]
      if (net === undefined) continue
      lanes.set(net, gutter === 'left' ? edges.left - 10 - lane * laneGap : edges.right + 10 + lane * laneGap)
      counts[gutter] = Math.max(counts[gutter], lane + 1)
    }
  }
  const between = (net: Net, { x, channel, via }: Source): readonly Point[] => {
    const { target } = net
    const [from, to] = [trackOf(net, channel), trackOf(net, target.channel)]
    const lane = lanes.get(net)
    if (via === 'gutter' && lane !== undefined)
      return [
        { x, y: from },
        { x: lane, y: from },
        { x: lane, y: to },
        { x: target.x, y: to },
      ]
    const y = channel > target.channel ? from : to
    return [
      { x, y },
      { x: target.x, y },
    ]
  }
  const shapes = nets.flatMap((net) => {
    const target = tip(net.target, ground, trackOf(net, net.target.channel))
    const ways = net.sources.map((source) =>
      withoutRepeats([tip(source, ground, trackOf(net, source.channel)), ...between(net, source), target]),
    )
    const lines = joined(ways).map(
      ({ points, end }, place): Shape => ({ kind: 'line', points, look: net.kind, end, dot: net.sources[place]?.way === 'dot' }),
    )
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
