/** The resources that decide what reaches whom, and as much of each as is understood. Whatever else they say is refused: it could be the hole. */
import { z } from 'zod'
import type { Resource } from '../mock.ts'

const id = z.string().min(1)
const optional = z.string().nullish()
const port = z.number().nullish()
const none = z.literal('').nullish()
const nothing = z.tuple([]).nullish()

const groupRule = z.object({
  security_group_id: id,
  ip_protocol: id,
  from_port: port,
  to_port: port,
  cidr_ipv4: optional,
  cidr_ipv6: none,
  prefix_list_id: optional,
  referenced_security_group_id: optional,
})

const shapes = {
  aws_default_network_acl: z.object({ ingress: nothing, egress: nothing }),
  aws_default_route_table: z.object({ route: nothing }),
  aws_default_security_group: z.object({ ingress: nothing, egress: nothing }),
  aws_eip: z.object({ id }),
  aws_eip_association: z.object({ instance_id: id }),
  aws_instance: z.object({
    id,
    subnet_id: id,
    vpc_security_group_ids: z.array(id).min(1),
    associate_public_ip_address: z.boolean().nullish(),
    network_interface: nothing,
  }),
  aws_internet_gateway: z.object({ id }),
  aws_launch_template: z.object({
    network_interfaces: z
      .array(z.object({ subnet_id: id, security_groups: z.array(id).min(1), associate_public_ip_address: optional }))
      .min(1),
  }),
  aws_nat_gateway: z.object({ id, subnet_id: id, connectivity_type: z.literal('public').nullish() }),
  aws_network_acl: z.object({ id, subnet_ids: z.array(id), ingress: nothing, egress: nothing }),
  aws_network_acl_rule: z.object({
    network_acl_id: id,
    rule_number: z.number(),
    egress: z.boolean().nullish(),
    rule_action: z.enum(['allow', 'deny']),
    protocol: id,
    cidr_block: id,
    ipv6_cidr_block: none,
    from_port: port,
    to_port: port,
  }),
  aws_route: z.object({ route_table_id: id, destination_cidr_block: id, gateway_id: optional, nat_gateway_id: optional }),
  aws_route_table: z.object({ route: nothing }),
  aws_route_table_association: z.object({ subnet_id: id, route_table_id: id }),
  aws_security_group: z.object({ id, ingress: nothing, egress: nothing }),
  aws_subnet: z.object({ id, cidr_block: id, map_public_ip_on_launch: z.boolean().nullish() }),
  aws_vpc: z.object({ cidr_block: id, assign_generated_ipv6_cidr_block: z.literal(false).nullish() }),
  aws_vpc_endpoint: z.discriminatedUnion('vpc_endpoint_type', [
    z.object({ vpc_endpoint_type: z.literal('Interface'), subnet_ids: z.array(id).min(1), security_group_ids: z.array(id).min(1) }),
    z.object({ vpc_endpoint_type: z.literal('Gateway'), service_name: id, prefix_list_id: id, route_table_ids: z.array(id) }),
  ]),
  aws_vpc_security_group_egress_rule: groupRule,
  aws_vpc_security_group_ingress_rule: groupRule,
}

/** These speak of the network, and let nothing through. */
const silent = /^aws_(flow_log|route53_\w+|ec2_\w+_(defaults|access))$/
const speaksOfNetworks =
  /^aws_(vpc|vpn|subnet|route|network|security_group|default_|internet_|egress_|nat_|eip|ec2_|customer_gateway|dx_|a?lb|elb|instance|launch_|autoscaling_|spot_|ecs_|db_|rds_|eks_)/

type Shapes = typeof shapes
/** A resource, and what is understood of it. */
export type Of<T extends keyof Shapes> = z.output<Shapes[T]> & { readonly resource: Resource }

/** Reads the resources of one type. Fails at once when there is a thing of which nobody knows what it lets through. */
export function readerOf(resources: readonly Resource[]): <T extends keyof Shapes>(type: T) => readonly Of<T>[] {
  const managed = resources.filter(({ mode }) => mode === 'managed')
  const strange = managed.filter(({ type }) => speaksOfNetworks.test(type) && !silent.test(type) && !(type in shapes))
  if (strange.length > 0) throw new Error(`cannot say what these let through: ${strange.map(({ address }) => address).join(', ')}`)
  const all = <T extends keyof Shapes>(type: T): readonly Of<T>[] =>
    managed.filter((resource) => resource.type === type).map((resource) => read(type, resource))
  for (const type of ['aws_default_network_acl', 'aws_default_route_table', 'aws_default_security_group', 'aws_route_table'] as const)
    all(type)
  return all
}

function read<T extends keyof Shapes>(type: T, resource: Resource): Of<T> {
  const shape: z.ZodType = shapes[type]
  const { success, data, error } = shape.safeParse(resource.values)
  if (!success) throw new Error(`cannot say what ${resource.address} lets through:\n${z.prettifyError(error)}`)
  return Object.assign({ resource }, data) as Of<T>
}
