/** The whole picture: title, one frame a network with the services beside the first, a legend, and what is not drawn. */
import { noteFont } from './blocks.ts'
import { columnOf, gridOf, servedBy } from './cards.ts'
import type { Environment, Network } from './model.ts'
import { networkPicture, roomAbove } from './network-picture.ts'
import type { LineLook, Point, Scene, Shape } from './scene.ts'
import { type Font, fitted, lined, widthOf } from './text.ts'

const width = 1200
const margin = 24
const pad = 16
const frameTop = 34
const servicesWidth = 300
const between = 44
const titleFont: Font = { size: 26, bold: true }
const subtitleFont: Font = { size: 12.5 }

/** Lays out everything. The same environment always gives the same scene. */
export function pictureOf(environment: Environment): Scene {
  const [first, ...others] = environment.networks
  const shapes: Shape[] = []
  let without = 0
  let y = margin

  shapes.push(
    { kind: 'text', at: { x: margin + 4, y: y + 26 }, text: fitted(environment.title, 270, titleFont), font: titleFont, ink: 'ink' },
    {
      kind: 'text',
      at: { x: margin + 4, y: y + 48 },
      text: environment.from === 'plan' ? 'as planned' : 'as it stands',
      font: subtitleFont,
      ink: 'muted',
    },
  )
  y += 64

  const services = environment.services.length > 0
  if (first !== undefined) {
    const room = width - 2 * (margin + pad)
    const networkWidth = services ? room - servicesWidth - between : room
    // The row of outsiders stands beside the title.
    const top = Math.max(y, margin + roomAbove(first) - frameTop)
    const at = { x: margin + pad, y: top + frameTop }
    const network = networkPicture(first, at, networkWidth, servedBy(environment.services))
    const column = columnOf(environment.services, environment.calls, { x: at.x + networkWidth + between, y: at.y }, servicesWidth)
    const ways = network.exits.flatMap(({ service, points }, place): readonly Shape[] => {
      const entry = column.entries.get(service)
      if (entry === undefined) return []
      const x = at.x + networkWidth + 14 + place * 9
      const last = points.at(-1)
      return [
        {
          kind: 'line',
          points: [...points, { x, y: last?.y ?? at.y }, { x, y: entry.y }, entry],
          look: 'endpoint',
          end: 'head',
        },
      ]
    })
    const height = frameTop + Math.max(network.height, column.height) + pad
    shapes.push(...frame(first, environment, top, height), ...network.shapes, ...column.shapes, ...ways)
    without += network.without
    y = top + height
  } else {
    const grid = gridOf(environment.services, environment.calls, { x: margin + pad, y: y + frameTop }, width - 2 * (margin + pad), 4)
    const height = frameTop + grid.height + pad
    shapes.push(...frame(undefined, environment, y, height), ...grid.shapes)
    y += height
  }
  for (const network of others) {
    const top = y + Math.max(20, roomAbove(network) - frameTop + 20)
    const made = networkPicture(network, { x: margin + pad, y: top + frameTop }, width - 2 * (margin + pad), new Set())
    const height = frameTop + made.height + pad
    shapes.push(...frame(network, environment, top, height), ...made.shapes)
    without += made.without
    y = top + height
  }

  y += 30
  const looks = new Set(shapes.flatMap((shape) => (shape.kind === 'line' ? shape.look : [])))
  shapes.push(...legend(looks, { x: margin + 4, y }))
  if (looks.size > 0) y += 26
  const footer = footerOf(environment, without)
  shapes.push(
    ...footer.map((text, line): Shape => ({ kind: 'text', at: { x: margin + 4, y: y + line * 17 }, text, font: noteFont, ink: 'muted' })),
  )
  const height = Math.round(y + Math.max(0, footer.length - 1) * 17 + 22)
  const page: Shape = { kind: 'box', rect: { x: 0, y: 0, width, height }, look: 'page' }
  return {
    width,
    height,
    title: `${environment.title}: networks, hosts and who may talk to whom`,
    told: inWords(environment),
    shapes: [page, ...shapes],
  }
}

function frame(network: Network | undefined, { account, region }: Environment, y: number, height: number): readonly Shape[] {
  const words = [account === undefined ? 'AWS account' : `AWS account ${account}`, network?.region ?? region].filter(
    (word) => word !== undefined,
  )
  const text = fitted(words.join(' · '), 284, subtitleFont)
  return [
    { kind: 'box', rect: { x: margin, y, width: width - 2 * margin, height }, look: 'frame' },
    { kind: 'text', at: { x: margin + pad, y: y + 23 }, text, font: subtitleFont, ink: 'muted' },
  ]
}

const meanings: readonly (readonly [look: LineLook, words: string])[] = [
  ['connection', 'may open a connection, on these ports'],
  ['world', 'open to the world'],
  ['endpoint', 'to AWS by an endpoint'],
  ['route', 'route'],
  ['call', 'event or write'],
]

function legend(looks: ReadonlySet<LineLook>, { x, y }: Point): readonly Shape[] {
  let at = x
  return meanings.flatMap(([look, text]): readonly Shape[] => {
    if (!looks.has(look)) return []
    const from = at
    at += 42 + widthOf(text, noteFont) + 26
    return [
      {
        kind: 'line',
        points: [
          { x: from, y: y - 4 },
          { x: from + 32, y: y - 4 },
        ],
        look,
        end: 'head',
      },
      { kind: 'text', at: { x: from + 42, y }, text, font: noteFont, ink: 'muted' },
    ]
  })
}

function footerOf({ notDrawn, unplacedRules }: Environment, without: number): readonly string[] {
  const room = width - 2 * (margin + 4)
  const kinds = notDrawn.map(([type, count]) => (count === 1 ? type : `${type} × ${count}`))
  const total = notDrawn.reduce((sum, [, count]) => sum + count, 0)
  return [
    ...(without === 0 ? [] : [`${count(without, 'more connection is', 'more connections are')} allowed than there is room to draw.`]),
    ...(unplacedRules === 0
      ? []
      : [
          `${count(unplacedRules, 'security group rule names', 'security group rules name')} what is not known before the apply, or not in here.`,
        ]),
    ...(kinds.length === 0 ? [] : [`Not drawn: ${count(total, 'resource', 'resources')}`, ...lined(kinds, ' · ', room, noteFont, 4)]),
  ]
}

const count = (number: number, one: string, many: string): string => `${number} ${number === 1 ? one : many}`

/** The arrows in words, for who does not see them. */
function inWords({ networks, services, calls }: Environment): string {
  const named = new Map<string, string>(services.map(({ id, name }) => [id, name]))
  for (const { places, outsiders, subnets } of networks) {
    for (const { id, name } of [...places, ...subnets]) named.set(id, name)
    for (const { id, cidrs, world } of outsiders) named.set(id, world ? `anyone (${cidrs.join(', ')})` : cidrs.join(', '))
  }
  const flows = networks.flatMap((network) => network.flows.map((flow) => ({ ...flow })))
  return [
    ...flows.map(
      ({ from, to, ports, kind }) => `${named.get(from) ?? from} → ${named.get(to) ?? to}${kind === 'route' ? ' (route)' : ` : ${ports}`}`,
    ),
    ...calls.map(({ from, to }) => `${named.get(from) ?? from} → ${named.get(to) ?? to}`),
  ].join('; ')
}
