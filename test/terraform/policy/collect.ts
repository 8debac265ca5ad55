/** The world that Terraform makes: every policy of a root's resources, where it is attached. A policy that nobody gathers is an error. */
import type { Endpoint } from './decide.ts'
import { type Kind, type Policy, parsePolicy } from './document.ts'
import type { Tags } from './principal.ts'
import type { Identity, Thing, World } from './world.ts'

export interface Resource {
  readonly address: string
  readonly mode: 'managed' | 'data'
  readonly type: string
  readonly values: Readonly<Record<string, unknown>>
}

/** What becomes a thing: what it is called here, which attribute names it (else its address does), which holds its policy. */
const kinds: Readonly<
  Record<string, { readonly word: string; readonly named?: string; readonly policy?: readonly [attribute: string, kind: Kind] }>
> = {
  aws_dynamodb_table: { word: 'table', named: 'name' },
  aws_iam_role: { word: 'role', named: 'name', policy: ['assume_role_policy', 'trust'] },
  aws_instance: { word: 'instance' },
  aws_kms_key: { word: 'key', policy: ['policy', 'key'] },
  aws_lambda_function: { word: 'function', named: 'function_name' },
  aws_launch_template: { word: 'template', named: 'name' },
  aws_s3_bucket: { word: 'bucket', named: 'bucket' },
  aws_security_group: { word: 'group', named: 'name' },
  aws_sns_topic: { word: 'topic', named: 'name', policy: ['policy', 'resource'] },
  aws_sqs_queue: { word: 'queue', named: 'name', policy: ['policy', 'resource'] },
  aws_ssm_parameter: { word: 'parameter', named: 'name' },
  aws_subnet: { word: 'subnet' },
}

/** Other resources with policies, which are gathered below. */
const gathered = [
  'aws_cloudwatch_log_resource_policy',
  'aws_iam_policy',
  'aws_lambda_permission',
  'aws_s3_bucket_policy',
  'aws_vpc_endpoint',
]

/** Resources and attributes that would give rights past what is gathered. */
const refused = [
  'aws_dynamodb_resource_policy',
  'aws_iam_group',
  'aws_iam_policy_attachment',
  'aws_iam_role_policy',
  'aws_iam_user',
  'aws_kms_grant',
  'aws_kms_key_policy',
  'aws_sns_topic_policy',
  'aws_sqs_queue_policy',
  'aws_vpc_endpoint_policy',
]
const refusedOfRoles = ['permissions_boundary', 'inline_policy', 'managed_policy_arns']

/** Gathers a world from the resources of one or more roots. `short` takes from a name what all names share. */
export function worldOf(account: string, resources: readonly Resource[], short: (name: string) => string = (name) => name): World {
  const managed = resources.filter(({ mode }) => mode === 'managed')
  const of = (type: string): readonly Resource[] => managed.filter((resource) => resource.type === type)
  for (const resource of managed) refuse(resource)

  const policies = new Map(
    of('aws_iam_policy').map((one) => [text(one, 'arn'), parsePolicy(short(text(one, 'name')), 'identity', text(one, 'policy'))]),
  )
  const attachments = Map.groupBy(of('aws_iam_role_policy_attachment'), (one) => text(one, 'role'))
  const identityOf = (role: Resource): Identity => ({
    tags: (role.values['tags'] ?? {}) as Tags,
    policies: (attachments.get(text(role, 'name')) ?? []).map((one) => {
      const policy = policies.get(text(one, 'policy_arn'))
      if (policy === undefined) throw new Error(`${one.address}: attaches ${text(one, 'policy_arn')}, whose document is not here`)
      return policy
    }),
  })
  const thingOf = (one: Resource): Thing => {
    const { word, named, policy } = kinds[one.type] ?? { word: one.type }
    const name = `${word} ${short(named === undefined ? lastOf(one) : text(one, named))}`
    if (one.type === 'aws_s3_bucket') return { name, policy: bucketPolicy(name, one, of('aws_s3_bucket_policy')) }
    if (one.type === 'aws_lambda_function') return { name, policy: permissionsOf(name, one, of('aws_lambda_permission')) }
    return { name, policy: policy && documentOf(policy[1] === 'trust' ? `trust of ${name}` : name, policy[1], one, policy[0]) }
  }
  const logs = of('aws_cloudwatch_log_resource_policy').flatMap((one) => [JSON.parse(text(one, 'policy_document')).Statement].flat())
  return {
    account,
    identities: new Map(of('aws_iam_role').map((role) => [text(role, 'arn'), identityOf(role)])),
    things: new Map(Object.keys(kinds).flatMap((type) => of(type).map((one) => [text(one, 'arn'), thingOf(one)]))),
    logs: logs.length === 0 ? undefined : parsePolicy('log groups', 'resource', { Version: '2012-10-17', Statement: logs }),
    endpoints: new Map(of('aws_vpc_endpoint').map(endpointOf)),
  }
}

