/** One network as shapes: gateways, zones, panels, what stands in them, and the wires between. */
import { type Bands, bandsOf, type Heading, headingLine, headingWidth } from './bands.ts'
import { nameFont, noteFont } from './blocks.ts'
import { type Elevation, elevationOf, type Level, levelsOf, spotsOf } from './levels.ts'
import { INTERNET, type Network } from './model.ts'
import { type Gutter, type Net, netsOf, type Spot } from './nets.ts'
import { type Outside, outsideHeight, outsideOf } from './outside.ts'
import type { Point, Shape } from './scene.ts'
import { type Font, fitted, lined, widthOf } from './text.ts'
import { tracksOf } from './tracks.ts'
import { wiresOf } from './wires.ts'

/** The way from a gateway endpoint to the right edge of the network, for whoever leads it on to the service. */
interface Exit {
  readonly service: string
  readonly points: readonly Point[]
}

export interface NetworkPicture {
  readonly shapes: readonly Shape[]
  readonly height: number
  readonly exits: readonly Exit[]
  /** Flows for which there was no room. */
  readonly without: number
}

const pad = 16
const barLeft = 284
const laneGap = 9
const titleFont: Font = { size: 15, bold: true }
/** Between the row of outsiders and the network: for the frame's edge, and the label of a way out. */
const outsideGap = 66

/** What a network needs above it. */
export const roomAbove = ({ outsiders, flows }: Network): number =>
  outsiders.length > 0 || flows.some(({ to }) => to === INTERNET) ? outsideHeight + outsideGap : 0

/** Draws a network into a room; `served` are the services that the way from a gateway endpoint leads on to. */
export function networkPicture(network: Network, at: Point, width: number, served: ReadonlySet<string>): NetworkPicture {
  const outside = outsideOf(network, at.x + barLeft, at.x + width - pad)
  let lanes: Readonly<Record<Gutter, number>> = { left: 0, right: 0 }
  for (;;) {
    const { picture, needs } = draw(outside, at, width, lanes, served)
    if (needs.left <= lanes.left && needs.right <= lanes.right) return picture
    lanes = { left: Math.max(lanes.left, needs.left), right: Math.max(lanes.right, needs.right) }
  }
}

function draw(outside: Outside, at: Point, width: number, lanes: Readonly<Record<Gutter, number>>, served: ReadonlySet<string>) {
  const { network } = outside
  const edges = { left: at.x + pad + lanes.left * laneGap, right: at.x + width - pad - lanes.right * laneGap }
  const bands = bandsOf(network, edges.left, edges.right - edges.left)
  const levels = levelsOf(bands)
  const { blocks, panels } = spotsOf(levels)
  const { nets, without } = netsOf(network, {
    spots: new Map([...blocks, ...outside.spots]),
    panels,
    ...edges,
    clear: clearance(levels, bands),
  })
  const ways = network.places.flatMap(({ id, service }) => {
    const spot = blocks.get(id)
    return service === undefined || spot === undefined || !served.has(service) ? [] : { service, net: wayOut(id, spot, at.x + width) }
  })
  const tracks = tracksOf([...nets, ...ways.map(({ net }) => net)], edges)

  const title = titleOf(network)
  const top = at.y + pad
  const elevation = elevationOf(levels, tracks, top, title.height)
  const bottoms = new Map(levels.flatMap((level) => bottomsOf(level, elevation)))
  for (const id of outside.spots.keys()) bottoms.set(id, at.y - outsideGap)
  const wires = wiresOf(nets, { tracks, elevation, bottoms, edges, laneGap })
  const exits = ways.map(({ service, net }) => {
    const { target, sources } = net
    const y = elevation.trackAt(target.channel, tracks.trackOf(net, target.channel))
    return {
      service,
      points: [
        ...sources.flatMap(({ id, x }) => [
          { x, y: bottoms.get(id) ?? y },
          { x, y },
        ]),
        { x: target.x, y },
      ],
    }
  })
  const height = elevation.bottom - at.y + 4
  const shapes: readonly Shape[] = [
    { kind: 'box', rect: { x: at.x, y: at.y, width, height }, look: 'network' },
    ...title.shapesAt({ x: at.x + pad, y: top }),
    ...outside.shapesAt(at.y - outsideGap - outsideHeight),
    ...barOf(network, { x: at.x + barLeft, y: top }, width - barLeft - pad, title.height),
    ...zonesOf(bands, elevation),
    ...elevation.panels.flatMap(({ level, top, bottom }) => panelsOf(level, top, bottom, elevation)),
    ...wires.shapes,
  ]
  return { picture: { shapes, height, exits, without }, needs: wires.lanes }
}

/** Nothing but a heading, or the name of a zone, stands between the last channel of a band and the first of the next. */
function clearance(levels: readonly Level[], { groups }: Bands): (channel: number, x: number) => boolean {
  const next = new Map(levels.map((level, place) => [level.first - 1, { level, before: levels[place - 1] }]))
  return (channel, x) => {
    const found = next.get(channel)
    if (found === undefined) return false
    const { level, before } = found
    const zones = level.group === undefined || level.group === before?.group ? [] : (groups[level.group]?.zones ?? [])
    const words = [
      ...zones.map((zone) => ({ from: zone.x, to: zone.x + 24 + widthOf(zoneName(zone.name), noteFont) })),
      ...level.band.cells.map((cell) => ({ from: cell.x, to: cell.x + 28 + headingWidth(cell.heading) })),
    ]
    return words.every(({ from, to }) => x < from - 4 || x > to)
  }
}

