/** The row above a network: who may come in from outside, and the internet as where to go. */
import { noteFont } from './blocks.ts'
import { INTERNET, type Network, type Outsider } from './model.ts'
import type { Spot } from './nets.ts'
import type { Shape } from './scene.ts'
import { type Font, fitted, widthOf } from './text.ts'

export const outsideHeight = 42
const gap = 14
const widest = 196
const font: Font = { size: 12.5, bold: true }

interface Pill {
  readonly id: string
  readonly name: string
  readonly note: string
  readonly world: boolean
}

export interface Outside {
  /** The network, with outsiders for whom there is no room put together. */
  readonly network: Network
  readonly spots: ReadonlyMap<string, Spot>
  readonly shapesAt: (y: number) => readonly Shape[]
}

/** The row, as far as it is needed, between these edges. */
export function outsideOf(network: Network, left: number, right: number): Outside {
  const outwards = network.flows.some(({ to }) => to === INTERNET)
  const internet: readonly Pill[] = outwards ? [{ id: INTERNET, name: 'Internet', note: 'way out', world: false }] : []
  const room = right - left - internet.reduce((sum, pill) => sum + widthOfPill(pill) + gap, 0)
  const kept = network.outsiders.slice(0, howMany(network.outsiders, room))
  const rest = network.outsiders.slice(kept.length)
  const others = rest.length === 0 ? [] : [together(rest)]
  const moved = new Map(rest.map(({ id }) => [id, others[0]?.id ?? id]))
  const outsiders = [...kept, ...others]
  const flows = network.flows.map((flow) => ({ ...flow, from: moved.get(flow.from) ?? flow.from }))

  let x = left
  const pills = [...outsiders.map(pillOf), ...internet].map((pill) => {
    const placed = { pill, x, width: widthOfPill(pill) }
    x += placed.width + gap
    return placed
  })
  return {
    network: { ...network, outsiders, flows },
    spots: new Map(pills.map(({ pill, x, width }) => [pill.id, { row: 0, x, width }])),
    shapesAt: (y) =>
      pills.flatMap(({ pill: { name, note, world }, x, width }): readonly Shape[] => [
        { kind: 'box', rect: { x, y, width, height: outsideHeight }, look: world ? 'world' : 'outside', title: name },
        { kind: 'glyph', at: { x: x + 10, y: y + 12 }, glyph: 'globe' },
        { kind: 'text', at: { x: x + 36, y: y + 18 }, text: fitted(name, width - 46, font), font, ink: world ? 'warn' : 'ink' },
        { kind: 'text', at: { x: x + 36, y: y + 33 }, text: fitted(note, width - 46, noteFont), font: noteFont, ink: 'muted' },
      ]),
  }
}

function howMany(outsiders: readonly Outsider[], room: number): number {
  const widths = outsiders.map((one) => widthOfPill(pillOf(one)) + gap)
  const total = (some: readonly number[]): number => some.reduce((sum, width) => sum + width, 0)
  if (total(widths) - gap <= room) return outsiders.length
  let count = outsiders.length
  while (count > 0 && total(widths.slice(0, count)) + widest > room) count -= 1
  return count
}

const together = (rest: readonly Outsider[]): Outsider => ({
  id: rest[0]?.id ?? '',
  cidrs: rest.flatMap(({ cidrs }) => cidrs),
  world: rest.some(({ world }) => world),
})

function pillOf({ id, cidrs, world }: Outsider): Pill {
  if (world) return { id, name: 'anyone', note: cidrs.join(', '), world }
  const [first = '', second] = cidrs
  const note = second === undefined ? 'allowed network' : cidrs.length === 2 ? `and ${second}` : `and ${cidrs.length - 1} more networks`
  return { id, name: first, note, world }
}

const widthOfPill = ({ name, note }: Pill): number =>
  Math.min(widest, Math.ceil(Math.max(widthOf(name, font), widthOf(note, noteFont)) + 48))