function refuse({ address, type, values }: Resource): void {
  if (refused.includes(type)) throw new Error(`${address}: resources of type ${type} are not gathered`)
  const ofRole = type === 'aws_iam_role' ? refusedOfRoles.find((name) => String(values[name] ?? '') !== '') : undefined
  if (ofRole !== undefined) throw new Error(`${address}: ${ofRole} is not gathered; attach a managed policy`)
  const policy = Object.keys(values).find((name) => typeof values[name] === 'string' && /^\s*\{[\s\S]*"Statement"/.test(values[name]))
  if (policy !== undefined && !gathered.includes(type) && kinds[type]?.policy?.[0] !== policy)
    throw new Error(`${address}: ${policy} holds a policy that is not gathered`)
}

const lastOf = ({ address }: Resource): string =>
  /(\w+)(?:\["([^"]+)"\])?$/
    .exec(address)
    ?.slice(1)
    .findLast((part) => part !== undefined) ?? address

function text({ address, values }: Resource, name: string): string {
  const value = values[name]
  if (typeof value !== 'string' || value === '') throw new Error(`${address}: expected ${name}, got ${JSON.stringify(value)}`)
  return value
}

const documentOf = (name: string, kind: Kind, one: Resource, attribute: string): Policy | undefined =>
  (one.values[attribute] ?? '') === '' ? undefined : parsePolicy(name, kind, text(one, attribute))

function bucketPolicy(name: string, bucket: Resource, policies: readonly Resource[]): Policy | undefined {
  const own = policies.filter(({ values }) => [bucket.values['bucket'], bucket.values['id']].includes(values['bucket']))
  if (own.length > 1) throw new Error(`${bucket.address}: has ${own.length} policies, of which AWS would keep the last`)
  return own[0] && parsePolicy(name, 'resource', text(own[0], 'policy'))
}

/** A permission of a function is a statement in other words. */
function permissionsOf(name: string, one: Resource, permissions: readonly Resource[]): Policy | undefined {
  const statements = permissions
    .filter(({ values }) => [one.values['function_name'], one.values['arn']].includes(values['function_name']))
    .map((permission) => ({
      Sid: text(permission, 'statement_id'),
      Effect: 'Allow',
      Principal: { Service: text(permission, 'principal') },
      Action: text(permission, 'action'),
      Resource: text(one, 'arn'),
      Condition: {
        ArnLike: { 'aws:SourceArn': text(permission, 'source_arn') },
        StringEquals: { 'aws:SourceAccount': text(permission, 'source_account') },
      },
    }))
  return statements.length === 0 ? undefined : parsePolicy(name, 'resource', { Version: '2012-10-17', Statement: statements })
}

function endpointOf(one: Resource): [string, Endpoint] {
  const service = text(one, 'service_name').split('.').at(-1) ?? ''
  const policy = parsePolicy(`endpoint ${service}`, 'endpoint', text(one, 'policy'))
  return [service, { id: text(one, 'id'), vpc: text(one, 'vpc_id'), policy }]
}
