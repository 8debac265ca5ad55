/** The network of a root: hosts in subnets, what is outside, and the rules between them. */
import type { Resource } from '../mock.ts'
import { contains, type Range } from './sets.ts'
import { type Of, readerOf } from './shapes.ts'

/** A rule of a group, on the one side of it. Its peer is a network, a prefix list or a group. */
export interface Rule {
  readonly group: string
  readonly protocol: string
  readonly ports: Range
  readonly cidr?: string | undefined
  readonly list?: string | undefined
  readonly peer?: string | undefined
}

export interface AclRule {
  readonly number: number
  readonly egress: boolean
  readonly allow: boolean
  readonly protocol: string
  readonly ports: Range
  readonly cidr: string
}

export interface Subnet {
  readonly id: string
  readonly name: string
  readonly cidr: string
  readonly givesAddresses: boolean
  readonly table: string
  readonly acl: readonly AclRule[]
}

/** A kind of host, or the interface endpoints: whoever is in the same subnet and has the same groups. */
export interface Host {
  readonly kind: 'host'
  readonly name: string
  readonly subnet: Subnet
  readonly groups: readonly string[]
  readonly hasAddress: boolean
}
/** A network that is not ours. */
export interface Outside {
  readonly kind: 'outside'
  readonly name: string
  readonly cidr: string
}
/** A service behind a gateway endpoint, and the route tables that lead there. */
export interface Service {
  readonly kind: 'service'
  readonly name: string
  readonly list: string
  readonly tables: readonly string[]
}

export interface Route {
  readonly table: string
  readonly cidr: string
  /** To the internet itself, or to the NAT gateway in this subnet. */
  readonly to: 'internet' | Subnet
}

export interface Model {
  readonly subnets: readonly Subnet[]
  readonly hosts: readonly Host[]
  readonly outside: readonly Outside[]
  readonly services: readonly Service[]
  readonly ingress: readonly Rule[]
  readonly egress: readonly Rule[]
  readonly routes: readonly Route[]
  readonly protocols: readonly string[]
}

/** Kinds of host that have a group, but that nothing launches yet: the name of their subnet by that of their group. */
export type ToCome = Readonly<Record<string, string>>

type Reader = ReturnType<typeof readerOf>

export function modelOf(resources: readonly Resource[], toCome: ToCome): Model {
  const all = readerOf(resources)
  const subnets = subnetsOf(all)
  const services = all('aws_vpc_endpoint').flatMap((one): readonly Service[] =>
    one.vpc_endpoint_type === 'Interface'
      ? []
      : [{ kind: 'service', name: one.service_name.split('.').at(-1) ?? '', list: one.prefix_list_id, tables: one.route_table_ids }],
  )
  const [ingress, egress] = [
    rulesOf(all('aws_vpc_security_group_ingress_rule'), services),
    rulesOf(all('aws_vpc_security_group_egress_rule'), services),
  ]
  const [vpc, another] = all('aws_vpc')
  if (vpc === undefined || another !== undefined) throw new Error(`expected one VPC, got ${vpc === undefined ? 'none' : 'more'}`)
  const routes = routesOf(all, subnets)
  const inside = routes.find(({ cidr }) => contains(vpc.cidr_block, cidr))
  if (inside !== undefined) throw new Error(`cannot say what a route to our own ${inside.cidr} leads around`)
  const cidrs = [...ingress, ...egress, ...subnets.flatMap(({ acl }) => acl), ...routes].flatMap(({ cidr }) => cidr ?? [])
  const outside = [...new Set(['0.0.0.0/0', ...cidrs])]
    .filter((cidr) => !contains(vpc.cidr_block, cidr))
    .map((cidr): Outside => ({ kind: 'outside', name: cidr === '0.0.0.0/0' ? 'internet' : cidr, cidr }))
  const protocols = [...ingress, ...egress].flatMap(({ protocol }) => (protocol === 'all' ? [] : protocol))
  return {
    subnets,
    hosts: hostsOf(all, subnets, toCome),
    outside,
    services,
    ingress,
    egress,
    routes,
    protocols: [...new Set(['tcp', 'udp', 'icmp', ...protocols])],
  }
}

function subnetsOf(all: Reader): readonly Subnet[] {
  const acls = all('aws_network_acl')
  return all('aws_subnet').map((subnet) => {
    const [association, another] = all('aws_route_table_association').filter(({ subnet_id }) => subnet_id === subnet.id)
    if (association === undefined || another !== undefined)
      throw new Error(`${subnet.resource.address}: expected one route table of its own`)
    // Without a NACL of its own a subnet has the default one, which is empty.
    const acl = acls.find(({ subnet_ids }) => subnet_ids.includes(subnet.id))
    const rules = all('aws_network_acl_rule').filter(({ network_acl_id }) => network_acl_id === acl?.id)
    return {
      id: subnet.id,
      name: nameOf(subnet.resource),
      cidr: subnet.cidr_block,
      givesAddresses: subnet.map_public_ip_on_launch === true,
      table: association.route_table_id,
      acl: rules
        .map((rule) => ({
          number: rule.rule_number,
          egress: rule.egress === true,
          allow: rule.rule_action === 'allow',
          protocol: protocolOf(rule.protocol),
          ports: portsOf(rule.protocol, rule.from_port, rule.to_port),
          cidr: rule.cidr_block,
        }))
        .toSorted((a, b) => a.number - b.number),
    }
  })
}

