/** The services beside the networks: a card for each kind, a row for each service, and who calls whom. */
import { nameFont, noteFont } from './blocks.ts'
import type { Call, Service, ServiceKind } from './model.ts'
import type { Point, Shape } from './scene.ts'
import { type Font, fitted } from './text.ts'
import { lanesOf } from './tracks.ts'

const words: Readonly<Record<ServiceKind, string>> = {
  bucket: 'S3 buckets',
  function: 'Lambda functions',
  table: 'DynamoDB tables',
  queue: 'SQS queues',
  topic: 'SNS topics',
  key: 'KMS keys',
}

/** By which gateway endpoint a kind of service is reached. */
const doors: Readonly<Record<string, ServiceKind>> = { s3: 'bucket', dynamodb: 'table' }

const pad = 12
const gap = 14
const headingHeight = 38
const rowFont: Font = { size: 13 }
const laneGap = 9
const rowGap = 6

interface Card {
  readonly kind: ServiceKind
  readonly items: readonly Service[]
  readonly height: number
}

const heightOf = ({ note }: Service): number => (note === undefined ? 28 : 44)

const cardsOf = (services: readonly Service[]): readonly Card[] =>
  [...Map.groupBy(services, ({ kind }) => kind)].map(([kind, items]) => ({
    kind,
    items,
    height: headingHeight + items.reduce((sum, item) => sum + heightOf(item) + rowGap, 0) + pad - rowGap,
  }))

export interface Cards {
  readonly shapes: readonly Shape[]
  readonly height: number
  /** Where the way from a gateway endpoint arrives, by the service it leads to. */
  readonly entries: ReadonlyMap<string, Point>
}

/** Services to which a gateway endpoint can lead on. */
export const servedBy = (services: readonly Service[]): ReadonlySet<string> =>
  new Set(Object.entries(doors).flatMap(([door, kind]) => (services.some((one) => one.kind === kind) ? door : [])))

/** One card below the other, with the calls between them as lines at their right. */
export function columnOf(services: readonly Service[], calls: readonly Call[], at: Point, width: number): Cards {
  const rows = new Map<string, number>()
  const entries = new Map<string, Point>()
  const shapes: Shape[] = []
  let lanes = 0
  // The lines need room beside the cards: how much, the cards' heights say, which do not depend on their widths.
  const tops: number[] = []
  let y = at.y
  const cards = cardsOf(services)
  for (const { kind, items, height } of cards) {
    tops.push(y)
    let row = y + headingHeight
    for (const item of items) {
      rows.set(item.id, row + heightOf(item) / 2)
      row += heightOf(item) + rowGap
    }
    for (const [door, served] of Object.entries(doors)) if (served === kind) entries.set(door, { x: at.x, y: y + headingHeight / 2 })
    y += height + gap
  }
  const ends = callEnds(calls, rows)
  const places = lanesOf(ends.map(({ from, to }) => ({ top: Math.min(from, to) - 3, bottom: Math.max(from, to) + 3 })))
  lanes = Math.max(0, ...places.map((lane) => lane + 1))
  const cardWidth = width - (lanes === 0 ? 0 : 12 + lanes * laneGap)
  for (const [place, card] of cards.entries()) shapes.push(...cardShapes(card, { x: at.x, y: tops[place] ?? at.y }, cardWidth))
  const right = at.x + cardWidth
  for (const [place, { from, to }] of ends.entries()) {
    const x = right + 14 + (places[place] ?? 0) * laneGap
    const inner = right - pad
    shapes.push({
      kind: 'line',
      points: [
        { x: inner, y: from },
        { x, y: from },
        { x, y: to },
        { x: inner, y: to },
      ],
      look: 'call',
      end: 'head',
    })
  }
  return { shapes, height: Math.max(0, y - gap - at.y), entries }
}

/** The heights at which each call leaves and arrives; several at one row stand apart. */
function callEnds(calls: readonly Call[], rows: ReadonlyMap<string, number>): readonly { readonly from: number; readonly to: number }[] {
  const used = new Map<string, number>()
  const total = new Map<string, number>()
  for (const { from, to } of calls) for (const id of [from, to]) total.set(id, (total.get(id) ?? 0) + 1)
  const at = (id: string): number => {
    const place = used.get(id) ?? 0
    used.set(id, place + 1)
    const count = total.get(id) ?? 1
    const step = Math.min(7, 22 / count)
    return (rows.get(id) ?? 0) + (place - (count - 1) / 2) * step
  }
  return calls.map(({ from, to }) => ({ from: at(from), to: at(to) }))
}

/** Cards side by side in columns, the next always in the shortest. Who calls whom is said in words. */
export function gridOf(services: readonly Service[], calls: readonly Call[], at: Point, width: number, columns: number): Cards {
  const names = new Map(services.map(({ id, name }) => [id, name]))
  const told = services.map((one) => {
    const called = calls.flatMap(({ from, to }) => (from === one.id ? (names.get(to) ?? []) : []))
    return called.length === 0
      ? one
      : { ...one, note: [...(one.note === undefined ? [] : [one.note]), `calls ${called.join(', ')}`].join(', ') }
  })
  const each = (width - (columns - 1) * gap) / columns
  const heights = Array.from({ length: columns }, () => 0)
  const shapes = cardsOf(told).flatMap((card) => {
    const column = heights.indexOf(Math.min(...heights))
    const y = at.y + (heights[column] ?? 0)
    heights[column] = (heights[column] ?? 0) + card.height + gap
    return cardShapes(card, { x: at.x + column * (each + gap), y }, each)
  })
  return { shapes, height: Math.max(0, Math.max(...heights) - gap), entries: new Map() }
}

function cardShapes({ kind, items, height }: Card, { x, y }: Point, width: number): readonly Shape[] {
  const inner = width - 2 * pad
  let top = y + headingHeight
  return [
    { kind: 'box', rect: { x, y, width, height }, look: 'card' },
    { kind: 'glyph', at: { x: x + pad, y: y + 11 }, glyph: kind },
    { kind: 'text', at: { x: x + pad + 26, y: y + 25 }, text: words[kind], font: nameFont, ink: 'ink' },
    ...items.flatMap((item): readonly Shape[] => {
      const here = top
      const tall = heightOf(item)
      top += tall + rowGap
      return [
        {
          kind: 'box',
          rect: { x: x + pad, y: here, width: inner, height: tall },
          look: item.elsewhere ? 'ghost' : 'row',
          title: item.name,
        },
        { kind: 'text', at: { x: x + pad + 10, y: here + 19 }, text: fitted(item.name, inner - 20, rowFont), font: rowFont, ink: 'ink' },
        ...(item.note === undefined ? [] : [fitted(item.note, inner - 20, noteFont)]).map(
          (text): Shape => ({ kind: 'text', at: { x: x + pad + 10, y: here + 35 }, text, font: noteFont, ink: 'muted' }),
        ),
      ]
    }),
  ]
}
