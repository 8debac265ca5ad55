/** What the table says of one asker and one row, what the policies say, and what becomes of it when policies change. */
import { type Applying, type Decision, decide, type Place, type Request } from './decide.ts'
import { type Policy, parsePolicy } from './document.ts'
import { type Part, type Row, requestOf, requestOfService, type ServiceRow } from './table/ask.ts'
import { barredBy, elsewhere, foreigners, isMighty, type Who } from './table/people.ts'
import { applying, type World } from './world.ts'

export interface Verdict {
  readonly allowed: boolean
  /** All statements that deny, of all parts; of what is allowed, all that allow. */
  readonly by: readonly string[]
  /** Where a grant is missing, when nothing denies. */
  readonly missing: readonly Place[]
}

/** A change to all policies of a decision. */
type Change = (request: Request, applied: Applying) => readonly [Request, Applying]

const asTheyAre: Change = (request, applied) => [request, applied]
const everywhere: readonly Place[] = ['identity', 'resource', 'endpoint']

/** Decides all that a row is made of; `change` changes the policies first. */
export function verdictOf(requests: readonly Request[], world: World, change: Change = asTheyAre): Verdict {
  const decisions = requests.map((request): Decision => decide(...change(request, applying(world, request))))
  const refused = decisions.filter(({ allowed }) => !allowed)
  const deciding = refused.length === 0 ? decisions : refused
  const by = [...new Set(deciding.flatMap((decision) => decision.by))].toSorted()
  const missing = everywhere.filter((place) => refused.some((decision) => decision.missing.includes(place)))
  return { allowed: refused.length === 0, by, missing: by.length > 0 ? [] : missing }
}

/** The requests of a row when somebody makes it. */
export const requestsOf = ({ parts }: { readonly parts: readonly Part[] }, who: Who, world: World): readonly Request[] =>
  parts.map((part) => requestOf(who, part, world))

/** What is wrong with a row for one asker; empty when the policies say what the table says. */
export function faultsOf(row: Row, who: Who, world: World): readonly string[] {
  const barred = row.parts.flatMap(({ action, by, beside }) =>
    by === undefined ? barredBy(who, beside ?? action.split(':')[0] ?? '', world) : [],
  )
  const own = Object.entries(row.denies ?? {}).flatMap(([ref, denied]) => (denied.includes(who) ? [ref] : []))
  const by = [...new Set([...own, ...barred])].toSorted()
  const allowed = by.length === 0 && row.may.includes(who)
  const expected = allowed ? 'allowed' : say({ allowed, by, missing: by.length > 0 ? [] : missingFor(row, who, world) })
  const requests = requestsOf(row, who, world)
  const came = verdictOf(requests, world)
  return say(came) === expected
    ? afterChange(requests, world, came).map((fault) => `${who}: ${fault}`)
    : [`${who}: expected ${expected}; came ${say(came)}`]
}

/** Where grants are missing: as the row says, else at each place that would have to grant it. */
function missingFor(row: Row, who: Who, world: World): readonly Place[] {
  const { missing = {}, parts } = row
  const shut =
    foreigners.includes(who) && parts.some(({ action, by }) => by === undefined && world.endpoints.has(action.split(':')[0] ?? ''))
  const said = (['identity', 'resource'] as const).filter((place) => missing[place]?.includes(who))
  const places = said.length > 0 ? said : usuallyMissing(row, who)
  return everywhere.filter(
    (place) => places.includes(place) || (place === 'endpoint' && (shut || missing.endpoint?.includes(who) === true)),
  )
}

function usuallyMissing({ parts, welcome }: Row, who: Who): readonly Place[] {
  const atHome = who.startsWith('stranger') && parts.every(({ owner }) => owner === elsewhere)
  if (isMighty(who)) return atHome || welcome === true ? [] : ['resource']
  return parts.some(({ on }) => /^(key|role) /.test(on)) && welcome !== true ? ['identity', 'resource'] : ['identity']
}

/** A denial by statements holds whatever is granted, and ends when those are gone. Any other denial ends with a grant where one is missing. */
function afterChange(requests: readonly Request[], world: World, came: Verdict): readonly string[] {
  if (came.allowed) return []
  if (came.by.length === 0)
    return verdictOf(requests, world, granting(came.missing)).allowed ? [] : [`a grant in ${came.missing.join(' and ')} does not help`]
  const still = verdictOf(requests, world, granting(everywhere))
  const gone = verdictOf(requests, world, (...before) => granting(everywhere)(...without(came.by)(...before)))
  return [
    ...(still.by.join() === came.by.join() ? [] : [`with everything granted expected ${say(came)}; came ${say(still)}`]),
    ...(gone.allowed ? [] : [`without ${came.by.join(', ')} and with everything granted ${say(gone)}`]),
  ]
}

/** What is wrong with the row of a service: all of it may be, or none of it. */
export function faultsOfService({ service, parts, may }: ServiceRow, world: World): readonly string[] {
  return parts.flatMap((part) => {
    const came = verdictOf([requestOfService(service, part, world)], world)
    return came.allowed === may ? [] : [`${part.action}: expected ${may ? 'allowed' : 'denied'}; came ${say(came)}`]
  })
}

const say = ({ allowed, by, missing }: Verdict): string =>
  allowed ? 'allowed' : by.length > 0 ? `denied by ${by.join(', ')}` : `no grant in ${missing.join(' and ')}`

/** Takes these statements out. */
export const without =
  (refs: readonly string[]): Change =>
  (request, applied) =>
    changed(request, applied, (policy) => ({
      ...policy,
      statements: policy.statements.filter(({ sid }) => !refs.includes(`${policy.name}#${sid}`)),
    }))

const document = (statement: object) => ({
  Version: '2012-10-17',
  Statement: { Sid: 'Granted', Effect: 'Allow', Action: '*', ...statement },
})
const grantTo = parsePolicy('granted', 'identity', document({ Resource: '*' }))
const grantAt = parsePolicy('granted', 'resource', document({ Resource: '*', Principal: '*' }))

/** Adds a grant of everything at these places. */
export const granting =
  (places: readonly Place[]): Change =>
  (request, { identity, resource }) => {
    const more = (policy: Policy, place: Place): Policy =>
      places.includes(place) ? { ...policy, statements: [...policy.statements, ...grantAt.statements] } : policy
    const through = request.through && { ...request.through, policy: more(request.through.policy, 'endpoint') }
    const applied = {
      identity: places.includes('identity') ? [...identity, grantTo] : identity,
      resource: resource === undefined && places.includes('resource') ? grantAt : resource && more(resource, 'resource'),
    }
    return [{ ...request, through }, applied]
  }

function changed(request: Request, { identity, resource }: Applying, to: (policy: Policy) => Policy): readonly [Request, Applying] {
  const through = request.through && { ...request.through, policy: to(request.through.policy) }
  return [
    { ...request, through },
    { identity: identity.map(to), resource: resource && to(resource) },
  ]
}
