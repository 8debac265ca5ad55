/** Networks of strangers, by chance: any number of anything, and names of any kind. */
import fc from 'fast-check'
import { type Made, made, state } from './plans.ts'

const name = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.stringMatching(/^[a-z][a-z0-9-]{2,40}$/))
const cidr = fc.oneof(
  fc.tuple(fc.nat(255), fc.nat(255), fc.constantFrom(8, 16, 24, 32)).map(([a, b, bits]) => `${a}.${b}.0.0/${bits}`),
  fc.constantFrom('0.0.0.0/0', '::/0', '10.0.0.0/8', '2001:db8::/32', 'no network'),
)
const zones = ['eu-north-1a', 'eu-north-1b', 'eu-north-1c', 'eu-north-1d', '']

const vpc = (id: number): fc.Arbitrary<readonly Made[]> =>
  fc
    .record({
      name,
      cidr,
      internet: fc.boolean(),
      others: fc.nat(3),
      subnets: fc.array(fc.record({ name, zone: fc.constantFrom(...zones), table: fc.nat(2), nat: fc.boolean() }), { maxLength: 9 }),
      groups: fc.array(name, { minLength: 1, maxLength: 5 }),
      hosts: fc.array(
        fc.record({
          name,
          subnets: fc.array(fc.nat(9), { maxLength: 3 }),
          group: fc.nat(4),
          kind: fc.nat(4),
          count: fc.integer({ min: 1, max: 4 }),
        }),
        {
          maxLength: 14,
        },
      ),
      rules: fc.array(
        fc.record({
          group: fc.nat(4),
          out: fc.boolean(),
          port: fc.constantFrom(22, 80, 443, 5432, 65000),
          peer: fc.oneof(cidr, fc.nat(4), fc.nat(4), fc.nat(4)),
        }),
        { maxLength: 30 },
      ),
      endpoints: fc.subarray(['s3', 'dynamodb', 'kms', 'ec2', 'a.very.long.name.of.a.service.that.nobody.has']),
    })
    .map(({ name, cidr, internet, others, subnets, groups, hosts, rules, endpoints }) => {
      const vpc_id = `vpc-${id}`
      const group = (place: number): string => `sg-${id}-${place % groups.length}`
      const subnet = (place: number): string => `subnet-${id}-${place % Math.max(1, subnets.length)}`
      const tags = (Name: string) => ({ tags: { Name } })
      return [
        made(`aws_vpc.v${id}`, { id: vpc_id, cidr_block: cidr, ...tags(name) }),
        ...(internet ? [made(`aws_internet_gateway.v${id}`, { id: `igw-${id}`, vpc_id })] : []),
        ...Array.from({ length: others }, (_, place) => made(`aws_vpn_gateway.v${id}[${place}]`, { id: `vgw-${id}-${place}`, vpc_id })),
        ...[0, 1, 2].map((table) =>
          made(`aws_route_table.v${id}[${table}]`, {
            id: `rtb-${id}-${table}`,
            vpc_id,
            route: [
              ...(table === 0 && internet
                ? ['0.0.0.0/0', '::/0'].map((to) => ({ [to === '::/0' ? 'ipv6_cidr_block' : 'cidr_block']: to, gateway_id: `igw-${id}` }))
                : []),
              ...(table === 1
                ? [
                    { cidr_block: '0.0.0.0/0', nat_gateway_id: `nat-${id}-0` },
                    { cidr_block: '192.168.0.0/16', gateway_id: `vgw-${id}-0` },
                  ]
                : []),
            ],
          }),
        ),
        ...subnets.flatMap((one, place) => [
          made(`aws_subnet.v${id}[${place}]`, {
            id: subnet(place),
            vpc_id,
            cidr_block: `10.${id}.${place}.0/24`,
            availability_zone: one.zone,
            ...tags(one.name),
          }),
          made(`aws_route_table_association.v${id}[${place}]`, { subnet_id: subnet(place), route_table_id: `rtb-${id}-${one.table}` }),
          ...(one.nat ? [made(`aws_nat_gateway.v${id}[${place}]`, { id: `nat-${id}-${place}`, subnet_id: subnet(place) })] : []),
        ]),
        ...groups.map((one, place) => made(`aws_security_group.v${id}[${place}]`, { id: group(place), vpc_id, name: one })),
        ...hosts.flatMap(({ name, subnets: some, group: of, kind, count }, place) => {
          const types = ['aws_instance', 'aws_lb', 'aws_autoscaling_group', 'aws_ecs_service', 'aws_launch_template'] as const
          const subnet_ids = some.map(subnet)
          return Array.from({ length: kind === 0 ? count : 1 }, (_, index) =>
            made(`${types[kind % types.length]}.v${id}h${place}[${index}]`, {
              ...tags(name),
              instance_type: 'm6i.large',
              subnet_id: subnet_ids[0] ?? null,
              subnets: subnet_ids,
              vpc_zone_identifier: subnet_ids,
              network_configuration: [{ subnets: subnet_ids, security_groups: [group(of)], assign_public_ip: true }],
              network_interfaces: subnet_ids.map((subnet_id) => ({ subnet_id, security_groups: [group(of)] })),
              vpc_security_group_ids: [group(of)],
              security_groups: [group(of)],
              associate_public_ip_address: true,
            }),
          )
        }),
        ...rules.map(({ group: of, out, port, peer }, place) =>
          made(`aws_vpc_security_group_${out ? 'egress' : 'ingress'}_rule.v${id}[${place}]`, {
            security_group_id: group(of),
            ip_protocol: 'tcp',
            from_port: port,
            to_port: port,
            ...(typeof peer === 'number'
              ? { referenced_security_group_id: group(peer) }
              : peer.includes(':')
                ? { cidr_ipv6: peer }
                : { cidr_ipv4: peer }),
          }),
        ),
        ...endpoints.map((service) =>
          made(`aws_vpc_endpoint.v${id}[${JSON.stringify(service)}]`, {
            id: `vpce-${id}-${service}`,
            vpc_id,
            service_name: `com.amazonaws.eu-north-1.${service}`,
            vpc_endpoint_type: service === 's3' || service === 'dynamodb' ? 'Gateway' : 'Interface',
            subnet_ids: [subnet(0)],
            security_group_ids: [group(0)],
            route_table_ids: [`rtb-${id}-0`, `rtb-${id}-1`, `rtb-${id}-2`],
          }),
        ),
      ]
    })

