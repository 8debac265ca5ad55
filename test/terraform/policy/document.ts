/** Policy documents, read strictly: what this evaluator would not hold against a request, it does not read. */
import { type Condition, parseCondition } from './conditions.ts'
import { type Named, parseNamed } from './principal.ts'
import { type ArnPattern, type Pattern, parseArn, parsePattern } from './text.ts'

/**
 * Where a policy is attached. `identity`: to a role. `resource`: to a bucket, queue, topic. `key`, `trust`: to a KMS key, a role, where
 * identity policies count only if the policy says so. `endpoint`: to a VPC endpoint.
 */
export type Kind = 'identity' | 'resource' | 'key' | 'trust' | 'endpoint'

/** What an element lists, or what it leaves out. */
interface Listed<T> {
  readonly not: boolean
  readonly list: readonly T[]
}

export interface Statement {
  readonly sid: string
  readonly effect: 'Allow' | 'Deny'
  readonly principals: Listed<Named> | undefined
  readonly actions: Listed<Pattern>
  /** A trust policy has none: it is about its own role. */
  readonly resources: Listed<ArnPattern | '*'> | undefined
  readonly conditions: readonly Condition[]
}

export interface Policy {
  readonly name: string
  readonly kind: Kind
  /** As it was read, for other readers. */
  readonly document: unknown
  readonly statements: readonly Statement[]
}

const elements = ['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition']
type Json = Readonly<Record<string, unknown>>

/** Reads a policy, from its JSON text or parsed. */
export function parsePolicy(name: string, kind: Kind, source: unknown): Policy {
  const document: unknown = typeof source === 'string' ? JSON.parse(source) : source
  try {
    const policy = recordOf(document, 'a policy', ['Version', 'Id', 'Statement'])
    if (policy['Version'] !== '2012-10-17') throw new Error(`Version: expected 2012-10-17, got ${String(policy['Version'])}`)
    const statements = [policy['Statement']].flat().map((statement, at) => statementOf(statement, at + 1, kind))
    const twice = statements.find(({ sid }, at) => statements.findIndex((other) => other.sid === sid) !== at)
    if (twice !== undefined) throw new Error(`Sid ${twice.sid}: stands twice`)
    return { name, kind, document, statements }
  } catch (error) {
    throw new Error(`policy ${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function statementOf(source: unknown, at: number, kind: Kind): Statement {
  const json = recordOf(source, `statement ${at}`, elements)
  const sid = json['Sid'] === undefined ? `statement ${at}` : textOf(json['Sid'], 'Sid')
  const effect = json['Effect']
  if (effect !== 'Allow' && effect !== 'Deny') throw new Error(`${sid}: Effect: expected Allow or Deny, got ${String(effect)}`)
  const principals = listed(json, 'Principal', sid, namedOf)
  const resources = listed(json, 'Resource', sid, (list) => texts(list, 'Resource').map((text) => (text === '*' ? text : parseArn(text))))
  const actions = listed(json, 'Action', sid, (list) => texts(list, 'Action').map(actionOf))
  if (actions === undefined) throw new Error(`${sid}: no Action`)
  if ((principals === undefined) !== (kind === 'identity'))
    throw new Error(`${sid}: Principal: expected ${kind === 'identity' ? 'none' : 'one'} in a policy of kind ${kind}`)
  if ((resources === undefined) !== (kind === 'trust'))
    throw new Error(`${sid}: Resource: expected ${kind === 'trust' ? 'none' : 'one'} in a policy of kind ${kind}`)
  if (kind === 'endpoint' && (principals?.not === true || principals?.list.some((one) => one.kind !== 'everybody')))
    throw new Error(`${sid}: Principal: expected * in the policy of an endpoint, and conditions on who`)
  if (principals?.not === true && (effect === 'Allow' || kind === 'trust'))
    throw new Error(`${sid}: NotPrincipal goes with Deny, and not in a trust policy`)
  return { sid, effect, principals, actions, resources, conditions: conditionsOf(json['Condition']) }
}

function listed<T>(json: Json, name: string, sid: string, read: (source: unknown) => readonly T[]): Listed<T> | undefined {
  const [is, not] = [json[name], json[`Not${name}`]]
  if (is !== undefined && not !== undefined) throw new Error(`${sid}: ${name} and Not${name} exclude each other`)
  if (is === undefined && not === undefined) return undefined
  const list = read(is ?? not)
  if (list.length === 0) throw new Error(`${sid}: ${name}: an empty list`)
  return { not: is === undefined, list }
}

function namedOf(source: unknown): readonly Named[] {
  if (source === '*') return [{ kind: 'everybody' }]
  return Object.entries(recordOf(source, 'Principal', ['AWS', 'Service'])).flatMap(([kind, names]) =>
    texts(names, 'Principal').map((name) => parseNamed(kind, name)),
  )
}

function actionOf(text: string): Pattern {
  if (!/^(\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$/.test(text))
    throw new Error(`Action ${text}: expected an action such as s3:GetObject, of one service`)
  return parsePattern(text.toLowerCase(), { wildcards: true })
}

function conditionsOf(source: unknown): readonly Condition[] {
  if (source === undefined) return []
  return Object.entries(recordOf(source, 'Condition')).flatMap(([operator, keys]) =>
    Object.entries(recordOf(keys, operator)).map(([key, values]) =>
      parseCondition(operator, key, texts(typeof values === 'boolean' || typeof values === 'number' ? String(values) : values, key)),
    ),
  )
}

function recordOf(source: unknown, what: string, known?: readonly string[]): Json {
  if (typeof source !== 'object' || source === null || Array.isArray(source)) throw new Error(`${what}: expected an object`)
  const stranger = Object.keys(source).find((name) => known?.includes(name) === false)
  if (stranger !== undefined) throw new Error(`${what}: unknown element ${stranger}`)
  return source as Json
}

const texts = (source: unknown, what: string): readonly string[] => [source].flat().map((text) => textOf(text, what))

function textOf(source: unknown, what: string): string {
  if (typeof source !== 'string' || source === '') throw new Error(`${what}: expected text, got ${JSON.stringify(source)}`)
  return source
}
