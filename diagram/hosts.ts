/** What has an address in a network, from whatever types of resources make it. */
import { knownIn, type Links } from './links.ts'
import type { PlaceKind } from './model.ts'
import { nameOf, type Setting } from './names.ts'
import type { Resource } from './plan.ts'
import { GROUPS, serviceOf } from './rules.ts'

export interface Host {
  readonly key: string
  readonly kind: PlaceKind
  readonly name: string
  readonly notes: readonly string[]
  /** How many alike it stands for. */
  readonly count: number
  readonly many: boolean
  readonly subnets: readonly Resource[]
  readonly groups: readonly Resource[]
  readonly vpc: Resource | undefined
  /** It has an address on the internet. */
  readonly public: boolean
  readonly privateAddress: string | undefined
  /** Of a gateway endpoint: where it leads, and the route tables that lead to it. */
  readonly service: string | undefined
  readonly tables: readonly Resource[]
}

interface Given {
  readonly links: Links
  readonly resources: readonly Resource[]
  /** Instances with an Elastic IP. */
  readonly elastic: ReadonlySet<Resource>
}
type Found = Pick<Host, 'kind'> & Partial<Pick<Host, 'notes' | 'subnets' | 'groups' | 'public' | 'many'>>
type Look = (one: Resource, given: Given) => Found | undefined

const SUBNET = ['aws_subnet']
const TEMPLATE = ['aws_launch_template']
const TABLES = ['aws_route_table', 'aws_default_route_table']

/** Gets an address on the internet because it asks for one, or because its subnet gives one to who says nothing. */
const isAddressed = (asked: boolean | string | null | undefined, subnets: readonly Resource[]): boolean =>
  asked == null || asked === '' ? subnets.some(({ values }) => values.map_public_ip_on_launch === true) : String(asked) === 'true'

/** One line of those parts that are there. */
const line = (...parts: readonly (string | false | null | undefined)[]): readonly string[] => {
  const said = parts.filter((part) => typeof part === 'string' && part !== '')
  return said.length === 0 ? [] : [said.join(' · ')]
}

const looks: Readonly<Record<string, Look>> = {
  aws_instance: (one, { links, elastic }) => ({
    kind: 'instance',
    notes: [
      ...line(one.values.instance_type, one.values.tenancy === 'dedicated' && 'dedicated'),
      ...line(elastic.has(one) && 'Elastic IP'),
    ],
    subnets: onlySubnet(one, links),
    groups: [
      ...links.all(one, one.values.vpc_security_group_ids, 'vpc_security_group_ids', GROUPS),
      ...links.all(one, one.values.security_groups, 'security_groups', GROUPS),
    ],
    public: elastic.has(one) || isAddressed(one.values.associate_public_ip_address, onlySubnet(one, links)),
  }),

  // Those of an autoscaling group are drawn as that group.
  aws_launch_template: (one, { links, resources }) =>
    resources.some((other) => other.type === 'aws_autoscaling_group' && templateOf(other, links) === one)
      ? undefined
      : {
          kind: 'template',
          notes: [
            ...line(one.values.instance_type, one.values.placement?.[0]?.tenancy === 'dedicated' && 'dedicated'),
            one.values.description || 'launched when needed',
          ],
          many: true,
          subnets: onlySubnet(one, links),
          groups: templateGroups(one, links),
          public: isAddressed(one.values.network_interfaces?.[0]?.associate_public_ip_address, onlySubnet(one, links)),
        },

  aws_autoscaling_group(one, { links }) {
    const template = templateOf(one, links)
    const { min_size: least, max_size: most, vpc_zone_identifier } = one.values
    const subnets = links.all(one, vpc_zone_identifier, 'vpc_zone_identifier', SUBNET)
    return {
      kind: 'fleet',
      notes: [...line(template?.values.instance_type), ...line(least != null && most != null && `${least} to ${most} instances`)],
      many: true,
      subnets,
      groups: template === undefined ? [] : templateGroups(template, links),
      public: isAddressed(template?.values.network_interfaces?.[0]?.associate_public_ip_address, subnets),
    }
  },

  aws_nat_gateway: (one, { links }) => ({
    kind: 'nat',
    subnets: onlySubnet(one, links),
    public: one.values.connectivity_type !== 'private',
  }),

  aws_lb: balancer,
  aws_alb: balancer,

  aws_db_instance: (one, { links }) => ({
    kind: 'database',
    notes: line(one.values.engine, one.values.instance_class),
    subnets: databaseSubnets(one, links),
    groups: links.all(one, one.values.vpc_security_group_ids, 'vpc_security_group_ids', GROUPS),
    public: one.values.publicly_accessible === true,
  }),
  aws_rds_cluster: (one, { links }) => ({
    kind: 'database',
    notes: line(one.values.engine, 'cluster'),
    subnets: databaseSubnets(one, links),
    groups: links.all(one, one.values.vpc_security_group_ids, 'vpc_security_group_ids', GROUPS),
  }),

  aws_ecs_service: (one, { links }) => ({
    kind: 'container',
    notes: ['ECS service'],
    subnets: links.all(one, one.values.network_configuration?.[0]?.subnets, 'network_configuration.subnets', SUBNET),
    groups: links.all(one, one.values.network_configuration?.[0]?.security_groups, 'network_configuration.security_groups', GROUPS),
    public: one.values.network_configuration?.[0]?.assign_public_ip === true,
  }),
  aws_eks_cluster: (one, { links }) => ({
    kind: 'container',
    notes: ['EKS cluster'],
    subnets: links.all(one, one.values.vpc_config?.[0]?.subnet_ids, 'vpc_config.subnet_ids', SUBNET),
    groups: links.all(one, one.values.vpc_config?.[0]?.security_group_ids, 'vpc_config.security_group_ids', GROUPS),
  }),
  aws_lambda_function: (one, { links }) =>
    (one.values.vpc_config ?? []).length === 0
      ? undefined
      : {
          kind: 'function',
          notes: ['Lambda function'],
          subnets: links.all(one, one.values.vpc_config?.[0]?.subnet_ids, 'vpc_config.subnet_ids', SUBNET),
          groups: links.all(one, one.values.vpc_config?.[0]?.security_group_ids, 'vpc_config.security_group_ids', GROUPS),
        },
}

