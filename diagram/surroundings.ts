/** What stands around the frames: the title, the legend, and in words what no shape shows. */
import { noteFont } from './blocks.ts'
import type { Environment } from './model.ts'
import type { LineLook, Point, Shape } from './scene.ts'
import { type Font, fitted, lined, widthOf } from './text.ts'

export interface Part {
  readonly shapes: readonly Shape[]
  readonly bottom: number
}

const titleFont: Font = { size: 26, bold: true }
const subtitleFont: Font = { size: 12.5 }
const lineHeight = 17

/** The environment's name, in the room that the row of outsiders leaves. */
export function titleOf({ title, from }: Environment, { x, y }: Point, width: number): Part {
  return {
    shapes: [
      { kind: 'text', at: { x, y: y + 26 }, text: fitted(title, width, titleFont), font: titleFont, ink: 'ink' },
      { kind: 'text', at: { x, y: y + 48 }, text: from === 'plan' ? 'as planned' : 'as it stands', font: subtitleFont, ink: 'muted' },
    ],
    bottom: y + 64,
  }
}

const meanings: readonly (readonly [look: LineLook, words: string])[] = [
  ['connection', 'may open a connection, on these ports'],
  ['world', 'open to the world'],
  ['endpoint', 'to AWS by an endpoint'],
  ['route', 'route'],
  ['call', 'event or write'],
]

/** What the lines mean that are there. */
export function legendOf(looks: ReadonlySet<LineLook>, { x, y }: Point): Part {
  let at = x
  const shapes = meanings.flatMap(([look, text]): readonly Shape[] => {
    if (!looks.has(look)) return []
    const from = { x: at, y: y - 4 }
    at += 42 + widthOf(text, noteFont) + 26
    return [
      { kind: 'line', points: [from, { x: from.x + 32, y: from.y }], look, end: 'head' },
      { kind: 'text', at: { x: from.x + 42, y }, text, font: noteFont, ink: 'muted' },
    ]
  })
  return { shapes, bottom: looks.size === 0 ? y : y + 26 }
}

/** Open doors without a host, and all that is not drawn. */
export function footerOf(environment: Environment, without: number, { x, y }: Point, width: number): Part {
  const { networks, notDrawn, rulesUnplaced, rulesByKey } = environment
  const open = networks.flatMap(({ openGroups }) => openGroups)
  const kinds = notDrawn.map(([type, count]) => (count === 1 ? type : `${type} × ${count}`))
  const resources = notDrawn.reduce((sum, [, count]) => sum + count, 0)
  const warnings = open.length === 0 ? [] : lined(['Open groups without a host:', ...open], ' ', width, noteFont, 3)
  const notes = [
    ...(without === 0 ? [] : [`${count(without, 'more connection is', 'more connections are')} allowed than there is room to draw.`]),
    ...(rulesByKey === 0
      ? []
      : [
          `${count(rulesByKey, 'security group rule is', 'security group rules are')} placed by what their keys say: ids are known after the apply.`,
        ]),
    ...(rulesUnplaced === 0
      ? []
      : [
          `${count(rulesUnplaced, 'security group rule names', 'security group rules name')} what is not known before the apply, or not in here.`,
        ]),
    ...(kinds.length === 0 ? [] : [`Not drawn: ${count(resources, 'resource', 'resources')}`, ...lined(kinds, ' · ', width, noteFont, 4)]),
  ]
  const lines = [...warnings.map((text) => ({ text, ink: 'warn' as const })), ...notes.map((text) => ({ text, ink: 'muted' as const }))]
  return {
    shapes: lines.map(({ text, ink }, line) => ({ kind: 'text', at: { x, y: y + line * lineHeight }, text, font: noteFont, ink })),
    bottom: y + lines.length * lineHeight,
  }
}

const count = (number: number, one: string, many: string): string => `${number} ${number === 1 ? one : many}`

const mostTold = 200

/** The arrows in words, for who does not see them. */
export function inWords({ networks, services, calls }: Environment): string {
  const named = new Map<string, string>(services.map(({ id, name }) => [id, name]))
  for (const { places, outsiders } of networks) {
    for (const { id, name } of places) named.set(id, name)
    for (const { id, cidrs, world } of outsiders) named.set(id, world ? `anyone (${cidrs.join(', ')})` : cidrs.join(', '))
  }
  const arrow = (from: string, to: string): string => `${named.get(from) ?? from} → ${named.get(to) ?? to}`
  const flows = networks.flatMap((network) => network.flows)
  const arrows = [
    ...flows.map(({ from, to, ports, kind }) => `${arrow(from, to)}${kind === 'route' ? ' (route)' : ` : ${ports}`}`),
    ...calls.map(({ from, to }) => arrow(from, to)),
  ]
  return [...arrows.slice(0, mostTold), ...(arrows.length > mostTold ? [`and ${arrows.length - mostTold} more`] : [])].join('; ')
}
