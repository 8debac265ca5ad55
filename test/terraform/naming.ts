/** What each service takes as a name, by kind of resource and attribute. From the reference pages of the services. */

/** What is wrong with a name; undefined: nothing. */
type Check = (name: string) => string | undefined

function name(alphabet: RegExp, shortest: number, longest: number, ...not: readonly RegExp[]): Check {
  return (value) => {
    if (value.length < shortest || value.length > longest) return `expected ${shortest} to ${longest} characters, got ${value.length}`
    if (!alphabet.test(value)) return `expected ${alphabet}`
    const refused = not.find((pattern) => pattern.test(value))
    return refused === undefined ? undefined : `matches ${refused}, which is refused`
  }
}

const iam = /^[\w+=,.@-]+$/
/** What AWS calls a security group's description or a rule's; no apostrophe. */
const group = /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]*$/
const latin = /^[\t\n\r\x20-\x7e\xa1-\xff]*$/
const tag = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

/** The name of another resource, which is checked there; it has to be one of ours, in either state. */
interface Other {
  readonly of: string
  readonly attribute: string
}
/** `given`: AWS names it. */
export type Rule = Check | Other | 'given'

const bucketOf: Other = { of: 'aws_s3_bucket', attribute: 'bucket' }
const functionOf: Other = { of: 'aws_lambda_function', attribute: 'function_name' }
const logGroupOf: Other = { of: 'aws_cloudwatch_log_group', attribute: 'name' }

const rules: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  aws_accessanalyzer_analyzer: { analyzer_name: name(/^[A-Za-z][A-Za-z0-9_.-]*$/, 1, 255) },
  aws_cloudtrail: {
    name: name(/^[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]$/, 3, 128, /[._-]{2}/, /^\d+(\.\d+){3}$/),
    s3_bucket_name: bucketOf,
    sns_topic_name: { of: 'aws_sns_topic', attribute: 'name' },
  },
  aws_cloudwatch_event_rule: { name: name(/^[.\-_A-Za-z0-9]+$/, 1, 64), event_bus_name: 'given' },
  aws_cloudwatch_event_target: { event_bus_name: 'given' },
  aws_cloudwatch_log_group: { name: name(/^[.\-_/#A-Za-z0-9]+$/, 1, 512, /^aws\//) },
  aws_cloudwatch_log_metric_filter: { name: name(/^[^:*]+$/, 1, 512), log_group_name: logGroupOf },
  aws_cloudwatch_log_resource_policy: { policy_name: name(/^[\x20-\x7e]+$/, 1, 255) },
  aws_cloudwatch_metric_alarm: { alarm_name: name(/^[\x20-\x7e]+$/, 1, 255), metric_name: name(/^[\x20-\x7e]+$/, 1, 255, /^:/) },
  aws_default_security_group: { name: 'given' },
  aws_dynamodb_table: { name: name(/^[a-zA-Z0-9_.-]+$/, 3, 255) },
  aws_flow_log: { log_group_name: 'given' },
  aws_iam_instance_profile: { name: name(iam, 1, 128) },
  aws_iam_policy: { name: name(iam, 1, 128) },
  aws_iam_role: { name: name(iam, 1, 64), description: name(latin, 0, 1000) },
  aws_instance: { key_name: 'given' },
  aws_kms_alias: { name: name(/^alias\/[a-zA-Z0-9/_-]+$/, 7, 256, /^alias\/aws\//) },
  aws_lambda_function: { function_name: name(/^[a-zA-Z0-9-_]+$/, 1, 64) },
  aws_lambda_permission: { function_name: functionOf, statement_id: name(/^[a-zA-Z0-9-_]+$/, 1, 100) },
  aws_launch_template: { name: name(/^[a-zA-Z0-9().\-/_]+$/, 3, 128), key_name: 'given' },
  aws_route53_resolver_query_log_config: { name: name(/^[a-zA-Z0-9\-_ ]+$/, 1, 64, /^\d+$/) },
  aws_s3_bucket: {
    bucket: name(/^[a-z0-9][a-z0-9-]+[a-z0-9]$/, 3, 63, /^(xn--|sthree-|amzn-s3-demo-)/, /(-s3alias|--ol-s3|--x-s3|--table-s3)$/),
  },
  aws_security_group: { name: name(group, 1, 255, /^sg-/), description: name(group, 1, 255) },
  aws_sns_topic: { name: name(/^[A-Za-z0-9_-]+(\.fifo)?$/, 1, 256), display_name: name(/^[\x20-\x7e]*$/, 0, 100) },
  aws_sqs_queue: { name: name(/^[A-Za-z0-9_-]+(\.fifo)?$/, 1, 80) },
  aws_ssm_parameter: { name: name(/^\/[\w./-]+$/, 2, 900, /^\/?(aws|ssm)/i, /\/\//, /(\/[^/]*){16}/), description: name(latin, 0, 1024) },
  aws_vpc_security_group_egress_rule: { description: name(group, 1, 255) },
  aws_vpc_security_group_ingress_rule: { description: name(group, 1, 255) },
}

/** The rule for an attribute; undefined: there is none yet. */
export const ruleFor = (type: string, attribute: string): Rule | undefined =>
  attribute === 'bucket' && /^aws_s3_(bucket_|object)/.test(type) ? bucketOf : rules[type]?.[attribute]

/** Whether an attribute names something: then there has to be a rule. What AWS calls a host or a service in DNS is not meant. */
export const isName = (attribute: string): boolean =>
  /^(name|bucket|statement_id)$|_name$/.test(attribute) && !/(domain|dns|service)_name$/.test(attribute)

/** What is wrong with a resource's tags. */
export function wrongTags(tags: Readonly<Record<string, string>>): readonly string[] {
  const wrong = Object.entries(tags).flatMap(([key, value]) => [
    ...(key.length >= 1 && key.length <= 128 && tag.test(key) && !/^aws:/i.test(key) ? [] : [`tag ${key} has no name that AWS takes`]),
    ...(value.length <= 256 && tag.test(value) ? [] : [`tag ${key} has a value that AWS does not take: ${value}`]),
  ])
  return Object.keys(tags).length > 48 ? [...wrong, 'more than 50 tags, with the two of the provider'] : wrong
}

/** How long a document may be, in characters without white space where AWS counts so. */
export const documents: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  aws_iam_policy: { policy: 6144 },
  aws_iam_role: { assume_role_policy: 2048 },
  aws_s3_bucket_policy: { policy: 20_480 },
  aws_kms_key: { policy: 32_768 },
  aws_vpc_endpoint: { policy: 20_480 },
  aws_sqs_queue: { policy: 262_144 },
  aws_sns_topic: { policy: 30_720 },
  aws_cloudwatch_log_resource_policy: { policy_document: 5120 },
}
