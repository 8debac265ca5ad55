/** Text of a policy that may have wildcards and variables, and how it is held against text of a request. */
import type { Context } from './context.ts'
import { keyOf } from './keys.ts'

type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'one' }
  | { readonly kind: 'variable'; readonly key: string; readonly otherwise: string | undefined }

export type Pattern = readonly Piece[]

/** `unresolved`: a variable has no value in this request and no default. */
export type Match = 'yes' | 'no' | 'unresolved'

/** Thrown where AWS does not say what happens: such a policy is to be written otherwise. */
export class Unclear extends Error {
  override readonly name = 'Unclear'
}

const variable = /^([A-Za-z0-9-]+:[^,'{}\s]+)(?:, ?'([^']*)')?$/

/** Reads text of a policy; `wildcards` says whether * and ? stand for others here. */
export function parsePattern(source: string, { wildcards }: { readonly wildcards: boolean }): Pattern {
  return [...source.matchAll(/\$\{([^}]*)\}|\$\{|[*?]|[^$*?]+|\$/g)].map(([all, inner]): Piece => {
    if (inner !== undefined) return variableOf(inner, source)
    if (all === '${') throw new Error(`${source}: a variable without its closing brace`)
    if (wildcards && all === '*') return { kind: 'any' }
    if (wildcards && all === '?') return { kind: 'one' }
    return { kind: 'text', text: all }
  })
}

function variableOf(inner: string, source: string): Piece {
  if (inner === '*' || inner === '?' || inner === '$') return { kind: 'text', text: inner }
  const [, key, otherwise] = variable.exec(inner) ?? []
  if (key === undefined) throw new Error(`${source}: expected a variable such as \${aws:PrincipalTag/team, 'none'}, got \${${inner}}`)
  if (keyOf(key).many) throw new Error(`${source}: ${key} may have several values and can not be a variable`)
  return { kind: 'variable', key, otherwise }
}

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

/** Patterns without variables are the same for every request. */
const compiled = new WeakMap<Pattern, RegExp>()

/** Whether the whole text fits the pattern; upper and lower case differ. */
export function matches(pattern: Pattern, text: string, context: Context): Match {
  const known = compiled.get(pattern)
  if (known !== undefined) return known.test(text) ? 'yes' : 'no'
  let source = ''
  for (const piece of pattern) {
    const part = piece.kind === 'variable' ? substituteOf(piece, context, pattern) : piece.kind === 'text' ? piece.text : undefined
    if (piece.kind === 'variable' && part === undefined) return 'unresolved'
    source += part === undefined ? (piece.kind === 'any' ? '.*' : '.') : literal(part)
  }
  const expression = new RegExp(`^${source}$`, 'su')
  if (!pattern.some(({ kind }) => kind === 'variable')) compiled.set(pattern, expression)
  return expression.test(text) ? 'yes' : 'no'
}

function substituteOf(piece: Piece & { kind: 'variable' }, context: Context, pattern: Pattern): string | undefined {
  const value = context.get(piece.key)?.[0] ?? piece.otherwise
  const wild = pattern.some(({ kind }) => kind === 'any' || kind === 'one')
  if (value !== undefined && wild && /[*?]/.test(value))
    throw new Unclear(`\${${piece.key}} is ${value}: AWS does not say whether its wildcards count beside the pattern's own`)
  return value
}

const PARTS = 6

/** A pattern over ARNs: six parts, each held against its own, so that a wildcard does not run over a colon. */
export interface ArnPattern {
  readonly source: string
  readonly whole: Pattern
  readonly parts: readonly Pattern[]
}

/** Reads an ARN of a policy. Wildcards in the service and variables before the last part are refused, as IAM refuses them. */
export function parseArn(source: string): ArnPattern {
  const whole = parsePattern(source, { wildcards: true })
  const parts: Piece[][] = [[]]
  for (const piece of whole) {
    if (piece.kind !== 'text') {
      parts.at(-1)?.push(piece)
      continue
    }
    const [first = '', ...more] = splitAt(piece.text, PARTS - parts.length)
    if (first !== '') parts.at(-1)?.push({ kind: 'text', text: first })
    for (const text of more) parts.push(text === '' ? [] : [{ kind: 'text', text }])
  }
  const [arn, , service] = parts
  if (parts.length !== PARTS || arn?.length !== 1 || arn[0]?.kind !== 'text' || arn[0].text !== 'arn')
    throw new Error(`${source}: expected an ARN of six parts`)
  if (service?.some(({ kind }) => kind !== 'text')) throw new Error(`${source}: the service of an ARN can not be a wildcard`)
  if (parts.slice(0, -1).some((part) => part.some(({ kind }) => kind === 'variable')))
    throw new Error(`${source}: a variable may stand in the last part of an ARN only`)
  return { source, whole, parts }
}

/** Splits at the first `most` colons, no further. */
function splitAt(text: string, most: number): readonly string[] {
  const all = text.split(':')
  return all.length <= most + 1 ? all : [...all.slice(0, most), all.slice(most).join(':')]
}

/** Whether an ARN fits. What is no ARN fits none. */
export function matchesArn({ source, whole, parts }: ArnPattern, arn: string, context: Context): Match {
  const given = splitAt(arn, PARTS - 1)
  if (given.length !== PARTS) return 'no'
  const each = parts.map((part, at) => matches(part, given[at] ?? '', context))
  const match = each.includes('no') ? 'no' : each.includes('unresolved') ? 'unresolved' : 'yes'
  if (match === 'no' && matches(whole, arn, context) === 'yes')
    throw new Unclear(`${source} fits ${arn} only if a wildcard runs over a colon, which AWS leaves open`)
  return match
}
