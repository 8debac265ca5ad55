/** Where everything in a network stands from left to right, and in which order from top to bottom. */
import { type Block, nameFont, noteFont, placeBlock } from './blocks.ts'
import type { Network, Place, Subnet } from './model.ts'
import type { Look } from './scene.ts'
import { fitted, lined, widthOf } from './text.ts'

export interface Heading {
  readonly name: string
  readonly beside: string
  readonly lines: readonly string[]
}

/** A panel, or the room of one that is not drawn. */
export interface Cell {
  readonly x: number
  readonly width: number
  readonly look: Look | undefined
  readonly heading: Heading | undefined
  /** The subnet, when it is one. */
  readonly subnet: Subnet | undefined
  readonly rows: readonly (readonly Standing[])[]
}

interface Standing {
  readonly x: number
  readonly block: Block
}

/** Cells side by side whose rows are level. */
export interface Band {
  readonly cells: readonly Cell[]
  readonly headingHeight: number
  readonly rows: number
}

/** Bands of the same zones, with the room of each zone. */
interface ZoneGroup {
  readonly zones: readonly { readonly name: string; readonly x: number; readonly width: number }[]
  readonly bands: readonly Band[]
}

export interface Bands {
  readonly across: readonly Band[]
  readonly groups: readonly ZoneGroup[]
  readonly endpoints: readonly Band[]
}

const gap = 18
const panelPad = 14
const zonePad = 10
const mostZones = 3
export const headingLine = 18

const order: readonly Place['kind'][] = [
  'balancer',
  'instance',
  'template',
  'fleet',
  'container',
  'function',
  'database',
  'endpoints',
  'nat',
  'gateway-endpoint',
]
const byKind = (a: Place, b: Place): number =>
  order.indexOf(a.kind) - order.indexOf(b.kind) || (a.name === b.name ? (a.id < b.id ? -1 : 1) : a.name < b.name ? -1 : 1)

/** A network's bands between these edges. */
export function bandsOf(network: Network, x: number, width: number): Bands {
  const places = network.places.toSorted(byKind)
  const known = new Set(network.subnets.map(({ id }) => id))
  const inside = ({ subnets }: Place): readonly string[] => subnets.filter((id) => known.has(id))
  const across = places.filter((place) => inside(place).length > 1)
  const gateways = places.filter(({ kind }) => kind === 'gateway-endpoint')
  const unplaced = places.filter((place) => place.kind !== 'gateway-endpoint' && inside(place).length === 0)
  const inSubnet = (subnet: Subnet): readonly Place[] =>
    places.filter((place) => inside(place).length === 1 && inside(place)[0] === subnet.id)

  const zones = [...new Set(network.subnets.map(({ zone }) => zone))].toSorted()
  const groups = chunks(zones, mostZones).map((some) => zoneGroup(some, network.subnets, inSubnet, x, width))
  return {
    across: [
      ...whole({ name: 'in several subnets', beside: '', lines: [] }, across, x, width),
      ...whole({ name: 'subnet not known', beside: 'before the apply, or not in here', lines: [] }, unplaced, x, width),
    ],
    groups,
    endpoints: gateways.length === 0 ? [] : [bandOf([cellOf(x, width, undefined, undefined, undefined, gateways, 'right')])],
  }
}

/** A panel from edge to edge. */
function whole(heading: Heading, places: readonly Place[], x: number, width: number): readonly Band[] {
  return places.length === 0 ? [] : [bandOf([cellOf(x, width, 'unplaced', heading, undefined, places)])]
}

function zoneGroup(
  zones: readonly string[],
  subnets: readonly Subnet[],
  inSubnet: (subnet: Subnet) => readonly Place[],
  x: number,
  width: number,
): ZoneGroup {
  const each = (width - (zones.length - 1) * gap) / zones.length
  const columns = zones.map((name, place) => ({
    name: name === '' ? 'not known' : name,
    zone: name,
    x: x + place * (each + gap),
    width: each,
  }))
  const bands = (['public', 'private', 'isolated'] as const).flatMap((kind) => {
    const stacks = columns.map(({ zone }) => subnets.filter((subnet) => subnet.zone === zone && subnet.kind === kind).toSorted(byName))
    const most = Math.max(...stacks.map((stack) => stack.length))
    return Array.from({ length: most }, (_, level) =>
      bandOf(
        columns.map((column, place) => {
          const subnet = stacks[place]?.[level]
          const [left, room] = [column.x + zonePad, column.width - 2 * zonePad]
          return subnet === undefined
            ? cellOf(left, room, undefined, undefined, undefined, [])
            : cellOf(left, room, kind, headingOf(subnet, room - 2 * panelPad), subnet, inSubnet(subnet))
        }),
      ),
    )
  })
  return { zones: columns, bands }
}

const byName = (a: Subnet, b: Subnet): number => (a.name === b.name ? (a.id < b.id ? -1 : 1) : a.name < b.name ? -1 : 1)

function headingOf(subnet: Subnet, width: number): Heading {
  // Many a subnet is called what it is.
  const facts = [...(subnet.name.includes(subnet.kind) ? [] : [subnet.kind]), ...subnet.cidrs]
  const routes = subnet.routes.map(({ to, by }) => `${to} → ${by}`)
  const name = fitted(subnet.name, width, nameFont)
  const beside = facts.join(' · ')
  const oneLine = widthOf(beside, noteFont) <= width - widthOf(name, nameFont) - 12
  return {
    name,
    beside: oneLine ? beside : '',
    lines: [
      ...(oneLine ? [] : lined(facts, ' · ', width, noteFont, 2)),
      ...lined(routes.length === 0 ? ['no route out'] : routes, ' · ', width, noteFont, 3),
    ],
  }
}

/** How far a heading reaches into its panel. */
export function headingWidth(heading: Heading | undefined): number {
  if (heading === undefined) return -28
  const first = widthOf(heading.name, nameFont) + (heading.beside === '' ? 0 : 12 + widthOf(heading.beside, noteFont))
  return Math.max(first, ...heading.lines.map((line) => widthOf(line, noteFont)))
}

function cellOf(
  x: number,
  width: number,
  look: Look | undefined,
  heading: Heading | undefined,
  subnet: Subnet | undefined,
  places: readonly Place[],
  side: 'left' | 'right' = 'left',
): Cell {
  const inner = width - 2 * panelPad
  const rows: Block[][] = []
  let used = 0
  for (const place of places) {
    const block = placeBlock(place, inner)
    const row = rows.at(-1)
    if (row === undefined || used + gap + block.width > inner) {
      rows.push([block])
      used = block.width
    } else {
      row.push(block)
      used += gap + block.width
    }
  }
  return { x, width, look, heading, subnet, rows: rows.map((row) => standing(row, x + panelPad, inner, side)) }
}

function standing(row: readonly Block[], x: number, width: number, side: 'left' | 'right'): readonly Standing[] {
  const total = row.reduce((sum, block) => sum + block.width, 0) + (row.length - 1) * gap
  let at = side === 'left' ? x : x + width - total
  return row.map((block) => {
    const here = { x: at, block }
    at += block.width + gap
    return here
  })
}

function bandOf(cells: readonly Cell[]): Band {
  const headings = cells.map(({ heading }) => (heading === undefined ? 0 : 12 + headingLine * (1 + heading.lines.length)))
  return { cells, headingHeight: Math.max(...headings), rows: Math.max(...cells.map(({ rows }) => rows.length)) }
}

function chunks<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, place) => items.slice(place * size, (place + 1) * size))
}
