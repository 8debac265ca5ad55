/** What is wrong with where things stand in a scene: overlaps, lines through words and hosts, things outside of the page. */
import type { Point, Rect, Scene, Shape } from '../../diagram/scene.ts'
import { widthOf } from '../../diagram/text.ts'

interface Named {
  readonly name: string
  readonly rect: Rect
}

type Box = Extract<Shape, { kind: 'box' }>
type Text = Extract<Shape, { kind: 'text' }>
type Line = Extract<Shape, { kind: 'line' }>

/** One line for each thing that is wrong. */
export function wrongIn(scene: Scene): readonly string[] {
  const boxes = scene.shapes.filter((shape): shape is Box => shape.kind === 'box')
  const texts = scene.shapes.filter((shape): shape is Text => shape.kind === 'text')
  const lines = scene.shapes.filter((shape): shape is Line => shape.kind === 'line')
  const boxed = boxes.map(({ rect, look, title }): Named => ({ rect, name: `${look} ${title ?? ''}` }))
  const worded = texts.map((text): Named => ({ rect: rectOf(text), name: `'${text.text}'` }))
  const page = { x: 0, y: 0, width: scene.width, height: scene.height }
  // Lines pass behind gateways and labels; what they may not touch is words, and hosts inside.
  const solid = boxes.filter(({ look }) => look === 'host' || look === 'outside' || look === 'world')
  const labels = boxes.filter(({ look }) => look === 'pill')
  const covered = boxes.filter(({ look }) => look === 'gate' || look === 'pill')
  const open = worded.filter(({ rect }) => !covered.some((box) => isIn(rect, box.rect)))
  return [
    ...pairs(boxed).flatMap(([a, b]) =>
      isApart(a.rect, b.rect) || isIn(a.rect, b.rect) || isIn(b.rect, a.rect) ? [] : `${a.name} overlaps ${b.name}`,
    ),
    ...pairs(worded).flatMap(([a, b]) => (isApart(a.rect, b.rect) ? [] : `${a.name} overlaps ${b.name}`)),
    ...worded.flatMap((text) =>
      boxed.flatMap((box) =>
        isApart(text.rect, box.rect) || isIn(text.rect, box.rect) ? [] : `${text.name} crosses the edge of ${box.name}`,
      ),
    ),
    ...[...boxed, ...worded].flatMap(({ name, rect }) => (isIn(rect, page) ? [] : `${name} is not on the page`)),
    ...lines.flatMap((line) =>
      stretches(line)
        .filter((stretch) => !isIn(stretch, page))
        .map(() => `a ${line.look} line leaves the page`),
    ),
    ...lines.flatMap((line) =>
      stretches(line).flatMap((stretch) => [
        ...open.flatMap(({ name, rect }) => (isApart(stretch, rect) ? [] : `a ${line.look} line goes through ${name}`)),
        ...labels.flatMap(({ rect }) =>
          isApart(stretch, rect) || isThrough(stretch, rect) ? [] : `a ${line.look} line goes behind a label`,
        ),
        ...solid.flatMap(({ rect, title }) => (isApart(stretch, shrunk(rect)) ? [] : `a ${line.look} line goes through ${title}`)),
      ]),
    ),
    ...texts.flatMap(({ text, font }) => (font.size < 11 ? `'${text}' is ${font.size} px` : [])),
  ]
}

function rectOf({ at, text, font, middle }: Text): Rect {
  const width = widthOf(text, font)
  return { x: middle === true ? at.x - width / 2 : at.x, y: at.y - font.size * 0.76, width, height: font.size }
}

function stretches({ points }: Line): readonly Rect[] {
  return points.slice(1).map((to, place) => between(points[place] ?? to, to))
}

const between = (a: Point, b: Point): Rect => ({
  x: Math.min(a.x, b.x),
  y: Math.min(a.y, b.y),
  width: Math.abs(a.x - b.x),
  height: Math.abs(a.y - b.y),
})

const isApart = (a: Rect, b: Rect): boolean => a.x + a.width < b.x || b.x + b.width < a.x || a.y + a.height < b.y || b.y + b.height < a.y
const isIn = (a: Rect, b: Rect): boolean => a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width && a.y + a.height <= b.y + b.height
/** Straight through the middle, as the line goes that a label is of. */
const isThrough = (line: Rect, label: Rect): boolean => line.width === 0 && Math.abs(line.x - label.x - label.width / 2) < 1
const shrunk = ({ x, y, width, height }: Rect): Rect => ({ x: x + 1, y: y + 1, width: width - 2, height: height - 2 })
const pairs = <Item>(items: readonly Item[]): readonly (readonly [Item, Item])[] =>
  items.flatMap((a, place) => items.slice(place + 1).map((b) => [a, b] as const))
