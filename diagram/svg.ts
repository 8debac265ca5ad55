/** Writes a scene down as SVG: one file, no script, nothing fetched, colours of its own for light and dark pages. */
import { glyphs } from './glyphs.ts'
import type { Look, Point, Scene, Shape } from './scene.ts'

const style = `
text { font-family: -apple-system, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif }
.page { fill: #ffffff; stroke: #d5dbe3 }
.frame { fill: #f7f8fa; stroke: #c5cdd8 }
.network { fill: #ffffff; stroke: #7f8fa6; stroke-width: 1.5 }
.zone { fill: none; stroke: #aab4c3; stroke-dasharray: 5 4 }
.public { fill: #eef6ef; stroke: #b9d5bf }
.private { fill: #edf3fb; stroke: #b7cae6 }
.isolated { fill: #f4f0f9; stroke: #cdbfe0 }
.unplaced { fill: #f8f8f8; stroke: #c9c9c9; stroke-dasharray: 5 4 }
.card { fill: #ffffff; stroke: #c5cdd8 }
.row { fill: #f4f6f9; stroke: none }
.ghost { fill: #ffffff; stroke: #aab4c3; stroke-dasharray: 4 3 }
.host { fill: #ffffff; stroke: #8a97aa }
.gate { fill: #ffffff; stroke: #7f8fa6; stroke-width: 1.5 }
.outside { fill: #ffffff; stroke: #c5cdd8 }
.world { fill: #fdf1ee; stroke: #c2410c }
.pill { fill: #ffffff; stroke: none }
.stack { fill: none; stroke: #8a97aa }
.ink { fill: #1f2733 }
.muted { fill: #556070 }
.warn { fill: #b03a08 }
.glyph { fill: none; stroke: #3d5a80; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round }
.line { fill: none; stroke-width: 1.6 }
.line-connection { stroke: #33508a } .ink-connection { fill: #33508a }
.line-endpoint { stroke: #0f766e } .ink-endpoint { fill: #0f766e }
.line-route { stroke: #6b7686; stroke-dasharray: 5 4 } .ink-route { fill: #556070 }
.line-world { stroke: #c2410c } .ink-world { fill: #b03a08 }
.line-call { stroke: #84509c }
.head-connection { fill: #33508a } .head-endpoint { fill: #0f766e } .head-route { fill: #6b7686 }
.head-world { fill: #c2410c } .head-call { fill: #84509c }`

const radii: Partial<Readonly<Record<Look, number>>> = {
  page: 12,
  frame: 12,
  network: 10,
  zone: 8,
  row: 5,
  ghost: 5,
  pill: 9,
  outside: 21,
  world: 21,
}

/** From the ground up: what holds others, lines, what stands on them, words. */
const behind: ReadonlySet<Look> = new Set(['page', 'frame', 'network', 'zone', 'public', 'private', 'isolated', 'unplaced', 'card'])
const level = (shape: Shape): number => {
  if (shape.kind === 'box') return behind.has(shape.look) ? 0 : shape.look === 'pill' ? 3 : 2
  return shape.kind === 'line' || shape.kind === 'stack' ? 1 : 4
}

/** The scene as the text of an SVG file. */
export function svgOf({ width, height, title, told, shapes }: Scene): string {
  const drawn = shapes.toSorted((a, b) => level(a) - level(b)).map(shapeOf)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title told">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="told">${escaped(told)}</desc>`,
    `<style>${style}\n</style>`,
    ...drawn,
    '</svg>',
    '',
  ].join('\n')
}

function shapeOf(shape: Shape): string {
  if (shape.kind === 'box') {
    const { x, y, width, height } = shape.rect
    const radius = radii[shape.look] ?? 7
    const inset = shape.look === 'page' ? 0.5 : 0
    const size = `x="${round(x + inset)}" y="${round(y + inset)}" width="${round(width - 2 * inset)}" height="${round(height - 2 * inset)}"`
    const box = `<rect class="${shape.look}" ${size} rx="${radius}"`
    return shape.title === undefined ? `${box}/>` : `${box}><title>${escaped(shape.title)}</title></rect>`
  }
  if (shape.kind === 'text') {
    const { at, text, font, ink, middle } = shape
    const name = ink.startsWith('line-') ? ink.replace('line-', 'ink-') : ink
    const weight = font.bold === true ? ' font-weight="bold"' : ''
    const anchor = middle === true ? ' text-anchor="middle"' : ''
    return `<text class="${name}" x="${round(at.x)}" y="${round(at.y)}" font-size="${font.size}"${weight}${anchor}>${escaped(text)}</text>`
  }
  if (shape.kind === 'glyph')
    return `<path class="glyph" transform="translate(${round(shape.at.x)} ${round(shape.at.y)})" d="${glyphs[shape.glyph]}"/>`
  if (shape.kind === 'stack') return `<path class="stack" d="${bent(shape.points, 4)}"/>`
  const { points, look, end: ending, dot } = shape
  const [start, end, before] = [points[0], points.at(-1), points.at(-2)]
  const dotted =
    dot === true && start !== undefined ? `<circle class="head-${look}" cx="${round(start.x)}" cy="${round(start.y)}" r="3.5"/>` : ''
  const joint =
    ending === 'join' && end !== undefined ? `<circle class="head-${look}" cx="${round(end.x)}" cy="${round(end.y)}" r="2.4"/>` : ''
  const head =
    ending === 'head' && end !== undefined && before !== undefined ? `<path class="head-${look}" d="${headOf(before, end)}"/>` : ''
  return `<path class="line line-${look}" d="${bent(ending === 'head' ? shortened(points) : points, 6)}"/>${dotted}${joint}${head}`
}

const round = (number: number): number => Math.round(number * 10) / 10

/** A line with rounded corners. */
function bent(points: readonly Point[], radius: number): string {
  return points
    .map((point, place) => {
      const [before, after] = [points[place - 1], points[place + 1]]
      if (before === undefined) return `M${round(point.x)} ${round(point.y)}`
      if (after === undefined) return `L${round(point.x)} ${round(point.y)}`
      const r = Math.min(radius, distance(before, point) / 2, distance(point, after) / 2)
      const [a, b] = [towards(point, before, r), towards(point, after, r)]
      return `L${round(a.x)} ${round(a.y)}Q${round(point.x)} ${round(point.y)} ${round(b.x)} ${round(b.y)}`
    })
    .join('')
}

const headLength = 8

/** Ends inside of the head, so that its point is sharp. */
function shortened(points: readonly Point[]): readonly Point[] {
  const [end, before] = [points.at(-1), points.at(-2)]
  return end === undefined || before === undefined ? points : [...points.slice(0, -1), towards(end, before, headLength - 1)]
}

function headOf(before: Point, end: Point): string {
  const base = towards(end, before, headLength)
  const [dx, dy] = [((end.y - base.y) / headLength) * 4, ((end.x - base.x) / headLength) * 4]
  return `M${round(end.x)} ${round(end.y)}L${round(base.x - dx)} ${round(base.y + dy)}L${round(base.x + dx)} ${round(base.y - dy)}Z`
}

const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y)

function towards(from: Point, to: Point, length: number): Point {
  const all = distance(from, to)
  return all === 0 ? from : { x: from.x + ((to.x - from.x) / all) * length, y: from.y + ((to.y - from.y) / all) * length }
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')