const balancers: Readonly<Record<string, string>> = { network: 'NLB', gateway: 'GWLB' }

function balancer(one: Resource, { links }: Given): Found {
  const outside = one.values.internal !== true
  return {
    kind: 'balancer',
    notes: line(balancers[one.values.load_balancer_type ?? ''] ?? 'ALB', outside ? 'internet-facing' : 'internal'),
    subnets: [
      ...links.all(one, one.values.subnets, 'subnets', SUBNET),
      ...links.all(one, knownIn(one.values.subnet_mapping, 'subnet_id'), 'subnet_mapping.subnet_id', SUBNET),
    ],
    groups: links.all(one, one.values.security_groups, 'security_groups', GROUPS),
    public: outside,
  }
}

function databaseSubnets(one: Resource, links: Links): readonly Resource[] {
  const group = links.one(one, one.values.db_subnet_group_name, 'db_subnet_group_name', ['aws_db_subnet_group'])
  return group === undefined ? [] : links.all(group, group.values.subnet_ids, 'subnet_ids', SUBNET)
}

function templateOf(fleet: Resource, links: Links): Resource | undefined {
  const named = fleet.values.launch_template?.[0]
  return links.one(fleet, named?.id, 'launch_template.id', TEMPLATE) ?? links.one(fleet, named?.name, 'launch_template.name', TEMPLATE)
}

/** The one subnet that something is in; none when it cannot be told which of several. */
function onlySubnet(one: Resource, links: Links): readonly Resource[] {
  const nic = one.type === 'aws_launch_template'
  const subnet = nic
    ? links.one(one, one.values.network_interfaces?.[0]?.subnet_id, 'network_interfaces.subnet_id', SUBNET)
    : links.one(one, one.values.subnet_id, 'subnet_id', SUBNET)
  return subnet === undefined ? [] : [subnet]
}

const templateGroups = (template: Resource, links: Links): readonly Resource[] => [
  ...links.all(template, template.values.vpc_security_group_ids, 'vpc_security_group_ids', GROUPS),
  ...links.all(template, template.values.network_interfaces?.[0]?.security_groups, 'network_interfaces.security_groups', GROUPS),
]

/** Types that become places in a network. */
export const HOSTS: readonly string[] = [...Object.keys(looks), 'aws_vpc_endpoint', 'aws_vpc_endpoint_route_table_association']

