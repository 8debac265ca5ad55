/** Small policies and requests for the tests of the evaluator. */
import { type Applying, type Decision, decide, type Request } from './decide.ts'
import { type Kind, parsePolicy } from './document.ts'
import { sessionOf } from './principal.ts'

export const own = '111122223333'
export const other = '444455556666'
export const iam = (name: string, account = own) => `arn:aws:iam::${account}:${name}`
export const bee = sessionOf(iam('role/bee'), 'i-1', { team: 'red', wild: 'a*' })
export const bucket = 'arn:aws:s3:::box'
export const at = (key: string) => `${bucket}/${key}`

/** A policy variable. */
export const variable = (inner: string) => `\${${inner}}`

export type Json = Readonly<Record<string, unknown>>
export const one = (statement: Json) => ({ Version: '2012-10-17', Statement: { Sid: 'It', Effect: 'Allow', ...statement } })
export const identityOf = (...statements: readonly Json[]) => [
  parsePolicy('role', 'identity', {
    Version: '2012-10-17',
    Statement: statements.map((statement, at) => ({ Sid: `S${at + 1}`, Effect: 'Allow', ...statement })),
  }),
]
export const resourceOf = (kind: Kind, ...statements: readonly Json[]) =>
  parsePolicy('thing', kind, {
    Version: '2012-10-17',
    Statement: statements.map((statement, at) => ({ Sid: `R${at + 1}`, Effect: 'Allow', ...statement })),
  })
export const ask = (request: Partial<Request>, applying: Partial<Applying>): Decision =>
  decide(
    { principal: bee, action: 's3:GetObject', resource: at('a/b'), account: own, context: {}, ...request },
    { identity: [], resource: undefined, ...applying },
  )
export const allows = (statement: Json, request: Partial<Request> = {}) =>
  ask(request, { identity: identityOf({ Action: '*', Resource: '*', ...statement }) }).allowed

export const grantAll = { Action: '*', Resource: '*' }
