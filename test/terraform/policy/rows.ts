/** What the table says of one asker and one row, and what the policies say. */
import { type Applying, type Decision, decide, type Place, type Request } from './decide.ts'
import { type Policy, parsePolicy, type Statement } from './document.ts'
import { type Row, requestOf } from './table/ask.ts'
import { barredBy, isMighty, type Who } from './table/people.ts'
import { applying, type World } from './world.ts'

export interface Verdict {
  readonly allowed: boolean
  /** All statements that deny, of all parts. */
  readonly by: readonly string[]
  /** Where a grant is missing for the first part that is not allowed. */
  readonly missing: readonly Place[]
}

/** What the table expects. `missing` names one place of those where a grant may be missing. */
export interface Expected {
  readonly allowed: boolean
  readonly by: readonly string[]
  readonly missing: Place | undefined
}

export function expectedOf(row: Row, who: Who, world: World): Expected {
  const own = Object.entries(row.denies ?? {}).flatMap(([ref, denied]) => (denied.includes(who) ? [ref] : []))
  const barred = row.parts.flatMap(({ action, by, beside }) =>
    by === undefined ? barredBy(who, beside ?? action.split(':')[0] ?? '', world) : [],
  )
  const by = [...new Set([...own, ...barred])].toSorted()
  if (by.length > 0) return { allowed: false, by, missing: undefined }
  if (row.may.includes(who)) return { allowed: true, by: [], missing: undefined }
  const place = Object.entries(row.missing ?? {}).find(([, without]) => without.includes(who))?.[0] as Place | undefined
  return { allowed: false, by: [], missing: place ?? (isMighty(who) ? 'resource' : 'identity') }
}

/** A change to all policies of a decision. */
export type Change = (request: Request, applied: Applying) => readonly [Request, Applying]

export const asTheyAre: Change = (request, applied) => [request, applied]

/** Decides all parts of a row for one asker, with changed policies if a change is given. */
export function verdictOf(row: Row, who: Who, world: World, change: Change = asTheyAre): Verdict {
  const decisions = row.parts.map((part) => {
    const request = requestOf(who, part, world)
    return decide(...change(request, applying(world, request)))
  })
  return combined(decisions)
}

export function combined(decisions: readonly Decision[]): Verdict {
  const refused = decisions.filter(({ allowed }) => !allowed)
  const by = [...new Set(refused.flatMap((decision) => decision.by))].toSorted()
  return { allowed: refused.length === 0, by, missing: by.length > 0 ? [] : (refused[0]?.missing ?? []) }
}

const mapped = ({ identity, resource }: Applying, to: (policy: Policy) => Policy): Applying => ({
  identity: identity.map(to),
  resource: resource && to(resource),
})

/** Takes these statements out. */
export const without =
  (refs: readonly string[]): Change =>
  (request, applied) => {
    const less = (policy: Policy): Policy => ({
      ...policy,
      statements: policy.statements.filter(({ sid }) => !refs.includes(`${policy.name}#${sid}`)),
    })
    const through = request.through && { ...request.through, policy: less(request.through.policy) }
    return [{ ...request, through }, mapped(applied, less)]
  }

const all = { Effect: 'Allow', Action: '*' }
const document = (statement: object) => ({ Version: '2012-10-17', Statement: { Sid: 'Granted', ...all, ...statement } })
const grantTo = parsePolicy('granted', 'identity', document({ Resource: '*' }))
const grantAt: readonly Statement[] = parsePolicy('granted', 'resource', document({ Resource: '*', Principal: '*' })).statements

/** Adds a grant of everything at these places: then only statements that deny are left in the way. */
export const granting =
  (...places: readonly Place[]): Change =>
  (request, applied) => {
    const more = (policy: Policy): Policy => ({ ...policy, statements: [...policy.statements, ...grantAt] })
    const through =
      places.includes('endpoint') && request.through ? { ...request.through, policy: more(request.through.policy) } : request.through
    return [
      { ...request, through },
      {
        identity: places.includes('identity') ? [...applied.identity, grantTo] : applied.identity,
        resource: places.includes('resource')
          ? more(applied.resource ?? { name: 'granted', kind: 'resource', statements: [] })
          : applied.resource,
      },
    ]
  }

export const both =
  (first: Change, second: Change): Change =>
  (request, applied) =>
    second(...first(request, applied))
