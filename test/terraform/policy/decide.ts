/** The decision on one request, as AWS makes it, from the policies that concern it. */
import { Context, type Values } from './context.ts'
import type { Policy, Statement } from './document.ts'
import { type Meant, meant, type Principal, saysOfItself, spared } from './principal.ts'
import { matches, matchesArn, Unclear } from './text.ts'

/** A VPC endpoint that a request passes on its way. */
export interface Endpoint {
  readonly id: string
  readonly vpc: string
  readonly policy: Policy
}

export interface Request {
  readonly principal: Principal
  readonly action: string
  /** An ARN, or * for what is about no resource in particular. */
  readonly resource: string
  /** Whose the resource is. */
  readonly account: string
  /** What else the request says. Who asks, and which way it came, is added. */
  readonly context: Values
  readonly through?: Endpoint | undefined
}

/** The policies that concern a request: those of the asker and that of the resource. */
export interface Applying {
  readonly identity: readonly Policy[]
  readonly resource: Policy | undefined
}

export type Place = 'identity' | 'resource' | 'endpoint'

export interface Decision {
  readonly allowed: boolean
  /** The statements that decided, as `policy#Sid`: all that deny, or all that allow. Empty when nothing allowed. */
  readonly by: readonly string[]
  /** Where a statement that allows was missing. */
  readonly missing: readonly Place[]
}

interface Found {
  readonly ref: string
  readonly effect: Statement['effect']
  readonly meant: Meant
}

/** Decides. Throws on what is unknown or what AWS leaves open, never guesses. */
export function decide(request: Request, { identity, resource }: Applying): Decision {
  if (!/^[a-z0-9-]+:[A-Za-z0-9]+$/.test(request.action))
    throw new Error(`action ${request.action}: expected one action such as s3:GetObject`)
  const context = contextOf(request)
  const find = (policy: Policy): readonly Found[] =>
    policy.statements.flatMap((statement) => {
      const who = applies(statement, request, context)
      return who === 'no' ? [] : [{ ref: `${policy.name}#${statement.sid}`, effect: statement.effect, meant: who }]
    })
  const found = {
    identity: asksForItself(request) ? [] : identity.flatMap(find),
    resource: resource === undefined ? [] : find(resource),
    endpoint: request.through === undefined ? [] : find(request.through.policy),
  }
  const denies = Object.values(found).flatMap((all) => all.filter(({ effect }) => effect === 'Deny'))
  if (denies.length > 0) return { allowed: false, by: denies.map(({ ref }) => ref), missing: [] }
  const missing = missingIn(request, resource, found)
  return {
    allowed: missing.length === 0,
    by: missing.length > 0 ? [] : Object.values(found).flatMap((all) => all.map(({ ref }) => ref)),
    missing,
  }
}

/** Who one is, AWS tells everybody who signs, whatever their policies say. */
const asksForItself = ({ action }: Pick<Request, 'action'>): boolean => action.toLowerCase() === 'sts:getcalleridentity'

function missingIn(
  { principal, action, account, through }: Request,
  resource: Policy | undefined,
  found: Readonly<Record<Place, readonly Found[]>>,
): readonly Place[] {
  const missing = new Set<Place>()
  if (through !== undefined && found.endpoint.length === 0) missing.add('endpoint')
  const direct = found.resource.some((one) => one.meant === 'direct')
  if (principal.kind === 'service' || principal.kind === 'anonymous') {
    if (!direct) missing.add('resource')
    return [...missing]
  }
  if (asksForItself({ action })) return [...missing]
  // An account's root user needs no identity policy, and may not take on a role.
  const identity = principal.kind === 'root' ? action.toLowerCase() !== 'sts:assumerole' : found.identity.length > 0
  const decidesAlone = resource?.kind === 'key' || resource?.kind === 'trust'
  if (principal.account !== account) {
    if (!identity) missing.add('identity')
    if (found.resource.length === 0) missing.add('resource')
  } else if (!direct || principal.kind === 'root') {
    if (!identity) missing.add('identity')
    if (decidesAlone && found.resource.length === 0) missing.add('resource')
  }
  return [...missing]
}

/** All that a request says: what is in it, who asks, and which way it came. */
export function contextOf({ principal, context, resource, account, through }: Request): Context {
  return new Context(
    saysOfItself(principal),
    context,
    resource === '*' ? {} : { 'aws:ResourceAccount': account },
    through === undefined ? {} : { 'aws:SourceVpce': through.id, 'aws:SourceVpc': through.vpc },
  )
}

function applies(statement: Statement, request: Request, context: Context): Meant {
  const { principals, actions, resources, conditions } = statement
  if (listHas(actions.list, (pattern) => matches(pattern, request.action.toLowerCase(), context)) === actions.not) return 'no'
  const who =
    principals === undefined
      ? 'direct'
      : principals.not
        ? spared(principals.list, request.principal)
          ? 'no'
          : 'direct'
        : meant(principals.list, request.principal)
  if (who === 'no') return 'no'
  if (resources !== undefined && !concerns(resources, request.resource, context)) return 'no'
  return conditions.every(({ holds }) => holds(context)) ? who : 'no'
}

function concerns({ list, not }: NonNullable<Statement['resources']>, resource: string, context: Context): boolean {
  const each = list.map((pattern) => (pattern === '*' ? 'yes' : matchesArn(pattern, resource, context)))
  if (each.includes('yes')) return !not
  if (not && each.includes('unresolved'))
    throw new Unclear('NotResource: a variable has no value, and AWS does not say what that leaves out: give it a default')
  return not
}

const listHas = <T>(list: readonly T[], test: (one: T) => string): boolean => list.some((one) => test(one) === 'yes')
