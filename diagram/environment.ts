/** From plans and states to what is drawn of them. */
import { isNetwork, rangeOf } from './cidr.ts'
import { flowsOf, openWithout } from './flows.ts'
import { HOSTS, type Host, hostsOf } from './hosts.ts'
import { type Links, linksOf } from './links.ts'
import type { Environment, Gateway, Network, Place } from './model.ts'
import { nameOf, regionOf, type Setting, settingOf, shortened } from './names.ts'
import type { Plan, Resource } from './plan.ts'
import { GROUPS, type Rule, rulesOf } from './rules.ts'
import { SERVICES, servicesOf } from './services.ts'
import { subnetsOf } from './subnets.ts'
import { clean } from './text.ts'

const VPC = ['aws_vpc']

const gateways: Readonly<Record<string, readonly [kind: Gateway['kind'], words: string]>> = {
  aws_internet_gateway: ['internet', 'Internet gateway'],
  aws_egress_only_internet_gateway: ['egress', 'Egress-only gateway'],
  aws_vpn_gateway: ['other', 'VPN gateway'],
  aws_ec2_transit_gateway_vpc_attachment: ['other', 'Transit gateway'],
  aws_vpc_peering_connection: ['other', 'Peering'],
}

/** Types that are in the picture, by a shape, an arrow or a word. All others are counted below it. */
const drawn: ReadonlySet<string> = new Set([
  ...VPC,
  ...HOSTS,
  ...SERVICES,
  ...GROUPS,
  ...Object.keys(gateways),
  'aws_subnet',
  'aws_vpc_ipv4_cidr_block_association',
  'aws_route',
  'aws_route_table',
  'aws_default_route_table',
  'aws_route_table_association',
  'aws_main_route_table_association',
  'aws_eip',
  'aws_eip_association',
  'aws_db_subnet_group',
  'aws_security_group_rule',
  'aws_vpc_security_group_ingress_rule',
  'aws_vpc_security_group_egress_rule',
])

/** Everything of the plans and states, as one environment. */
export function environmentOf(plans: readonly Plan[]): Environment {
  const resources = withoutDoubles(plans.flatMap((plan) => plan.resources)).toSorted(inOrder)
  const links = linksOf(plans)
  const setting = settingOf(resources)
  const { rules, unplaced, byKey } = rulesOf(resources, links)
  const hosts = hostsOf(resources, links, setting)
  const { services, calls } = servicesOf(resources, links, setting)

  const vpcs = resources.filter(({ type }) => VPC.includes(type))
  // What does not say where it is can only be in the one network that there is; of several, in none that is known.
  const only = vpcs.length === 1 ? vpcs[0] : undefined
  const homeless = hosts.some(({ vpc }) => (vpc ?? only) === undefined)
  const networks = [...vpcs, ...(homeless ? [undefined] : [])].map((vpc) => {
    const here = hosts.filter((host) => (host.vpc ?? only) === vpc)
    return networkOf(vpc, only, here, rules, resources, links, setting)
  })
  return cleaned({
    title: setting.project ?? (networks.length === 1 ? networks[0]?.name : undefined) ?? 'AWS environment',
    from: plans.some(({ kind }) => kind === 'plan') ? 'plan' : 'state',
    account: setting.account,
    region: setting.region,
    networks,
    services,
    calls,
    notDrawn: countsOf(resources),
    rulesUnplaced: unplaced,
    rulesByKey: byKey,
  })
}

/** The same with every text fit to be shown: whoever named things may have meant harm. */
function cleaned<Part>(part: Part): Part {
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return clean(value)
    if (Array.isArray(value)) return value.map(walk)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner)]))
  }
  return walk(part) as Part
}

/** A data source that looks up what another plan makes is that very thing. */
function withoutDoubles(resources: readonly Resource[]): readonly Resource[] {
  const made = new Set(resources.flatMap(({ data, type, values }) => (data || values.id == null ? [] : [`${type} ${values.id}`])))
  return resources.filter(({ data, type, values }) => !data || !made.has(`${type} ${values.id}`))
}

