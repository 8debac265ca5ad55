/** The services beside the networks, and which of them rings or writes to which. */
import { knownIn, type Links } from './links.ts'
import type { Call, Service, ServiceKind } from './model.ts'
import { nameOf, type Setting, shortened } from './names.ts'
import type { Resource } from './plan.ts'
import { deadLettersOf, writesTo } from './policy.ts'

const kinds: Readonly<Record<string, ServiceKind>> = {
  aws_s3_bucket: 'bucket',
  aws_lambda_function: 'function',
  aws_dynamodb_table: 'table',
  aws_sqs_queue: 'queue',
  aws_sns_topic: 'topic',
  aws_kms_key: 'key',
}

const BUCKET = ['aws_s3_bucket']
const FUNCTION = ['aws_lambda_function']
const QUEUE = ['aws_sqs_queue']
const TOPIC = ['aws_sns_topic']

/** Types that are drawn as services, or said of one. */
export const SERVICES: readonly string[] = [
  ...Object.keys(kinds),
  'aws_s3_bucket_notification',
  'aws_sns_topic_subscription',
  'aws_lambda_event_source_mapping',
  'aws_kms_alias',
]

/** All services, in the order of their kinds and names, and the calls between them. */
export function servicesOf(
  resources: readonly Resource[],
  links: Links,
  setting: Setting,
): { readonly services: readonly Service[]; readonly calls: readonly Call[] } {
  const ofType = (type: string) => resources.filter((one) => one.type === type)
  const aliases = new Map(
    ofType('aws_kms_alias').flatMap((alias) => {
      const key = links.one(alias, alias.values.target_key_id, 'target_key_id', ['aws_kms_key'])
      return key === undefined || alias.values.name == null
        ? []
        : [[key, shortened(alias.values.name.replace(/^alias\//, ''), setting)] as const]
    }),
  )
  const subscribers = Map.groupBy(
    ofType('aws_sns_topic_subscription'),
    (one) => links.one(one, one.values.topic_arn, 'topic_arn', TOPIC)?.key,
  )

  const noteOf = (one: Resource): string | undefined => {
    if (one.type === 'aws_sqs_queue') {
      const dead = deadLettersOf(one.values.redrive_policy)
      return dead === undefined ? undefined : `fails to ${shortened(dead, setting)}`
    }
    if (one.type === 'aws_kms_key') return one.values.key_usage === 'SIGN_VERIFY' ? 'signs' : undefined
    const protocols = Map.groupBy(subscribers.get(one.key) ?? [], ({ values }) => values.protocol ?? 'subscriber')
    const told = [...protocols].map(([protocol, some]) => `${some.length} × ${protocol}`).toSorted()
    return told.length === 0 ? undefined : `to ${told.join(', ')}`
  }

  const own = resources.flatMap((one): readonly Service[] => {
    const kind = Object.hasOwn(kinds, one.type) ? kinds[one.type] : undefined
    if (kind === undefined || one.data || (kind === 'function' && (one.values.vpc_config ?? []).length > 0)) return []
    return [{ id: one.key, kind, name: aliases.get(one) ?? nameOf(one, setting), note: noteOf(one), elsewhere: false }]
  })

  const elsewhere = new Map<string, Service>()
  const calls: Call[] = []
  const add = (from: string | undefined, to: readonly Resource[]): void => {
    if (from !== undefined) calls.push(...to.map(({ key }) => ({ from, to: key })))
  }
  for (const one of ofType('aws_s3_bucket_notification')) {
    const { values } = one
    const bucket = links.one(one, values.bucket, 'bucket', BUCKET)?.key ?? foreign(values.bucket)
    const functions = links.all(
      one,
      knownIn(values.lambda_function, 'lambda_function_arn'),
      'lambda_function.lambda_function_arn',
      FUNCTION,
    )
    add(bucket, [
      ...((values.lambda_function ?? []).length > 0 && functions.length === 0 ? permitted(values.bucket) : functions),
      ...links.all(one, knownIn(values.queue, 'queue_arn'), 'queue.queue_arn', QUEUE),
      ...links.all(one, knownIn(values.topic, 'topic_arn'), 'topic.topic_arn', TOPIC),
    ])
  }
  for (const one of ofType('aws_lambda_event_source_mapping')) {
    const source = links.one(one, one.values.event_source_arn, 'event_source_arn', ['aws_sqs_queue', 'aws_dynamodb_table'])
    add(source?.key, links.all(one, one.values.function_name, 'function_name', FUNCTION))
  }
  for (const one of ofType('aws_lambda_function')) add(one.key, writesTo(one, resources, links))

  /** Of dynamic blocks a plan tells nothing; but who may be called by the bucket stands elsewhere too. */
  function permitted(bucket: string | null | undefined): readonly Resource[] {
    const by = ofType('aws_lambda_permission').filter(({ values }) => bucket != null && values.source_arn?.endsWith(`:::${bucket}`))
    return by.flatMap((one) => links.one(one, one.values.function_name, 'function_name', FUNCTION) ?? [])
  }

  /** A bucket that only its name is known of: it belongs to another state. */
  function foreign(bucket: string | null | undefined): string | undefined {
    if (bucket == null) return undefined
    const id = `elsewhere ${bucket}`
    elsewhere.set(id, { id, kind: 'bucket', name: shortened(bucket, setting), note: 'kept in another state', elsewhere: true })
    return id
  }

  const order = [...new Set(Object.values(kinds))]
  const services = [...own, ...elsewhere.values()].toSorted(
    (a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || (a.name === b.name ? 0 : a.name < b.name ? -1 : 1),
  )
  const drawn = new Set(services.map(({ id }) => id))
  const known = new Map(calls.filter(({ from, to }) => drawn.has(from) && drawn.has(to)).map((call) => [`${call.from}\n${call.to}`, call]))
  return { services, calls: [...known.values()] }
}
