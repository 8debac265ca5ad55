import { describe, expect, test } from 'vitest'
import { arrowsIn, environmentIn } from './arrows.ts'
import { made, plan, refers, written } from './plans.ts'

/** A network in a module of its own, as in a first plan: not one id is known. */
const network = {
  resources: [
    made('aws_vpc.this', { cidr_block: '10.0.0.0/16', tags: { Name: 'net' } }),
    ...['public', 'private'].map((name, place) =>
      made(`aws_subnet.this[${JSON.stringify(name)}]`, {
        cidr_block: `10.0.${place}.0/24`,
        availability_zone: 'eu-west-1a',
        tags: { Name: name },
      }),
    ),
    made('aws_internet_gateway.this'),
    made('aws_route_table.this["public"]', { route: undefined }),
    made('aws_route_table.this["private"]', { route: undefined }),
    made('aws_route_table_association.this["public"]'),
    made('aws_route_table_association.this["private"]'),
    made('aws_nat_gateway.this[0]', { connectivity_type: 'public' }),
    made('aws_route.out', { destination_cidr_block: '0.0.0.0/0', nat_gateway_id: null }),
    made('aws_route.nat', { destination_cidr_block: '0.0.0.0/0', gateway_id: null }),
    ...['bastion', 'key_host', 'workers'].map((name) => made(`aws_security_group.this[${JSON.stringify(name)}]`, { name })),
    made('aws_vpc_security_group_ingress_rule.people', { cidr_ipv4: '203.0.113.0/24', ip_protocol: 'tcp', from_port: 22, to_port: 22 }),
    ...['ingress', 'egress'].flatMap((direction) =>
      ['bastion-key_host', 'bastion-workers'].map((key) =>
        made(`aws_vpc_security_group_${direction}_rule.door[${JSON.stringify(key)}]`, {
          cidr_ipv4: null,
          ip_protocol: 'tcp',
          from_port: 22,
          to_port: 22,
        }),
      ),
    ),
  ],
  configuration: {
    outputs: {
      subnet_ids: { expression: refers('aws_subnet.this') },
      security_group_ids: { expression: refers('aws_security_group.this') },
    },
    resources: [
      written('aws_subnet', 'this', { vpc_id: refers('aws_vpc.this.id', 'aws_vpc.this') }),
      written('aws_internet_gateway', 'this', { vpc_id: refers('aws_vpc.this.id', 'aws_vpc.this') }),
      written('aws_route_table_association', 'this', {
        subnet_id: refers('aws_subnet.this', 'each.key'),
        route_table_id: refers('aws_route_table.this', 'each.key'),
      }),
      written('aws_nat_gateway', 'this', {
        subnet_id: refers('aws_subnet.this["public"].id', 'aws_subnet.this["public"]', 'aws_subnet.this'),
      }),
      written('aws_route', 'out', {
        route_table_id: refers('aws_route_table.this["public"].id', 'aws_route_table.this["public"]', 'aws_route_table.this'),
        gateway_id: refers('aws_internet_gateway.this.id', 'aws_internet_gateway.this'),
      }),
      written('aws_route', 'nat', {
        route_table_id: refers('aws_route_table.this["private"].id', 'aws_route_table.this["private"]', 'aws_route_table.this'),
        nat_gateway_id: refers('aws_nat_gateway.this[0].id', 'aws_nat_gateway.this[0]', 'aws_nat_gateway.this'),
      }),
      written('aws_security_group', 'this', { vpc_id: refers('aws_vpc.this.id', 'aws_vpc.this') }),
      written('aws_vpc_security_group_ingress_rule', 'people', {
        security_group_id: refers('aws_security_group.this["bastion"].id', 'aws_security_group.this["bastion"]', 'aws_security_group.this'),
      }),
      ...[
        ['ingress', 'to', 'from'],
        ['egress', 'from', 'to'],
      ].map(([direction, own, other]) =>
        written(`aws_vpc_security_group_${direction}_rule`, 'door', {
          security_group_id: refers('aws_security_group.this', `each.value.${own}`, 'each.value'),
          referenced_security_group_id: refers('aws_security_group.this', `each.value.${other}`, 'each.value'),
        }),
      ),
    ],
  },
}