const zoneName = (name: string): string => `Availability Zone ${name}`

/** From the lower edge of a gateway endpoint to the right edge of the network. */
function wayOut(id: string, { row, x, width }: Spot, right: number): Net {
  const channel = row + 1
  return {
    kind: 'endpoint',
    label: '',
    target: { id: '', channel, way: 'dot', x: right },
    sources: [{ id, channel, way: 'up', x: x + width / 2, via: 'channel' }],
    gutter: 'right',
  }
}

function bottomsOf({ band, first }: Level, { rowTop }: Elevation): readonly (readonly [string, number])[] {
  return band.cells.flatMap(({ rows }) =>
    rows.flatMap((row, level) => row.map(({ block }) => [block.id, rowTop(first + level) + block.height] as const)),
  )
}

function titleOf({ name, cidrs, dedicated }: Network) {
  const width = barLeft - 2 * pad
  const lines = lined([...cidrs, ...(dedicated ? ['dedicated tenancy'] : [])], ' · ', width, noteFont, 3)
  return {
    height: Math.max(42, 24 + lines.length * headingLine),
    shapesAt: ({ x, y }: Point): readonly Shape[] => [
      { kind: 'text', at: { x, y: y + 15 }, text: fitted(`VPC ${name}`, width, titleFont), font: titleFont, ink: 'ink' },
      ...lines.map(
        (text, line): Shape => ({ kind: 'text', at: { x, y: y + 34 + line * headingLine }, text, font: noteFont, ink: 'muted' }),
      ),
    ],
  }
}

/** The internet gateway as a bar that all ways out and in go through, and whatever else leads out of the network. */
function barOf({ gateways }: Network, { x, y }: Point, width: number, height: number): readonly Shape[] {
  const internet = gateways.filter(({ kind }) => kind === 'internet')
  const others = [
    ...Map.groupBy(
      gateways.filter(({ kind }) => kind !== 'internet'),
      ({ name }) => name,
    ),
  ].map(([name, some]) => (some.length === 1 ? name : `${some.length} × ${name}`))
  const words = others.join(', ')
  const beside = others.length === 0 ? 0 : internet.length === 0 ? width : Math.min(250, widthOf(words, nameFont) + 60)
  const bar = width - (beside === 0 || beside === width ? beside : beside + 14)
  return [
    ...(internet.length === 0 ? [] : gate({ x, y }, bar, height, 'Internet gateway')),
    ...(beside === 0 ? [] : gate({ x: x + width - beside, y }, beside, height, words)),
  ]
}

function gate({ x, y }: Point, width: number, height: number, words: string): readonly Shape[] {
  const text = fitted(words, width - 48, nameFont)
  const left = x + (width - widthOf(text, nameFont) - 26) / 2
  return [
    { kind: 'box', rect: { x, y, width, height }, look: 'gate', title: words },
    { kind: 'glyph', at: { x: left, y: y + height / 2 - 9 }, glyph: 'gate' },
    { kind: 'text', at: { x: left + 26, y: y + height / 2 + 5 }, text, font: nameFont, ink: 'ink' },
  ]
}

function zonesOf({ groups }: Bands, elevation: Elevation): readonly Shape[] {
  return groups.flatMap(({ zones }, group) => {
    const { top, bottom } = elevation.zones[group] ?? { top: 0, bottom: 0 }
    return zones.flatMap(({ name, x, width }): readonly Shape[] => [
      { kind: 'box', rect: { x, y: top, width, height: bottom - top }, look: 'zone' },
      { kind: 'text', at: { x: x + 12, y: top + 20 }, text: fitted(zoneName(name), width - 24, noteFont), font: noteFont, ink: 'muted' },
    ])
  })
}

function panelsOf({ band, first }: Level, top: number, bottom: number, { rowTop }: Elevation): readonly Shape[] {
  return band.cells.flatMap(({ x, width, look, heading, rows }): readonly Shape[] => [
    ...(look === undefined ? [] : [{ kind: 'box' as const, rect: { x, y: top, width, height: bottom - top }, look }]),
    ...(heading === undefined ? [] : headingShapes(heading, { x: x + 14, y: top + 22 })),
    ...rows.flatMap((row, level) => row.flatMap((one) => one.block.shapesAt({ x: one.x, y: rowTop(first + level) }))),
  ])
}

function headingShapes({ name, beside, lines }: Heading, { x, y }: Point): readonly Shape[] {
  const note = (text: string, at: Point): Shape => ({ kind: 'text', at, text, font: noteFont, ink: 'muted' })
  return [
    { kind: 'text', at: { x, y }, text: name, font: nameFont, ink: 'ink' },
    ...(beside === '' ? [] : [note(beside, { x: x + widthOf(name, nameFont) + 12, y })]),
    ...lines.map((text, line) => note(text, { x, y: y + (line + 1) * headingLine })),
  ]
}
