import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { codeSpansIn, rowsIn } from '../../docs/markdown.ts'
import { given } from '../given.ts'
import { mockApply, type Resource } from '../mock.ts'
import { cache, withoutTerraform } from '../terraform.ts'
import { modelOf } from './model.ts'
import { reachable, say, waysOut } from './reach.ts'

const missing = withoutTerraform()
const { resources } = missing === undefined ? await mockApply('environment') : { resources: [] }

/** Nothing launches these yet. */
const toCome = { workstations: 'private', builders: 'private' }
const [people = ''] = given('environment', join(cache, 'given'))['ssh_networks'] as readonly string[]

const page = rowsIn(readFileSync(join(import.meta.dirname, '../../../docs/network.md'), 'utf8'))
const listed = page.flatMap(([from = '', to = '', port = '', why]) =>
  why !== undefined && /^\d+$/.test(port)
    ? codeSpansIn(from).flatMap((one) => codeSpansIn(to).map((other) => `${one === 'people' ? people : one} -> ${other} tcp ${port}`))
    : [],
)

const openings = (of: readonly Resource[]): readonly string[] => reachable(modelOf(of, toCome)).map(say).toSorted()

/** What is open now and was not, and what was and is not. */
function difference(changed: readonly Resource[]): readonly string[] {
  const [before, after] = [openings(resources), openings(changed)]
  return [
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
  ]
}

type Change = (before: readonly Resource[]) => readonly Resource[]

const at = (address: string): Resource => {
  const found = resources.find((resource) => resource.address === address)
  if (found === undefined) throw new Error(`there is no ${address}`)
  return found
}
const id = (address: string): string => String(at(`module.network.${address}`).values['id'])
const group = (name: string): string => id(`aws_security_group.this["${name}"]`)

const add = (type: string, values: Readonly<Record<string, unknown>>): Change => {
  const planted: Resource = { address: `${type}.planted`, mode: 'managed', type, name: 'planted', module: '', values }
  return (before) => [...before, planted]
}
const drop = (address: string): Change => {
  at(address)
  return (before) => before.filter((resource) => resource.address !== address)
}
const change = (address: string, values: Readonly<Record<string, unknown>>): Change => {
  at(address)
  return (before) => before.map((one) => (one.address === address ? { ...one, values: { ...one.values, ...values } } : one))
}

interface RuleGiven {
  readonly peer?: string
  readonly cidr?: string
  readonly port?: number
  readonly protocol?: string
}
const rule = (way: 'ingress' | 'egress', of: string, { peer, cidr, port, protocol = 'tcp' }: RuleGiven): Change =>
  add(`aws_vpc_security_group_${way}_rule`, {
    security_group_id: group(of),
    ip_protocol: protocol,
    from_port: port ?? null,
    to_port: port ?? null,
    cidr_ipv4: cidr ?? null,
    referenced_security_group_id: peer === undefined ? null : group(peer),
  })
const door = (from: string, to: string, port: number): readonly Change[] => [
  rule('egress', from, { peer: to, port }),
  rule('ingress', to, { peer: from, port }),
]
const acl = (
  subnet: string,
  way: 'ingress' | 'egress',
  cidr: string,
  [from, to]: readonly [number, number],
  action: 'allow' | 'deny' = 'allow',
): Change =>
  add('aws_network_acl_rule', {
    network_acl_id: id(`aws_network_acl.this["${subnet}"]`),
    rule_number: 50,
    egress: way === 'egress',
    rule_action: action,
    protocol: 'tcp',
    cidr_block: cidr,
    from_port: from,
    to_port: to,
  })
const route = (subnet: string, to: Readonly<Record<string, string>>): Change =>
  add('aws_route', { route_table_id: id(`aws_route_table.this["${subnet}"]`), destination_cidr_block: '0.0.0.0/0', ...to })

const anywhere = '0.0.0.0/0'
const isolated = '10.0.2.0/24'

