/** What AWS would have answered: an id and an ARN of its own for each resource, the same in every run. */
import { createHash } from 'node:crypto'
import { account, images, region } from './given.ts'

type Values = Readonly<Record<string, unknown>>

const digits = (address: string, length: number): string => createHash('sha256').update(address).digest('hex').slice(0, length)

/** EC2's ids: a word and seventeen digits. */
const words: Readonly<Record<string, string>> = {
  aws_vpc: 'vpc',
  aws_subnet: 'subnet',
  aws_internet_gateway: 'igw',
  aws_nat_gateway: 'nat',
  aws_eip: 'eipalloc',
  aws_route_table: 'rtb',
  aws_default_route_table: 'rtb',
  aws_route_table_association: 'rtbassoc',
  aws_network_acl: 'acl',
  aws_default_network_acl: 'acl',
  aws_security_group: 'sg',
  aws_default_security_group: 'sg',
  aws_vpc_security_group_ingress_rule: 'sgr',
  aws_vpc_security_group_egress_rule: 'sgr',
  aws_vpc_endpoint: 'vpce',
  aws_flow_log: 'fl',
  aws_instance: 'i',
  aws_launch_template: 'lt',
  aws_network_interface: 'eni',
  aws_ebs_volume: 'vol',
  aws_route53_resolver_query_log_config: 'rqlc',
}

/** ARNs that others write by hand: they have to be what AWS makes of the name. */
const arns: Readonly<Record<string, (name: string) => string>> = {
  aws_s3_bucket: (name) => `arn:aws:s3:::${name}`,
  aws_iam_role: (name) => `arn:aws:iam::${account}:role/${name}`,
  aws_iam_policy: (name) => `arn:aws:iam::${account}:policy/${name}`,
  aws_iam_instance_profile: (name) => `arn:aws:iam::${account}:instance-profile/${name}`,
  aws_dynamodb_table: (name) => `arn:aws:dynamodb:${region}:${account}:table/${name}`,
  aws_sqs_queue: (name) => `arn:aws:sqs:${region}:${account}:${name}`,
  aws_sns_topic: (name) => `arn:aws:sns:${region}:${account}:${name}`,
  aws_lambda_function: (name) => `arn:aws:lambda:${region}:${account}:function:${name}`,
  aws_cloudwatch_log_group: (name) => `arn:aws:logs:${region}:${account}:log-group:${name}`,
  aws_cloudwatch_metric_alarm: (name) => `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`,
  aws_cloudwatch_event_rule: (name) => `arn:aws:events:${region}:${account}:rule/${name}`,
  aws_cloudtrail: (name) => `arn:aws:cloudtrail:${region}:${account}:trail/${name}`,
  aws_ssm_parameter: (name) => `arn:aws:ssm:${region}:${account}:parameter${name}`,
}

/** Resources whose id is their ARN. */
const idIsArn = new Set(['aws_iam_policy', 'aws_sns_topic', 'aws_cloudtrail'])

/** Resources that belong to another have its id. */
const nameOf = (after: Values): string | undefined =>
  ['name', 'bucket', 'function_name', 'alarm_name', 'role', 'queue_url', 'table_name']
    .map((key) => after[key])
    .find((name) => typeof name === 'string')

/** The values of a planned resource that only AWS knows, as far as others refer to them. */
export function valuesOf(type: string, address: string, after: Values, unknown: Values): Values {
  const hash = (length: number, of = ''): string => digits(address + of, length)
  const word = words[type]
  const name = nameOf(after) ?? hash(8)
  const key = `${hash(8)}-${hash(4, 'a')}-4${hash(3, 'b')}-a${hash(3, 'c')}-${hash(12, 'd')}`
  const ec2 = word === undefined ? undefined : `${word}-0${hash(16)}`
  const kind = type.replace(/^aws_/, '').replaceAll('_', '-')
  const arn =
    type === 'aws_kms_key'
      ? `arn:aws:kms:${region}:${account}:key/${key}`
      : (arns[type]?.(name) ?? `arn:aws:${ec2 === undefined ? kind : 'ec2'}:${region}:${account}:${kind}/${ec2 ?? name}`)
  const url = `https://sqs.${region}.amazonaws.com/${account}/${name}`
  const id = type === 'aws_kms_key' ? key : type === 'aws_sqs_queue' ? url : idIsArn.has(type) ? arn : (ec2 ?? name)
  const all: Values = {
    id,
    arn,
    url,
    key_id: key,
    allocation_id: id,
    public_ip: `198.18.${Number.parseInt(hash(2), 16)}.${Number.parseInt(hash(2, 'p'), 16)}`,
    private_ip: `10.0.${Number.parseInt(hash(2, 'n'), 16)}.${Number.parseInt(hash(2, 'i'), 16)}`,
    prefix_list_id: `pl-${hash(8)}`,
    default_security_group_id: `sg-0${hash(16, 'sg')}`,
    default_network_acl_id: `acl-0${hash(16, 'acl')}`,
    default_route_table_id: `rtb-0${hash(16, 'rtb')}`,
    main_route_table_id: `rtb-0${hash(16, 'rtb')}`,
    primary_network_interface_id: `eni-0${hash(16, 'eni')}`,
    network_interface_id: `eni-0${hash(16, 'eni')}`,
    invoke_arn: `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${arn}/invocations`,
    qualified_arn: `${arn}:1`,
    latest_version: 1,
    default_version: 1,
    owner_id: account,
  }
  return Object.fromEntries(Object.entries(all).filter(([attribute]) => unknown[attribute] === true))
}

/** What a data source answers; `foundation` is the value of the foundation's own parameter. */
export function answerOf(type: string, address: string, foundation: string): Values {
  const image = Object.keys(images).find((host) => address.includes(host)) ?? 'worker'
  const answers: Readonly<Record<string, Values>> = {
    aws_caller_identity: { account_id: account, arn: `arn:aws:iam::${account}:user/someone`, user_id: 'AIDA0123456789ABCDEF0' },
    aws_partition: { partition: 'aws', dns_suffix: 'amazonaws.com', reverse_dns_prefix: 'com.amazonaws' },
    aws_region: { name: region, id: region },
    aws_ami: {
      id: images[image],
      arn: `arn:aws:ec2:${region}::image/${images[image]}`,
      root_device_name: '/dev/xvda',
      owner_id: '137112412989',
    },
    aws_prefix_list: { id: `pl-${digits(address, 8)}`, cidr_blocks: ['52.218.128.0/17'] },
    aws_ssm_parameter: { value: foundation, insecure_value: foundation },
    aws_availability_zone: { name: `${region}a`, state: 'available' },
    aws_availability_zones: { names: ['a', 'b', 'c'].map((zone) => region + zone) },
  }
  return answers[type] ?? {}
}