function hostsOf(all: Reader, subnets: readonly Subnet[], toCome: ToCome): readonly Host[] {
  const groups = new Map(all('aws_security_group').map(({ resource, id }) => [id, nameOf(resource)]))
  const host = (subnet: string, ids: readonly string[], hasAddress: boolean): Host => {
    const at = subnetOf(subnets, subnet)
    const name = ids.map((id) => groups.get(id) ?? `unknown group ${id}`).join('+')
    return { kind: 'host', name, subnet: at, groups: ids, hasAddress: hasAddress || at.givesAddresses }
  }
  const elastic = new Set(all('aws_eip_association').map(({ instance_id }) => instance_id))
  const found = [
    ...all('aws_instance').map((one) =>
      host(one.subnet_id, one.vpc_security_group_ids, elastic.has(one.id) || one.associate_public_ip_address === true),
    ),
    ...all('aws_launch_template').flatMap(({ network_interfaces }) =>
      network_interfaces.map((one) => host(one.subnet_id, one.security_groups, one.associate_public_ip_address === 'true')),
    ),
    ...all('aws_vpc_endpoint').flatMap((one) =>
      one.vpc_endpoint_type === 'Gateway' ? [] : one.subnet_ids.map((subnet) => host(subnet, one.security_group_ids, false)),
    ),
    ...[...groups].flatMap(([id, name]) => (toCome[name] === undefined ? [] : [host(toCome[name], [id], false)])),
  ]
  const idle = [...groups].filter(([id]) => !found.some((one) => one.groups.includes(id)))
  if (idle.length > 0) throw new Error(`say in which subnet the hosts of these groups will be: ${idle.map(([, name]) => name).join(', ')}`)
  const kinds = Map.groupBy(found, ({ name, subnet, hasAddress }) => [name, subnet.id, hasAddress].join(' '))
  return [...kinds.values()].flatMap(([first]) => first ?? [])
}

function rulesOf(rules: readonly Of<'aws_vpc_security_group_ingress_rule'>[], services: readonly Service[]): readonly Rule[] {
  return rules.map((rule) => {
    const list = rule.prefix_list_id ?? undefined
    if (list !== undefined && !services.some((service) => service.list === list))
      throw new Error(`${rule.resource.address}: cannot say what is on the prefix list ${list}`)
    return {
      group: rule.security_group_id,
      protocol: protocolOf(rule.ip_protocol),
      ports: portsOf(rule.ip_protocol, rule.from_port, rule.to_port),
      cidr: rule.cidr_ipv4 ?? undefined,
      list,
      peer: rule.referenced_security_group_id ?? undefined,
    }
  })
}

function routesOf(all: Reader, subnets: readonly Subnet[]): readonly Route[] {
  const gateways = new Set(all('aws_internet_gateway').map(({ id }) => id))
  const nats = new Map(all('aws_nat_gateway').map(({ id, subnet_id }) => [id, subnetOf(subnets, subnet_id)]))
  return all('aws_route').map((route) => {
    const to = gateways.has(route.gateway_id ?? '') ? ('internet' as const) : nats.get(route.nat_gateway_id ?? '')
    if (to === undefined) throw new Error(`${route.resource.address}: cannot say where it leads`)
    return { table: route.route_table_id, cidr: route.destination_cidr_block, to }
  })
}

function subnetOf(subnets: readonly Subnet[], wanted: string): Subnet {
  const found = subnets.find(({ id, name }) => id === wanted || name === wanted)
  if (found === undefined) throw new Error(`there is no subnet ${wanted}`)
  return found
}

/** By its index where it has one: of `aws_security_group.this["workers"]` that says most. */
const nameOf = ({ name, index }: Resource): string => String(index ?? name)

const numbers: Readonly<Record<string, string>> = { '-1': 'all', '1': 'icmp', '6': 'tcp', '17': 'udp', '58': 'icmpv6' }
const protocolOf = (protocol: string): string => numbers[protocol] ?? protocol

/** What has no ports is let through as a whole. */
function portsOf(protocol: string, from: number | null | undefined, to: number | null | undefined): Range {
  if (!['tcp', 'udp'].includes(protocolOf(protocol))) return [0, 65535]
  if (typeof from !== 'number' || typeof to !== 'number') throw new Error(`expected ports with ${protocol}`)
  return [from, to]
}