/** A hole or a wall that somebody makes, and what it changes: `+` can be reached now, `-` could be. */
const planted: Readonly<Record<string, () => readonly [changes: readonly Change[], differs: readonly string[]]>> = {
  'workers that reach each other': () => [door('workers', 'workers', 8080), ['+ workers -> workers tcp 8080']],
  'a worker that reaches the key host': () => [door('workers', 'key_host', 22), ['+ workers -> key_host tcp 22']],
  'a worker that may ask, and a key host that does not answer': () => [[rule('egress', 'workers', { peer: 'key_host', port: 22 })], []],
  'a door that is open to addresses and not to a group': () => [
    [rule('egress', 'workers', { cidr: '10.0.0.0/8', port: 22 }), rule('ingress', 'key_host', { cidr: isolated, port: 22 })],
    ['+ workers -> key_host tcp 22'],
  ],
  'everything let through between workers': () => [
    [rule('egress', 'workers', { peer: 'workers', protocol: '-1' }), rule('ingress', 'workers', { peer: 'workers', protocol: '-1' })],
    ['+ workers -> workers icmp 0-65535', '+ workers -> workers tcp 0-65535', '+ workers -> workers udp 0-65535'],
  ],
  'a bastion open to the world, behind a NACL that is not': () => [[rule('ingress', 'bastion', { cidr: anywhere, port: 22 })], []],
  'a bastion open to the world, and its NACL too': () => [
    [
      rule('ingress', 'bastion', { cidr: anywhere, port: 22 }),
      acl('public', 'ingress', anywhere, [22, 22]),
      acl('public', 'egress', anywhere, [1024, 65535]),
    ],
    ['+ internet -> bastion tcp 22', `- ${people} -> bastion tcp 22`],
  ],
  'a NAT route for the isolated subnet and workers that may use it, stopped by the NACL at the NAT gateway': () => [
    [route('isolated', { nat_gateway_id: id('aws_nat_gateway.this') }), rule('egress', 'workers', { cidr: anywhere, port: 443 })],
    ['+ workers -> dynamodb tcp 443'],
  ],
  'a NAT route for the isolated subnet, workers that may use it and a NACL that lets them': () => [
    [
      route('isolated', { nat_gateway_id: id('aws_nat_gateway.this') }),
      rule('egress', 'workers', { cidr: anywhere, port: 443 }),
      acl('public', 'ingress', isolated, [443, 443]),
      acl('public', 'egress', isolated, [32768, 60999]),
    ],
    ['+ workers -> dynamodb tcp 443', '+ workers -> internet tcp 443'],
  ],
  'an isolated subnet that gives out public addresses and leads to the internet': () => [
    [
      change('module.network.aws_subnet.this["isolated"]', { map_public_ip_on_launch: true }),
      route('isolated', { gateway_id: id('aws_internet_gateway.this') }),
      rule('ingress', 'key_host', { cidr: '198.51.100.0/24', port: 443 }),
      acl('isolated', 'ingress', '198.51.100.0/24', [443, 443]),
      acl('isolated', 'egress', '198.51.100.0/24', [1024, 65535]),
    ],
    ['+ 198.51.100.0/24 -> key_host tcp 443'],
  ],
  'a NACL that keeps the answers from people': () => [
    [acl('public', 'egress', people, [1024, 65535], 'deny')],
    [`- ${people} -> bastion tcp 22`],
  ],
  'a NACL that keeps all answers from the isolated subnet': () => [
    [acl('isolated', 'ingress', anywhere, [32768, 60999], 'deny')],
    ['- key_host -> dynamodb tcp 443', '- key_host -> s3 tcp 443', '- workers -> s3 tcp 443'],
  ],
  'a NACL that keeps some answers from the isolated subnet': () => [
    [acl('isolated', 'ingress', anywhere, [40000, 40099], 'deny')],
    ['key_host -> dynamodb', 'key_host -> s3', 'workers -> s3']
      .map((line) => `+ ${line} tcp 443, not always`)
      .concat(['- key_host -> dynamodb tcp 443', '- key_host -> s3 tcp 443', '- workers -> s3 tcp 443']),
  ],
  'a NACL that keeps answers from the NAT gateway': () => [
    [acl('public', 'ingress', anywhere, [1024, 2047], 'deny')],
    [
      '+ builders -> internet tcp 443, not always',
      '+ workstations -> internet tcp 443, not always',
      '- builders -> internet tcp 443',
      '- workstations -> internet tcp 443',
    ],
  ],
  'the NAT route lost, as the field notes lost it': () => [
    [drop('module.network.aws_route.private_nat')],
    ['- builders -> internet tcp 443', '- workstations -> internet tcp 443'],
  ],
  'the S3 endpoint lost on the private route table': () => [
    [
      change('module.endpoints.aws_vpc_endpoint.s3', {
        route_table_ids: [id('aws_route_table.this["isolated"]'), id('aws_route_table.this["public"]')],
      }),
    ],
    [
      '+ builders -> s3 past its endpoint tcp 443',
      '+ workstations -> s3 past its endpoint tcp 443',
      '- builders -> s3 tcp 443',
      '- workstations -> s3 tcp 443',
    ],
  ],
}

