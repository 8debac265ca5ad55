import type { IncomingHttpHeaders } from 'node:http'
import { restOperation } from './rest.ts'

/** One call to AWS: what was asked of which service, and the request as it came. */
export interface Ask {
  /** As in the signature's scope: `ec2`, `sqs`. S3 Control signs as `s3` and is told apart as `s3-control`. */
  readonly service: string
  readonly operation: string
  readonly region: string
  readonly method: string
  /** Path style, whatever the host was; with its query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** What AWS, moto or the shim answers. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Reads what is asked from the parts of a request. The path may be absolute, as a proxy gets it. */
export function readAsk(method: string, target: string, headers: IncomingHttpHeaders, body: Buffer): Ask {
  const path = pathStyle(target, headers.host ?? '')
  const [, region = '', scope = ''] = /Credential=[^/]+\/\d+\/([^/]+)\/([^/]+)\//.exec(headers.authorization ?? '') ?? []
  const service = path.startsWith('/v20180820/') ? 's3-control' : scope
  const operation = named(headers, body) ?? restOperation(service, method, path)
  return { service, operation, region, method, path, headers, body }
}

/** Undoes what clients do to a host that has a name: the bucket stands before it, or (S3 Control) the account. */
function pathStyle(target: string, host: string): string {
  const { hostname, pathname, search } = new URL(target, `http://${host || 'aws.test'}`)
  const bucket = /^(.+)\.aws\.test$/.exec(hostname)?.[1]
  return bucket === undefined || /^\d{12}$/.test(bucket) ? pathname + search : `/${bucket}${pathname}${search}`
}

/** The operation where the protocol names it: in a header (JSON) or as the form's Action (query). */
function named(headers: IncomingHttpHeaders, body: Buffer): string | undefined {
  const target = headers['x-amz-target']
  if (typeof target === 'string') return target.split('.').at(-1)
  const form = headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false
  return form ? (new URLSearchParams(body.toString()).get('Action') ?? undefined) : undefined
}

/** The parameters of a query-protocol call: `InstanceId.1` and the like. */
export const formOf = (ask: Ask): URLSearchParams => new URLSearchParams(ask.body.toString())

/** All values of a list parameter, in order: `InstanceId.1`, `InstanceId.2`. */
export function listOf(form: URLSearchParams, name: string): readonly string[] {
  const values: string[] = []
  for (let value = form.get(`${name}.1`); value !== null; value = form.get(`${name}.${values.length + 1}`)) values.push(value)
  return values
}

export type Json = { readonly [key: string]: unknown }

/** The parameters of a JSON call; an empty body has none. */
export const jsonOf = ({ body }: { readonly body: Buffer }): Json => (body.length === 0 ? {} : (JSON.parse(body.toString()) as Json))

export const withForm = (ask: Ask, form: URLSearchParams): Ask => ({ ...ask, body: Buffer.from(form.toString()) })
export const withJson = (ask: Ask, json: Json): Ask => ({ ...ask, body: Buffer.from(JSON.stringify(json)) })

/** The same answer with another text. */
export const rewritten = (answer: Answer, edit: (text: string) => string): Answer => ({
  ...answer,
  body: Buffer.from(edit(answer.body.toString())),
})

export const jsonAnswer = (json: Json, status = 200): Answer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: Buffer.from(JSON.stringify(json)),
})

export const xmlAnswer = (xml: string, status = 200): Answer => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body: Buffer.from(xml),
})