/** A module that is given the whole network, and picks from it. */
const host = (name: string, subnet: string, group: string) => ({
  resources: [
    made(`aws_instance.${name}`, { instance_type: 'm6i.large', tags: { Name: name } }),
    ...(name === 'bastion' ? [made('aws_eip.bastion')] : []),
  ],
  configuration: {
    resources: [
      written('aws_instance', name, {
        subnet_id: refers(`var.network.subnet_ids.${subnet}`, 'var.network.subnet_ids', 'var.network'),
        vpc_security_group_ids: refers(`var.network.security_group_ids.${group}`, 'var.network.security_group_ids', 'var.network'),
      }),
      ...(name === 'bastion'
        ? [written('aws_eip', 'bastion', { instance: refers('aws_instance.bastion.id', 'aws_instance.bastion') })]
        : []),
    ],
  },
})

const call = { expressions: { network: refers('module.network') } }
const first = plan({
  modules: {
    environment: {
      modules: { network, bastion: host('bastion', 'public', 'bastion'), edgar: host('edgar', 'private', 'key_host') },
      configuration: { calls: { bastion: call, edgar: call } },
    },
  },
  configuration: {},
})

describe('a first plan, in which no id is known', () => {
  const environment = environmentIn(first)
  const [drawn] = environment.networks

  test('every subnet has the routes of its table', () => {
    expect(drawn?.subnets.map(({ name, kind, routes }) => [name, kind, routes.map(({ by }) => by)])).toEqual([
      ['private', 'private', ['NAT gateway']],
      ['public', 'public', ['internet gateway']],
    ])
  })

  test('every host stands in its subnet, through two modules', () => {
    expect(drawn?.places.map(({ name, subnets }) => [name, subnets.map((id) => /\["(.*)"\]/.exec(id)?.[1])])).toEqual([
      ['bastion', ['public']],
      ['edgar', ['private']],
      ['NAT gateway', ['public']],
    ])
  })

  test('rules that refer to one group are exact, those that only their keys tell of are said to be', () => {
    expect(arrowsIn(environment)).toEqual(['203.0.113.0/24 -> bastion 22', 'NAT gateway -> the internet route', 'bastion -> edgar 22'])
    expect(environment).toMatchObject({ rulesByKey: 4, rulesUnplaced: 0 })
  })
})

test.each([
  ['bastion-workers', 'bastion -> edgar 22'],
  ['bastion-to-workers', 'bastion -> edgar 22'],
  ['workers-from-bastion', 'bastion -> edgar 22'],
  ['ssh', undefined],
  ['bastion-workers-key_host', undefined],
])('a rule with the key %s', (key, arrow) => {
  const rename = first
    .replaceAll('bastion-key_host', key)
    .replaceAll('var.network.security_group_ids.key_host', 'var.network.security_group_ids.workers')
  const escaped = rename.replaceAll('bastion-workers\\"', 'nothing\\"').replaceAll('"bastion-workers"', '"nothing"')
  const json = key === 'bastion-workers' ? rename : escaped
  expect(arrowsIn(environmentIn(json)).filter((one) => one.endsWith('edgar 22'))[0]).toBe(arrow)
})

