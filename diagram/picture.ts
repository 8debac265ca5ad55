/** The whole picture: one frame a network, the services beside the first, and what stands around. */
import { columnOf, gridOf, servedBy } from './cards.ts'
import type { Environment, Network } from './model.ts'
import { networkPicture, roomAbove } from './network-picture.ts'
import type { Point, Scene, Shape } from './scene.ts'
import { footerOf, inWords, legendOf, titleOf } from './surroundings.ts'
import { type Font, fitted } from './text.ts'

const width = 1200
const margin = 24
const pad = 16
const frameTop = 34
const room = width - 2 * (margin + pad)
const servicesWidth = 300
const between = 44
const mostWays = 3
const frameFont: Font = { size: 12.5 }

/** A network or the services with the frame around, and how many flows there was no room for. */
interface Framed {
  readonly shapes: readonly Shape[]
  readonly bottom: number
  readonly without: number
}

/** Lays out everything. The same environment always gives the same scene. */
export function pictureOf(environment: Environment): Scene {
  const title = titleOf(environment, { x: margin + 4, y: margin }, 270)
  const [first, ...others] = environment.networks
  const frames = [first === undefined ? servicesAlone(environment, title.bottom) : firstNetwork(environment, first, title.bottom)]
  for (const network of others) frames.push(furtherNetwork(environment, network, frames.at(-1)?.bottom ?? title.bottom))

  const drawn = [...title.shapes, ...frames.flatMap(({ shapes }) => shapes)]
  const looks = new Set(drawn.flatMap((shape) => (shape.kind === 'line' ? shape.look : [])))
  const legend = legendOf(looks, { x: margin + 4, y: (frames.at(-1)?.bottom ?? 0) + 30 })
  const without = frames.reduce((sum, frame) => sum + frame.without, 0)
  const footer = footerOf(environment, without, { x: margin + 4, y: legend.bottom }, width - 2 * (margin + 4))
  const height = Math.ceil(footer.bottom + 6)
  return {
    width,
    height,
    title: `${environment.title}: networks, hosts and who may talk to whom`,
    told: inWords(environment),
    shapes: [{ kind: 'box', rect: { x: 0, y: 0, width, height }, look: 'page' }, ...drawn, ...legend.shapes, ...footer.shapes],
  }
}

function servicesAlone(environment: Environment, y: number): Framed {
  const grid = gridOf(environment.services, environment.calls, { x: margin + pad, y: y + frameTop }, room, 4)
  return framed(environment, undefined, y, grid.height, grid.shapes, 0)
}

/** The row of outsiders stands beside the title. */
function firstNetwork(environment: Environment, network: Network, y: number): Framed {
  const { services, calls } = environment
  const networkWidth = services.length === 0 ? room : room - servicesWidth - between
  const top = Math.max(y, margin + roomAbove(network) - frameTop)
  const at = { x: margin + pad, y: top + frameTop }
  const made = networkPicture(network, at, networkWidth, servedBy(services))
  const column = columnOf(services, calls, { x: at.x + networkWidth + between, y: at.y }, servicesWidth)
  const ways = made.exits.slice(0, mostWays).flatMap(({ service, points }, place): readonly Shape[] => {
    const entry = column.entries.get(service)
    const x = at.x + networkWidth + 14 + place * 9
    return entry === undefined ? [] : [{ kind: 'line', points: onwards(points, x, entry), look: 'endpoint', end: 'head' }]
  })
  const shapes = [...made.shapes, ...column.shapes, ...ways]
  return framed(environment, network, top, Math.max(made.height, column.height), shapes, made.without)
}

const onwards = (points: readonly Point[], x: number, to: Point): readonly Point[] => [
  ...points,
  { x, y: points.at(-1)?.y ?? to.y },
  { x, y: to.y },
  to,
]

function furtherNetwork(environment: Environment, network: Network, y: number): Framed {
  const top = y + Math.max(20, roomAbove(network) - frameTop + 20)
  const made = networkPicture(network, { x: margin + pad, y: top + frameTop }, room, new Set())
  return framed(environment, network, top, made.height, made.shapes, made.without)
}

function framed(
  { account, region }: Environment,
  network: Network | undefined,
  y: number,
  height: number,
  shapes: readonly Shape[],
  without: number,
): Framed {
  const words = [account === undefined ? 'AWS account' : `AWS account ${account}`, network?.region ?? region]
  const text = fitted(words.filter((word) => word !== undefined).join(' · '), 284, frameFont)
  const all = frameTop + height + pad
  return {
    shapes: [
      { kind: 'box', rect: { x: margin, y, width: width - 2 * margin, height: all }, look: 'frame' },
      { kind: 'text', at: { x: margin + pad, y: y + 23 }, text, font: frameFont, ink: 'muted' },
      ...shapes,
    ],
    bottom: y + all,
    without,
  }
}