/** Everything that has an address, those that are alike as one. */
export function hostsOf(resources: readonly Resource[], links: Links, setting: Setting): readonly Host[] {
  const elastic = new Set(
    resources.flatMap((one) => {
      if (one.type === 'aws_eip') return links.one(one, one.values.instance, 'instance', ['aws_instance']) ?? []
      if (one.type === 'aws_eip_association') return links.one(one, one.values.instance_id, 'instance_id', ['aws_instance']) ?? []
      return []
    }),
  )
  const found = resources.flatMap((one): readonly Host[] => {
    if (one.data) return []
    if (one.type === 'aws_vpc_endpoint') return [endpoint(one, links, resources)]
    const seen = Object.hasOwn(looks, one.type) ? looks[one.type]?.(one, { links, resources, elastic }) : undefined
    if (seen === undefined) return []
    const { kind, notes = [], many = false, public: outside = false } = seen
    const subnets = [...new Set(seen.subnets)]
    const groups = [...new Set(seen.groups)]
    return [
      {
        key: one.key,
        kind,
        name: nameOf(one, setting),
        notes,
        count: 1,
        many,
        subnets,
        groups,
        vpc: vpcOf([...subnets, ...groups], links),
        public: outside,
        privateAddress: one.values.private_ip ?? undefined,
        service: undefined,
        tables: [],
      },
    ]
  })
  return together(found, resources)
}

function endpoint(one: Resource, links: Links, resources: readonly Resource[]): Host {
  const { values } = one
  const service = serviceOf(values.service_name) ?? values.service_name ?? 'a service'
  const gateway = (values.vpc_endpoint_type ?? 'Gateway') === 'Gateway'
  return {
    key: one.key,
    kind: gateway ? 'gateway-endpoint' : 'endpoints',
    name: gateway ? service : 'interface endpoints',
    notes: [gateway ? 'gateway endpoint' : service],
    count: 1,
    many: false,
    subnets: gateway ? [] : links.all(one, values.subnet_ids, 'subnet_ids', SUBNET),
    groups: gateway ? [] : links.all(one, values.security_group_ids, 'security_group_ids', GROUPS),
    vpc: links.one(one, values.vpc_id, 'vpc_id', ['aws_vpc']),
    public: false,
    privateAddress: undefined,
    service: gateway ? service : undefined,
    tables: gateway ? [...links.all(one, values.route_table_ids, 'route_table_ids', TABLES), ...tablesOf(one, links, resources)] : [],
  }
}

/** Route tables that are joined to an endpoint by a resource of its own. */
function tablesOf(endpoint: Resource, links: Links, resources: readonly Resource[]): readonly Resource[] {
  return resources.flatMap((one) => {
    if (one.type !== 'aws_vpc_endpoint_route_table_association') return []
    if (links.one(one, one.values.vpc_endpoint_id, 'vpc_endpoint_id', ['aws_vpc_endpoint']) !== endpoint) return []
    return links.all(one, one.values.route_table_id, 'route_table_id', TABLES)
  })
}

const vpcOf = (named: readonly Resource[], links: Links): Resource | undefined =>
  named.map((one) => links.one(one, one.values.vpc_id, 'vpc_id', ['aws_vpc'])).find((vpc) => vpc !== undefined)

/** Those of one resource with a count, in the same subnets and groups, as one; and interface endpoints likewise. */
function together(hosts: readonly Host[], resources: readonly Resource[]): readonly Host[] {
  const written = new Map(resources.map((one) => [one.key, `${one.type} ${one.module} ${one.name}`]))
  const alike = Map.groupBy(hosts, ({ key, kind, subnets, groups, vpc }) => {
    const where = [vpc, ...subnets, ...groups].map((one) => one?.key).toSorted()
    return JSON.stringify([kind, kind === 'endpoints' ? '' : kind === 'gateway-endpoint' ? key : written.get(key), where])
  })
  return [...alike.values()].flatMap((same) => {
    const [first] = same
    if (first === undefined || same.length === 1) return same
    if (first.kind === 'endpoints') return { ...first, notes: [...new Set(same.flatMap(({ notes }) => notes))].toSorted() }
    const outside = same.some((one) => one.public)
    return { ...first, name: commonName(same.map(({ name }) => name)), count: same.length, public: outside, privateAddress: undefined }
  })
}

/** What the names of several begin with, when that is something; else the first. */
function commonName(names: readonly string[]): string {
  const [first = ''] = names
  let length = first.length
  while (!names.every((name) => name.startsWith(first.slice(0, length)))) length -= 1
  const common = first.slice(0, length).replace(/[\s_.-]+\d*$/, '')
  return common.length >= 3 ? common : first
}