describe('counted resources and lists of them', () => {
  const group = (index: number) =>
    made(`aws_subnet.a[${index}]`, { cidr_block: `10.0.${index}.0/24`, availability_zone: `eu-west-1${'abc'[index]}` })
  const json = plan({
    resources: [
      made('aws_vpc.a', { cidr_block: '10.0.0.0/16' }),
      ...[0, 1, 2].map(group),
      made('aws_lb.web', { name: 'web', internal: true }),
      ...[0, 1, 2, 3].map((index) => made(`aws_instance.web[${index}]`, { tags: { Name: `web-${index}` } })),
    ],
    configuration: {
      resources: [
        written('aws_subnet', 'a', { vpc_id: refers('aws_vpc.a.id', 'aws_vpc.a') }),
        written('aws_lb', 'web', { subnets: refers('aws_subnet.a') }),
        written('aws_instance', 'web', { subnet_id: refers('aws_subnet.a', 'count.index') }),
      ],
    },
  })

  test('one is in the subnet of its own number, and they begin again after the last', () => {
    const places = environmentIn(json).networks[0]?.places ?? []
    expect(places.filter(({ kind }) => kind === 'instance').map(({ name, count, subnets }) => [name, count, subnets.join()])).toEqual([
      ['web', 2, '0 aws_subnet.a[0]'],
      ['web-1', 1, '0 aws_subnet.a[1]'],
      ['web-2', 1, '0 aws_subnet.a[2]'],
    ])
    expect(places.find(({ kind }) => kind === 'balancer')?.subnets).toHaveLength(3)
  })
})

test.each([
  ['nothing tells', refers('local.subnets', 'each.value')],
  ['one of several is meant', refers('aws_subnet.a', 'aws_subnet.b', 'each.value')],
])('a host of which the subnet cannot be told, for %s, is drawn as such, not anywhere', (_, subnet_id) => {
  const json = plan({
    resources: [
      made('aws_vpc.a', { cidr_block: '10.0.0.0/16' }),
      made('aws_subnet.a', { cidr_block: '10.0.0.0/24' }),
      made('aws_subnet.b', { cidr_block: '10.0.1.0/24' }),
      made('aws_instance.x', {}),
    ],
    configuration: {
      resources: [
        written('aws_subnet', 'a', { vpc_id: refers('aws_vpc.a.id', 'aws_vpc.a') }),
        written('aws_subnet', 'b', { vpc_id: refers('aws_vpc.a.id', 'aws_vpc.a') }),
        written('aws_instance', 'x', { subnet_id }),
      ],
    },
  })
  expect(environmentIn(json).networks[0]?.places).toMatchObject([{ name: 'x', subnets: [] }])
})

test('of a module that is called twice, the one instance that is named is meant', () => {
  const zone = (name: string) => ({
    resources: [
      made('aws_vpc.a', { cidr_block: '10.0.0.0/16', tags: { Name: name } }),
      made('aws_subnet.a', { cidr_block: '10.0.0.0/24', tags: { Name: name } }),
    ],
    configuration: {
      outputs: { subnet: { expression: refers('aws_subnet.a.id', 'aws_subnet.a') } },
      resources: [written('aws_subnet', 'a', { vpc_id: refers('aws_vpc.a.id', 'aws_vpc.a') })],
    },
  })
  const json = plan({
    modules: { 'zone["east"]': zone('east'), 'zone["west"]': zone('west') },
    resources: [made('aws_instance.x', { tags: { Name: 'x' } }), made('aws_instance.y["east"]', { tags: { Name: 'y' } })],
    configuration: {
      resources: [
        written('aws_instance', 'x', { subnet_id: refers('module.zone["west"].subnet', 'module.zone["west"]', 'module.zone') }),
        written('aws_instance', 'y', { subnet_id: refers('module.zone', 'each.key') }),
      ],
    },
  })
  const { networks } = environmentIn(json)
  expect(networks.map(({ name, places }) => [name, places.map((place) => place.name)])).toEqual([
    ['east', []],
    ['west', ['x']],
    ['not known', ['y']],
  ])
})

test('who is called by a bucket follows from who may be, where the notification is a dynamic block', () => {
  const json = plan({
    resources: [
      made('aws_s3_bucket_notification.n', {
        bucket: 'uploads',
        lambda_function: [{ events: ['s3:ObjectCreated:*'] }],
        queue: [],
        topic: [],
      }),
      made('aws_lambda_permission.p', { source_arn: 'arn:aws:s3:::uploads', function_name: 'intake' }),
      made('aws_lambda_function.f', { function_name: 'intake' }),
    ],
    configuration: {},
  })
  expect(arrowsIn(environmentIn(json))).toEqual(['uploads -> intake'])
})
