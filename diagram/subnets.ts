/** Subnets with the routes that packets take out of them. */
import { isNetwork } from './cidr.ts'
import type { Links } from './links.ts'
import type { Route, Subnet, SubnetKind } from './model.ts'
import { nameOf, type Setting } from './names.ts'
import type { Resource, Values } from './plan.ts'

type Target = Pick<
  Values,
  | 'gateway_id'
  | 'nat_gateway_id'
  | 'egress_only_gateway_id'
  | 'transit_gateway_id'
  | 'vpc_peering_connection_id'
  | 'vpc_endpoint_id'
  | 'network_interface_id'
>

/** A route's target by the argument that names it: of which types it may be, and what it is called. */
const targets: readonly (readonly [argument: keyof Target, words: string, types: readonly string[]])[] = [
  ['nat_gateway_id', 'NAT gateway', ['aws_nat_gateway']],
  ['egress_only_gateway_id', 'egress-only gateway', ['aws_egress_only_internet_gateway']],
  ['transit_gateway_id', 'transit gateway', ['aws_ec2_transit_gateway']],
  ['vpc_peering_connection_id', 'peering', ['aws_vpc_peering_connection']],
  ['vpc_endpoint_id', 'endpoint', ['aws_vpc_endpoint']],
  ['gateway_id', 'internet gateway', ['aws_internet_gateway', 'aws_vpn_gateway', 'aws_vpc_endpoint']],
  ['network_interface_id', 'network interface', ['aws_network_interface', 'aws_instance']],
]

const TABLES = ['aws_route_table', 'aws_default_route_table']

/** One way out of a subnet, with the resource that it leads to when that is in the plan. */
export interface Way extends Route {
  readonly target: Resource | undefined
  readonly everywhere: boolean
}

export interface Subnets {
  readonly subnets: readonly Subnet[]
  readonly waysOf: (subnet: Resource) => readonly Way[]
  readonly tableOf: (subnet: Resource) => Resource | undefined
}

/** The subnets of one network, or those of which it is not known; the id of a subnet is its key. */
export function subnetsOf(
  vpc: Resource | undefined,
  resources: readonly Resource[],
  links: Links,
  setting: Setting,
  homeOf: (subnet: Resource) => Resource | undefined,
): Subnets {
  const ofType = (...types: readonly string[]) => resources.filter(({ type }) => types.includes(type))
  const main = vpc === undefined ? undefined : mainTableOf(vpc, resources, links)
  const tables = new Map<Resource, Resource>()
  for (const one of ofType('aws_route_table_association')) {
    const subnet = links.one(one, one.values.subnet_id, 'subnet_id', ['aws_subnet'])
    const table = links.one(one, one.values.route_table_id, 'route_table_id', TABLES)
    if (subnet !== undefined && table !== undefined) tables.set(subnet, table)
  }
  const ways = new Map<Resource, Way[]>()
  const add = (table: Resource | undefined, way: Way | undefined): void => {
    if (table === undefined || way === undefined) return
    const known = ways.get(table) ?? []
    if (!known.some(({ to, by }) => to === way.to && by === way.by)) ways.set(table, [...known, way])
  }
  for (const one of ofType('aws_route')) {
    const { destination_cidr_block, destination_ipv6_cidr_block, destination_prefix_list_id } = one.values
    const named = [destination_cidr_block, destination_ipv6_cidr_block, destination_prefix_list_id]
    add(links.one(one, one.values.route_table_id, 'route_table_id', TABLES), wayOf(one, one.values, '', firstOf(named), links))
  }
  for (const table of ofType(...TABLES)) {
    for (const route of table.values.route ?? []) {
      const named = [route.cidr_block, route.ipv6_cidr_block, route.destination_prefix_list_id]
      add(table, wayOf(table, route, 'route.', firstOf(named), links))
    }
  }

  const tableOf = (subnet: Resource): Resource | undefined => tables.get(subnet) ?? main
  const waysOf = (subnet: Resource): readonly Way[] => {
    const table = tableOf(subnet)
    return (table === undefined ? undefined : ways.get(table)) ?? []
  }
  const own = ofType('aws_subnet').filter((one) => homeOf(one) === vpc)
  return {
    subnets: own.map((one) => {
      const out = waysOf(one)
      return {
        id: one.key,
        name: nameOf(one, setting),
        cidrs: [one.values.cidr_block, one.values.ipv6_cidr_block].filter((cidr) => cidr != null).filter(isNetwork),
        zone: one.values.availability_zone ?? '',
        kind: kindOf(out),
        routes: out.map(({ to, by, place }) => ({ to, by, place })),
      }
    }),
    waysOf,
    tableOf,
  }
}

/** Where a route goes: what is not said is null, not there or empty. */
const firstOf = (named: readonly (string | null | undefined)[]): string | undefined =>
  named.find((one) => one != null && one !== '') ?? undefined

/** The table of subnets that name none. */
function mainTableOf(vpc: Resource, resources: readonly Resource[], links: Links): Resource | undefined {
  const isOfThis = (one: Resource, known: string | null | undefined, path: string): boolean =>
    links.one(one, known, path, ['aws_vpc']) === vpc
  const chosen = resources.find((one) => one.type === 'aws_main_route_table_association' && isOfThis(one, one.values.vpc_id, 'vpc_id'))
  if (chosen !== undefined) return links.one(chosen, chosen.values.route_table_id, 'route_table_id', TABLES)
  return resources.find(
    (one) => one.type === 'aws_default_route_table' && isOfThis(one, one.values.default_route_table_id, 'default_route_table_id'),
  )
}

function kindOf(ways: readonly Way[]): SubnetKind {
  const out = ways.filter(({ everywhere }) => everywhere)
  if (out.some(({ by }) => by === 'internet gateway')) return 'public'
  return out.length > 0 ? 'private' : 'isolated'
}

function wayOf(from: Resource, values: Target, path: string, to: string | undefined, links: Links): Way | undefined {
  if (to === undefined) return undefined
  for (const [argument, words, types] of targets) {
    const known = values[argument]
    if (known === null || known === '') continue
    if (known === 'local') return undefined
    const target = links.one(from, known, `${path}${argument}`, types)
    if (target === undefined && typeof known !== 'string') continue
    const by =
      target?.type === 'aws_vpn_gateway' || known?.startsWith('vgw-') === true
        ? 'VPN gateway'
        : target?.type === 'aws_vpc_endpoint'
          ? 'endpoint'
          : words
    return { to, by, target, place: target?.key, everywhere: to === '0.0.0.0/0' || to === '::/0' }
  }
  return { to, by: 'what is not known yet', target: undefined, place: undefined, everywhere: to === '0.0.0.0/0' || to === '::/0' }
}
