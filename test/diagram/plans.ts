/** Small plans and states by hand, in the form that `terraform show -json` has. */

type Values = Readonly<Record<string, unknown>>

export interface Made {
  readonly address: string
  readonly mode: 'managed' | 'data'
  readonly type: string
  readonly name: string
  readonly index?: string | number
  readonly values: Values
  readonly sensitive_values?: unknown
}

/** A resource of the root module: `aws_subnet.a`, `aws_subnet.a[0]`, `data.aws_region.current`. */
export function made(address: string, values: Values = {}): Made {
  const [, data, type = '', name = '', index] = /^(data\.)?(\w+)\.([\w-]+)(?:\[(.*)\])?$/.exec(address) ?? []
  const mode = data === undefined ? 'managed' : 'data'
  return { address, mode, type, name, ...(index === undefined ? {} : { index: JSON.parse(index) }), values }
}

/** A state: everything is known. */
export const state = (...resources: readonly Made[]): string =>
  JSON.stringify({ format_version: '1.0', terraform_version: '1.11.4', values: { root_module: { resources } } })

interface Module {
  readonly resources?: readonly Made[]
  readonly modules?: Readonly<Record<string, Module>>
  readonly configuration: Values
}

/** A plan: ids are not known, and follow from what the configuration refers to. */
export function plan(root: Module): string {
  return JSON.stringify({
    format_version: '1.2',
    planned_values: { root_module: planned(root, '') },
    configuration: { root_module: configured(root) },
  })
}

const planned = ({ resources = [], modules = {} }: Module, address: string): Values => ({
  ...(address === '' ? {} : { address }),
  resources: resources.map((one) => ({ ...one, address: address === '' ? one.address : `${address}.${one.address}` })),
  child_modules: Object.entries(modules).map(([name, module]) =>
    planned(module, address === '' ? `module.${name}` : `${address}.module.${name}`),
  ),
})