const services = fc.array(fc.record({ kind: fc.nat(5), name }), { maxLength: 20 }).map((some) =>
  some.map(({ kind, name }, place) => {
    const types = ['aws_s3_bucket', 'aws_lambda_function', 'aws_dynamodb_table', 'aws_sqs_queue', 'aws_sns_topic', 'aws_kms_key']
    return made(`${types[kind]}.s[${place}]`, { id: `s${place}`, arn: `arn:aws:x:eu-north-1:123456789012:s${place}`, name, bucket: name })
  }),
)
const calls = fc.array(fc.tuple(fc.nat(19), fc.nat(19)), { maxLength: 12 }).map((some) =>
  some.map(([bucket, to], place) =>
    made(`aws_s3_bucket_notification.n[${place}]`, {
      bucket: `s${bucket}`,
      lambda_function: [{ lambda_function_arn: `arn:aws:x:eu-north-1:123456789012:s${to}` }],
      queue: [{ queue_arn: `arn:aws:x:eu-north-1:123456789012:s${to}` }],
    }),
  ),
)
const unknown = fc
  .uniqueArray(fc.stringMatching(/^[a-z]{2,8}_[a-z_]{2,50}$/), { maxLength: 40 })
  .map((types) => types.map((type) => made(`${type}.x`, {})))

/** A state of a stranger. */
export const stranger: fc.Arbitrary<string> = fc
  .tuple(
    fc.nat(3).chain((count) => fc.tuple(...Array.from({ length: count }, (_, id) => vpc(id)))),
    services,
    calls,
    unknown,
  )
  .map(([vpcs, ...others]) => state(made('aws_eip.one', {}), ...vpcs.flat(), ...others.flat()))
