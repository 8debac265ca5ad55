/** A network's rows and channels from top to bottom: which come where, and how high they get. */
import type { Band, Bands, Cell } from './bands.ts'
import type { Spot } from './nets.ts'
import type { Tracks } from './tracks.ts'

/** A band with the number of its first row, and of the channel above that. */
export interface Level {
  readonly band: Band
  readonly first: number
  /** The zones it is in. */
  readonly group: number | undefined
}

/** All bands in order. Row 0, with channels 0 and 1, is that of the gateways. */
export function levelsOf(bands: Bands): readonly Level[] {
  const inOrder: readonly Omit<Level, 'first'>[] = [
    ...bands.across.map((band) => ({ band, group: undefined })),
    ...bands.groups.flatMap(({ bands: some }, group) => some.map((band) => ({ band, group }))),
    ...bands.endpoints.map((band) => ({ band, group: undefined })),
  ]
  let next = 2
  return inOrder.map((one) => {
    const first = next
    next += one.band.rows + 1
    return { ...one, first }
  })
}

/** Every block's spot, and the spot in each panel where its routes begin. */
export function spotsOf(levels: readonly Level[]): {
  readonly blocks: ReadonlyMap<string, Spot>
  readonly panels: ReadonlyMap<string, Spot>
} {
  const blocks = new Map<string, Spot>()
  const panels = new Map<string, Spot>()
  for (const { band, first } of levels) {
    for (const { rows, subnet, x } of band.cells) {
      if (subnet !== undefined) panels.set(subnet.id, { row: first, x: x + 14, width: 0 })
      for (const [level, row] of rows.entries())
        for (const { x, block } of row) blocks.set(block.id, { row: first + level, x, width: block.width })
    }
  }
  return { blocks, panels }
}

const trackGap = 9
const zoneLabel = 30
const between = 12
const zonePad = 12

export interface Elevation {
  /** Where row `row` begins. */
  readonly rowTop: (row: number) => number
  readonly trackAt: (channel: number, track: number) => number
  readonly panels: readonly { readonly level: Level; readonly top: number; readonly bottom: number }[]
  readonly zones: readonly { readonly top: number; readonly bottom: number }[]
  readonly bottom: number
}

/** Heights from the top edge on; the row of the gateways is so high. */
export function elevationOf(levels: readonly Level[], tracks: Tracks, top: number, gatewayHeight: number): Elevation {
  const rows = new Map<number, number>([[0, top]])
  const channels = new Map<number, number>()
  const panels: { level: Level; top: number; bottom: number }[] = []
  const zones: { top: number; bottom: number }[] = []
  let y = top + gatewayHeight
  const channel = (number: number, least: number): void => {
    channels.set(number, y)
    y += Math.max(least, heightOf(tracks, number))
  }
  channel(1, 14)
  for (const [place, level] of levels.entries()) {
    const { band, first, group } = level
    if (group !== undefined && group !== levels[place - 1]?.group) {
      zones[group] = { top: y, bottom: y }
      y += zoneLabel
    }
    const panelTop = y
    y += band.headingHeight
    channel(first, band.headingHeight === 0 ? 4 : 8)
    for (let row = 0; row < band.rows; row += 1) {
      rows.set(first + row, y)
      y += Math.max(...band.cells.map((cell) => heightOfRow(cell, row)))
      channel(first + row + 1, 14)
    }
    panels.push({ level, top: panelTop, bottom: y })
    y += between
    if (group !== undefined && group !== levels[place + 1]?.group) {
      y += zonePad - between
      zones[group] = { top: zones[group]?.top ?? panelTop, bottom: y }
      y += between
    }
  }
  return {
    rowTop: (row) => rows.get(row) ?? top,
    trackAt: (number, track) => (channels.get(number) ?? top) + tracks.roomOf(number).above + 7 + track * trackGap,
    panels,
    zones,
    bottom: y,
  }
}

function heightOf(tracks: Tracks, channel: number): number {
  const { above, below } = tracks.roomOf(channel)
  const count = tracks.countOf(channel)
  return above + (count === 0 ? 0 : 14 + (count - 1) * trackGap) + below
}

const heightOfRow = ({ rows }: Cell, row: number): number => Math.max(0, ...(rows[row] ?? []).map(({ block }) => block.height))
