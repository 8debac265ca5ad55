/** Who asks, and whom a policy means. */
import type { Values } from './context.ts'

export type Tags = Readonly<Record<string, string>>

export type Principal =
  | { readonly kind: 'session'; readonly account: string; readonly role: string; readonly arn: string; readonly tags: Tags }
  | { readonly kind: 'user'; readonly account: string; readonly arn: string; readonly tags: Tags }
  | { readonly kind: 'root'; readonly account: string; readonly arn: string }
  | { readonly kind: 'service'; readonly name: string }
  | { readonly kind: 'anonymous' }

// A colon stands in names of AWS's own making only, such as aws:ec2-infrastructure.
const identity = /^arn:(aws[a-z-]*):iam::(\d{12}):(role|user)\/(?:[\w+=,.@-]+\/)*([\w+=,.@:-]+)$/
const session = /^arn:aws[a-z-]*:sts::\d{12}:assumed-role\/[\w+=,.@-]+\/[\w+=,.@-]{2,64}$/
const root = /^arn:aws[a-z-]*:iam::(\d{12}):root$/
const service = /^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com$/

/** Somebody who took on a role. A session's ARN leaves the role's path out, so that both are kept. */
export function sessionOf(role: string, name: string, tags: Tags = {}): Principal {
  const [, partition, account, kind, last] = identity.exec(role) ?? []
  if (account === undefined || kind !== 'role') throw new Error(`${role}: expected the ARN of a role`)
  return { kind: 'session', account, role, arn: `arn:${partition}:sts::${account}:assumed-role/${last}/${name}`, tags }
}

/** An IAM user, by ARN. */
export function userOf(arn: string, tags: Tags = {}): Principal {
  const [, , account, kind] = identity.exec(arn) ?? []
  if (account === undefined || kind !== 'user') throw new Error(`${arn}: expected the ARN of a user`)
  return { kind: 'user', account, arn, tags }
}

/** An account's root user, by ARN. */
export function rootOf(arn: string): Principal {
  const [, account] = root.exec(arn) ?? []
  if (account === undefined) throw new Error(`${arn}: expected the ARN of an account's root`)
  return { kind: 'root', account, arn }
}

/** A service of AWS that acts by itself, such as events.amazonaws.com. */
export function serviceOf(name: string): Principal {
  if (!service.test(name)) throw new Error(`${name}: expected the name of a service principal`)
  return { kind: 'service', name }
}

export const anonymous: Principal = { kind: 'anonymous' }

/** What AWS says of the asker in every request: nobody can say otherwise. */
export function saysOfItself(principal: Principal): Values {
  switch (principal.kind) {
    case 'session':
    case 'user':
    case 'root':
      return {
        'aws:PrincipalArn': principal.kind === 'session' ? principal.role : principal.arn,
        'aws:PrincipalAccount': principal.account,
        'aws:PrincipalType': principal.kind === 'session' ? 'AssumedRole' : principal.kind === 'user' ? 'User' : 'Account',
        'aws:PrincipalIsAWSService': 'false',
        ...(principal.kind === 'root'
          ? {}
          : Object.fromEntries(Object.entries(principal.tags).map(([key, value]) => [`aws:PrincipalTag/${key}`, value]))),
      }
    case 'service':
      return { 'aws:PrincipalServiceName': principal.name, 'aws:PrincipalIsAWSService': 'true' }
    case 'anonymous':
      return { 'aws:PrincipalAccount': 'anonymous', 'aws:PrincipalType': 'Anonymous' }
  }
}

/** Whom a Principal element names. */
export type Named =
  | { readonly kind: 'everybody' }
  | { readonly kind: 'account'; readonly account: string }
  | { readonly kind: 'arn'; readonly arn: string }
  | { readonly kind: 'service'; readonly name: string }

/** Reads one name of a Principal element. */
export function parseNamed(kind: string, name: string): Named {
  if (kind === 'AWS') {
    if (name === '*') return { kind: 'everybody' }
    const account = root.exec(name)?.[1] ?? (/^\d{12}$/.test(name) ? name : undefined)
    if (account !== undefined) return { kind: 'account', account }
    if (identity.test(name) || session.test(name)) return { kind: 'arn', arn: name }
  }
  if (kind === 'Service' && service.test(name)) return { kind: 'service', name }
  throw new Error(
    `principal ${kind} ${name}: expected AWS with *, an account, or the ARN of a role, user or session without wildcards; or Service with its name`,
  )
}

/** `direct`: the asker itself is meant. `account`: its account is, which may hand the right on by its own policies. */
export type Meant = 'direct' | 'account' | 'no'

/** Whether any of the names means the asker. */
export function meant(names: readonly Named[], principal: Principal): Meant {
  const each = names.map((named) => meantBy(named, principal))
  return each.includes('direct') ? 'direct' : each.includes('account') ? 'account' : 'no'
}

function meantBy(named: Named, principal: Principal): Meant {
  switch (named.kind) {
    case 'everybody':
      return 'direct'
    case 'service':
      return principal.kind === 'service' && principal.name === named.name ? 'direct' : 'no'
    case 'account':
      if (principal.kind === 'service' || principal.kind === 'anonymous' || principal.account !== named.account) return 'no'
      return principal.kind === 'root' ? 'direct' : 'account'
    case 'arn':
      return arnsOf(principal).includes(named.arn) ? 'direct' : 'no'
  }
}

const arnsOf = (principal: Principal): readonly string[] =>
  principal.kind === 'session' ? [principal.arn, principal.role] : principal.kind === 'user' ? [principal.arn] : []

/** Whether NotPrincipal spares the asker. AWS looks at account, role and session one after another: all must be named, or none. */
export function spared(names: readonly Named[], principal: Principal): boolean {
  if (names.some(({ kind }) => kind === 'everybody')) throw new Error('NotPrincipal *: means nobody')
  if (principal.kind === 'service' || principal.kind === 'anonymous') return meant(names, principal) === 'direct'
  const layers = [
    names.some((named) => named.kind === 'account' && named.account === principal.account),
    ...arnsOf(principal).map((arn) => names.some((named) => named.kind === 'arn' && named.arn === arn)),
  ]
  if (layers.some((layer) => layer !== layers[0]))
    throw new Error(
      `NotPrincipal: names only a part of account, role and session of ${principal.arn}, which AWS does not say to be enough; use a condition on aws:PrincipalArn`,
    )
  return layers[0] === true
}