/** What the analyser does not understand, and refuses. */
const refused: Readonly<Record<string, () => readonly [change: Change, says: RegExp]>> = {
  'a way to another VPC': () => [
    add('aws_vpc_peering_connection', { id: 'pcx-1' }),
    /what these let through: aws_vpc_peering_connection\.planted/,
  ],
  'rules of the old kind': () => [add('aws_security_group_rule', { id: 'sgrule-1' }), /aws_security_group_rule\.planted/],
  'rules inside of a group': () => [
    change('module.network.aws_security_group.this["workers"]', { ingress: [{ from_port: 22 }] }),
    /aws_security_group\.this\["workers"\] lets through/,
  ],
  'a default group that lets something through': () => [
    change('module.network.aws_default_security_group.closed', { egress: [{ from_port: 0 }] }),
    /aws_default_security_group\.closed lets through/,
  ],
  'a route inside of a table': () => [
    change('module.network.aws_route_table.this["isolated"]', { route: [{ cidr_block: anywhere }] }),
    /aws_route_table\.this\["isolated"\] lets through/,
  ],
  'a route to a thing of another kind': () => [
    route('isolated', { transit_gateway_id: 'tgw-1' }),
    /aws_route\.planted: cannot say where it leads/,
  ],
  'a door for IPv6': () => [
    add('aws_vpc_security_group_ingress_rule', { security_group_id: group('workers'), ip_protocol: '-1', cidr_ipv6: '::/0' }),
    /aws_vpc_security_group_ingress_rule\.planted lets through/,
  ],
  'a prefix list of somebody': () => [
    add('aws_vpc_security_group_egress_rule', {
      security_group_id: group('workers'),
      ip_protocol: 'tcp',
      from_port: 1,
      to_port: 2,
      prefix_list_id: 'pl-1',
    }),
    /what is on the prefix list pl-1/,
  ],
  'a group of which nobody knows where its hosts are': () => [add('aws_security_group', { id: 'sg-1' }), /in which subnet .*: planted/],
  'a second VPC': () => [add('aws_vpc', { id: 'vpc-1', cidr_block: '10.1.0.0/16' }), /expected one VPC, got more/],
}

describe.skipIf(missing !== undefined)(missing ?? 'in the environment', () => {
  test('ctl:N4 ctl:N5 ctl:N6 who can open a connection to whom is what docs/network.md says, and nobody else', () => {
    expect(listed).not.toEqual([])
    expect(openings(resources)).toEqual(listed.toSorted())
  })

  // A rule that the other fence makes idle is a hole half dug.
  test('ctl:N5 ctl:N6 every rule of a group opens something by itself', () => {
    const idle = resources.filter(({ type, values, address }) => {
      const side = /^aws_vpc_security_group_(ingress|egress)_rule$/.exec(type)?.[1]
      if (side === undefined) return false
      const alone = resources.filter(
        (one) => one.type !== type || one.values['security_group_id'] !== values['security_group_id'] || one.address === address,
      )
      return !reachable(modelOf(alone, toCome)).some(({ from, to }) => {
        const host = side === 'egress' ? from : to
        return host.kind === 'host' && host.groups.includes(String(values['security_group_id']))
      })
    })
    expect(idle.map(({ address }) => address)).toEqual([])
  })

  test('ctl:N7 every rule of a NACL and every route is needed', () => {
    const parts = resources.filter(({ type }) => type === 'aws_network_acl_rule' || type === 'aws_route')
    const idle = parts.filter((part) => difference(resources.filter((one) => one !== part)).length === 0)
    expect(idle.map(({ address }) => address)).toEqual([])
  })

  test('ctl:N5 ctl:N11 ways out are those of docs/network.md: the isolated subnet has none', () => {
    const rows = page.flatMap(([subnet = '', , way = '', who]) =>
      who === undefined || !/^(`internet`|`NAT`|none)$/.test(way) ? [] : [[subnet, way]],
    )
    const told = rows.map(
      ([subnet = '', way]) => `${codeSpansIn(subnet)[0]}${way === '`NAT`' ? ' by NAT in public' : way === 'none' ? ' not' : ''}`,
    )
    expect(told).toEqual(['public', 'private by NAT in public', 'isolated not'])
    expect(waysOut(modelOf(resources, toCome)).toSorted()).toEqual(told.filter((line) => !line.endsWith(' not')).toSorted())
  })

  test('a way out of the isolated subnet is found, also while nobody may use it', () => {
    const added = route('isolated', { nat_gateway_id: id('aws_nat_gateway.this') })(resources)
    expect(waysOut(modelOf(added, toCome))).toContain('isolated by NAT in public')
  })

  test('the NAT gateway and the S3 endpoint are both reached from the private subnet', () => {
    expect(openings(resources)).toEqual(expect.arrayContaining(['workstations -> internet tcp 443', 'workstations -> s3 tcp 443']))
  })

  test.each(Object.entries(planted))('%s', (_, plant) => {
    const [changes, differs] = plant()
    expect(difference(changes.reduce((before, one) => one(before), resources))).toEqual(differs)
  })

  test.each(Object.entries(refused))('is not judged: %s', (_, plant) => {
    const [one, says] = plant()
    expect(() => openings(one(resources))).toThrow(says)
  })
})