const configured = ({ modules = {}, configuration }: Module): Values => ({
  ...configuration,
  module_calls: Object.fromEntries(
    Object.entries(modules).map(([name, module]) => [
      name.replace(/\[.*/, ''),
      { ...(configuration['calls'] as Record<string, Values> | undefined)?.[name], module: configured(module) },
    ]),
  ),
})

/** A resource as the configuration has it, with what its arguments refer to. */
export const written = (type: string, name: string, expressions: Values, more: Values = {}): Values => ({
  mode: 'managed',
  type,
  name,
  expressions,
  ...more,
})

export const refers = (...references: readonly string[]): Values => ({ references })

export interface Skep {
  readonly nat?: boolean
  readonly ssh?: readonly string[]
  readonly more?: readonly Made[]
}

const account = '123456789012'
const tags_all = (name: string): Values => ({ tags_all: { PIT: 'hipaa_vpc', Name: `hipaa_vpc-${name}` } })
const arn = (service: string, rest: string): string => `arn:aws:${service}:us-west-2:${account}:${rest}`

/** An environment such as Skep's own Terraform makes, as a state. */
export function skep({ nat = true, ssh = ['203.0.113.0/24'], more = [] }: Skep = {}): string {
  const vpc_id = 'vpc-1'
  const subnets = { public: '10.0.0.0/24', private: '10.0.1.0/24', isolated: '10.0.2.0/24' }
  const groups = ['bastion', 'key-host', 'workers', 'endpoints']
  const rule = (group: string, direction: 'ingress' | 'egress', port: number, peer: Values, key: string) =>
    made(`aws_vpc_security_group_${direction}_rule.${group}-${key}`, {
      security_group_id: `sg-${group}`,
      ip_protocol: 'tcp',
      from_port: port,
      to_port: port,
      ...peer,
    })
  const between = (from: string, to: string, port: number) => [
    rule(from, 'egress', port, { referenced_security_group_id: `sg-${to}` }, `to-${to}`),
    rule(to, 'ingress', port, { referenced_security_group_id: `sg-${from}` }, `from-${from}`),
  ]
  return state(
    made('data.aws_caller_identity.current', { account_id: account }),
    made('aws_vpc.this', {
      id: vpc_id,
      cidr_block: '10.0.0.0/16',
      instance_tenancy: 'dedicated',
      tags_all: { PIT: 'hipaa_vpc', Name: 'hipaa_vpc' },
    }),
    ...Object.entries(subnets).flatMap(([name, cidr_block]) => [
      made(`aws_subnet.${name}`, { id: `subnet-${name}`, vpc_id, cidr_block, availability_zone: 'us-west-2a', ...tags_all(name) }),
      made(`aws_route_table.${name}`, { id: `rtb-${name}`, vpc_id, ...tags_all(name) }),
      made(`aws_route_table_association.${name}`, { subnet_id: `subnet-${name}`, route_table_id: `rtb-${name}` }),
    ]),
    made('aws_internet_gateway.this', { id: 'igw-1', vpc_id, ...tags_all('igw') }),
    made('aws_route.public', { route_table_id: 'rtb-public', destination_cidr_block: '0.0.0.0/0', gateway_id: 'igw-1' }),
    ...(nat
      ? [
          made('aws_nat_gateway.this', { id: 'nat-1', subnet_id: 'subnet-public', connectivity_type: 'public', ...tags_all('nat') }),
          made('aws_route.private', { route_table_id: 'rtb-private', destination_cidr_block: '0.0.0.0/0', nat_gateway_id: 'nat-1' }),
        ]
      : []),
    ...groups.map((name) => made(`aws_security_group.${name}`, { id: `sg-${name}`, vpc_id, name: `hipaa_vpc-${name}` })),
    ...ssh.map((cidr_ipv4, index) => rule('bastion', 'ingress', 22, { cidr_ipv4 }, `ssh-${index}`)),
    ...between('bastion', 'key-host', 22),
    ...between('bastion', 'workers', 22),
    ...['bastion', 'key-host', 'workers'].flatMap((name) => [
      ...between(name, 'endpoints', 443),
      rule(name, 'egress', 443, { prefix_list_id: 'pl-s3' }, 's3'),
    ]),
    rule('key-host', 'egress', 443, { prefix_list_id: 'pl-dynamodb' }, 'dynamodb'),
    rule('bastion', 'egress', 443, { prefix_list_id: 'pl-dynamodb' }, 'dynamodb'),
    ...['s3', 'dynamodb'].map((service) =>
      made(`aws_vpc_endpoint.${service}`, {
        id: `vpce-${service}`,
        vpc_id,
        service_name: `com.amazonaws.us-west-2.${service}`,
        vpc_endpoint_type: 'Gateway',
        prefix_list_id: `pl-${service}`,
        route_table_ids: ['rtb-public', 'rtb-private', 'rtb-isolated'],
      }),
    ),
    ...['ec2', 'ec2messages', 'kms', 'logs', 'sns', 'sqs', 'ssm', 'ssmmessages', 'sts'].map((service) =>
      made(`aws_vpc_endpoint.interface[${JSON.stringify(service)}]`, {
        id: `vpce-${service}`,
        vpc_id,
        service_name: `com.amazonaws.us-west-2.${service}`,
        vpc_endpoint_type: 'Interface',
        subnet_ids: ['subnet-isolated'],
        security_group_ids: ['sg-endpoints'],
      }),
    ),
    made('aws_instance.bastion', {
      id: 'i-bastion',
      instance_type: 'm6i.large',
      tenancy: 'dedicated',
      subnet_id: 'subnet-public',
      private_ip: '10.0.0.10',
      vpc_security_group_ids: ['sg-bastion'],
      user_data: 'user-data-of-the-bastion',
      ...tags_all('bastion'),
    }),
    made('aws_eip.bastion', { instance: 'i-bastion' }),
    made('aws_instance.key_host', {
      id: 'i-key-host',
      instance_type: 'm6i.large',
      tenancy: 'dedicated',
      subnet_id: 'subnet-isolated',
      vpc_security_group_ids: ['sg-key-host'],
      ...tags_all('key-host'),
    }),
    made('aws_launch_template.worker', {
      id: 'lt-1',
      name: 'hipaa_vpc-worker',
      instance_type: 'm6i.xlarge',
      placement: [{ tenancy: 'dedicated' }],
      network_interfaces: [{ subnet_id: 'subnet-isolated', security_groups: ['sg-workers'], associate_public_ip_address: 'false' }],
    }),
    ...['input', 'output', 'ancillary', 'audit'].map((name) =>
      made(`aws_s3_bucket.${name}`, { id: name, bucket: `hipaa-vpc-${name}-${account}-us-west-2`, arn: `arn:aws:s3:::${name}` }),
    ),
    made('aws_s3_bucket_notification.input', {
      bucket: `hipaa-vpc-input-${account}-us-west-2`,
      lambda_function: [{ lambda_function_arn: arn('lambda', 'function:hipaa_vpc-intake') }],
    }),
    made('aws_lambda_function.intake', {
      arn: arn('lambda', 'function:hipaa_vpc-intake'),
      function_name: 'hipaa_vpc-intake',
      role: `arn:aws:iam::${account}:role/hipaa_vpc-intake`,
    }),
    made('aws_iam_role.intake', { name: 'hipaa_vpc-intake', arn: `arn:aws:iam::${account}:role/hipaa_vpc-intake` }),
    made('aws_iam_policy.intake', {
      arn: `arn:aws:iam::${account}:policy/hipaa_vpc-intake`,
      policy: JSON.stringify({
        Statement: [
          { Sid: 'WriteRows', Effect: 'Allow', Action: ['dynamodb:PutItem'], Resource: arn('dynamodb', 'table/hipaa_vpc-ledger') },
          { Sid: 'Ring', Effect: 'Allow', Action: 'sqs:SendMessage', Resource: [arn('sqs', 'hipaa_vpc-doorbell.fifo')] },
        ],
      }),
    }),
    made('aws_iam_role_policy_attachment.intake', {
      role: 'hipaa_vpc-intake',
      policy_arn: `arn:aws:iam::${account}:policy/hipaa_vpc-intake`,
    }),
    made('aws_dynamodb_table.ledger', { name: 'hipaa_vpc-ledger', arn: arn('dynamodb', 'table/hipaa_vpc-ledger') }),
    made('aws_sqs_queue.doorbell', {
      name: 'hipaa_vpc-doorbell.fifo',
      arn: arn('sqs', 'hipaa_vpc-doorbell.fifo'),
      redrive_policy: JSON.stringify({ deadLetterTargetArn: arn('sqs', 'hipaa_vpc-doorbell-dead.fifo'), maxReceiveCount: 3 }),
    }),
    made('aws_sqs_queue.doorbell_dead', { name: 'hipaa_vpc-doorbell-dead.fifo', arn: arn('sqs', 'hipaa_vpc-doorbell-dead.fifo') }),
    made('aws_sns_topic.notices', { name: 'hipaa_vpc-notices', arn: arn('sns', 'hipaa_vpc-notices') }),
    made('aws_sns_topic_subscription.notices', {
      topic_arn: arn('sns', 'hipaa_vpc-notices'),
      protocol: 'email',
      endpoint: 'someone@example.org',
    }),
    ...['data', 'ops', 'ticket'].flatMap((name) => [
      made(`aws_kms_key.${name}`, {
        id: `key-${name}`,
        key_id: `key-${name}`,
        key_usage: name === 'ticket' ? 'SIGN_VERIFY' : 'ENCRYPT_DECRYPT',
      }),
      made(`aws_kms_alias.${name}`, { name: `alias/hipaa_vpc-${name}`, target_key_id: `key-${name}` }),
    ]),
    made('aws_cloudtrail.account', { name: 'hipaa_vpc-trail' }),
    ...more,
  )
}
