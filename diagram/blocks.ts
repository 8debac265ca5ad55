/** What stands in a panel: one block for each host, as large as what is said of it. */
import type { Place } from './model.ts'
import type { Glyph, Ink, Point, Shape } from './scene.ts'
import { type Font, fitted, lined, widthOf } from './text.ts'

export interface Block {
  readonly id: string
  readonly width: number
  readonly height: number
  readonly shapesAt: (at: Point) => readonly Shape[]
}

export const nameFont: Font = { size: 14, bold: true }
export const noteFont: Font = { size: 12 }
const pad = 12
const lineHeight = 17

interface Line {
  readonly text: string
  readonly ink: Ink
}

/** A host, or an endpoint: a glyph, a name, and a few lines; more than one of it shows as a stack. */
export function placeBlock(place: Place, widest: number): Block {
  const width = Math.min(widest, place.kind === 'endpoints' ? 236 : place.kind === 'gateway-endpoint' ? 150 : 172)
  const inner = width - 2 * pad
  const count = place.count > 1 ? ` × ${place.count}` : ''
  const name = fitted(place.name, inner - 24 - widthOf(count, nameFont), nameFont) + count
  const lines: readonly Line[] = [
    ...(place.kind === 'endpoints'
      ? lined(place.notes, ' · ', inner, noteFont, 5)
      : place.notes.map((note) => fitted(note, inner, noteFont))
    ).map((text) => ({ text, ink: 'muted' as const })),
    ...(place.alsoOpen.length === 0 ? [] : lined(['no way, but open:', ...place.alsoOpen], ' ', inner, noteFont, 4)).map((text) => ({
      text,
      ink: 'warn' as const,
    })),
  ]
  const height = 2 * pad + 16 + lines.length * lineHeight
  const glyph: Glyph = place.kind
  return {
    id: place.id,
    width,
    height,
    shapesAt: ({ x, y }) => [
      ...(place.many || place.count > 1 ? [stack(x, y, width, height)] : []),
      { kind: 'box', rect: { x, y, width, height }, look: 'host', title: place.name },
      { kind: 'glyph', at: { x: x + pad, y: y + pad }, glyph },
      { kind: 'text', at: { x: x + pad + 24, y: y + pad + 13 }, text: name, font: nameFont, ink: 'ink' },
      ...lines.map(
        ({ text, ink }, place): Shape => ({
          kind: 'text',
          at: { x: x + pad, y: y + pad + 13 + 19 + place * lineHeight },
          text,
          font: noteFont,
          ink,
        }),
      ),
    ],
  }
}

/** The edge of a second one behind. */
function stack(x: number, y: number, width: number, height: number): Shape {
  const [right, bottom] = [x + width + 4, y + height + 4]
  return {
    kind: 'stack',
    points: [
      { x: x + 8, y: bottom },
      { x: right, y: bottom },
      { x: right, y: y + 8 },
    ],
  }
}