const inOrder = (a: Resource, b: Resource): number => (a.key === b.key ? 0 : a.key < b.key ? -1 : 1)

function countsOf(resources: readonly Resource[]): Environment['notDrawn'] {
  const counts = new Map<string, number>()
  for (const { type, data } of resources) if (!data && !drawn.has(type)) counts.set(type, (counts.get(type) ?? 0) + 1)
  return [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

function networkOf(
  vpc: Resource | undefined,
  only: Resource | undefined,
  hosts: readonly Host[],
  rules: readonly Rule[],
  resources: readonly Resource[],
  links: Links,
  setting: Setting,
): Network {
  const homeOf = (one: Resource): Resource | undefined => links.one(one, one.values.vpc_id, 'vpc_id', VPC) ?? only
  const { subnets, waysOf, tableOf } = subnetsOf(vpc, resources, links, setting, homeOf)
  const more = resources.filter((one) => one.type === 'aws_vpc_ipv4_cidr_block_association' && vpc !== undefined && homeOf(one) === vpc)
  const named = [vpc?.values.cidr_block, ...more.map(({ values }) => values.cidr_block), vpc?.values.ipv6_cidr_block]
  const cidrs = named.filter((cidr) => cidr != null).filter(isNetwork)
  const own = cidrs.flatMap((cidr) => rangeOf(cidr) ?? [])
  const { flows, outsiders, alsoOpen } = flowsOf({ hosts, rules, own, waysOf, tableOf })
  const open = subnets.some(({ kind }) => kind === 'public')
  const doors = resources.flatMap((one) => gatewayOf(one, vpc, homeOf))
  const name = vpc === undefined ? 'not known' : nameOf(vpc, { ...setting, project: undefined })
  // Where no project tag says what all names begin with, it is often the network's own name.
  const inNetwork = { ...setting, project: setting.project ?? name }
  return {
    id: vpc?.key ?? 'elsewhere',
    name,
    cidrs,
    dedicated: vpc?.values.instance_tenancy === 'dedicated',
    region: subnets.map(({ zone }) => regionOf(zone)).find((region) => region !== undefined) ?? setting.region,
    subnets: subnets.map((subnet) => ({ ...subnet, name: shortened(subnet.name, inNetwork, subnet.zone) })),
    gateways:
      open && !doors.some(({ kind }) => kind === 'internet')
        ? [{ id: 'internet gateway', name: 'Internet gateway', kind: 'internet' }, ...doors]
        : doors,
    places: hosts.map((host) => placeOf(host, shortened(host.name, inNetwork), name, alsoOpen.get(host.key) ?? [])),
    outsiders,
    flows,
    openGroups: [...openWithout(hosts, rules, own)]
      .filter(([group]) => homeOf(group) === vpc)
      .map(([group, open]) => `${shortened(nameOf(group, setting), inNetwork)} (${open.join(', ')})`),
  }
}

function placeOf(
  { key, kind, notes, subnets, count, many, service }: Host,
  own: string,
  network: string,
  alsoOpen: readonly string[],
): Place {
  // A NAT gateway has often no name but the network's.
  const nat = kind === 'nat' ? { name: 'NAT gateway', notes: [network, 'nat'].includes(own) ? [] : [own] } : { name: own, notes }
  return { id: key, kind, ...nat, subnets: subnets.map((subnet) => subnet.key), count, many, alsoOpen, service }
}

function gatewayOf(one: Resource, vpc: Resource | undefined, homeOf: (one: Resource) => Resource | undefined): readonly Gateway[] {
  const known = one.data || !Object.hasOwn(gateways, one.type) ? undefined : gateways[one.type]
  return known === undefined || homeOf(one) !== vpc ? [] : [{ id: one.key, kind: known[0], name: known[1] }]
}
