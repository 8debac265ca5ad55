/** The rules of security groups, however they are written, in one form. */
import type { Links } from './links.ts'
import type { Resource } from './plan.ts'
import { type Ports, portsOf } from './ports.ts'

/** Whom a rule is about: addresses, the members of a group, or a service of AWS by its list of prefixes. */
export type Peer = { readonly cidr: string } | { readonly group: Resource } | { readonly service: string }

export interface Rule {
  readonly group: Resource
  readonly inbound: boolean
  readonly ports: Ports
  readonly peer: Peer
}

export const GROUPS = ['aws_security_group', 'aws_default_security_group']
const LISTS = ['aws_prefix_list', 'aws_ec2_managed_prefix_list', 'aws_vpc_endpoint']

/** All rules, and how many there are of which is not known whose they are or whom they let in. */
export function rulesOf(resources: readonly Resource[], links: Links): { readonly rules: readonly Rule[]; readonly unplaced: number } {
  const rules: Rule[] = []
  let unplaced = 0
  const add = (group: Resource | undefined, inbound: boolean, ports: Ports, peers: readonly Peer[]): void => {
    if (group === undefined || peers.length === 0) unplaced += 1
    else rules.push(...peers.map((peer) => ({ group, inbound, ports, peer })))
  }
  const groupsAt = (from: Resource, known: Parameters<Links['all']>[1], path: string): readonly Peer[] =>
    links.all(from, known, path, GROUPS).map((group) => ({ group }))
  const only = (peers: readonly Peer[]): readonly Peer[] => (peers.length === 1 ? peers : [])
  const listsAt = (from: Resource, known: Parameters<Links['all']>[1], path: string): readonly Peer[] =>
    links.all(from, known, path, LISTS).flatMap(peersOfList)

  for (const one of resources) {
    const { type, values } = one
    if (type === 'aws_vpc_security_group_ingress_rule' || type === 'aws_vpc_security_group_egress_rule') {
      add(
        links.one(one, values.security_group_id, 'security_group_id', GROUPS),
        type === 'aws_vpc_security_group_ingress_rule',
        portsOf(values.ip_protocol, values.from_port, values.to_port),
        [
          ...cidrs([values.cidr_ipv4, values.cidr_ipv6]),
          ...only(groupsAt(one, values.referenced_security_group_id, 'referenced_security_group_id')),
          ...listsAt(one, values.prefix_list_id, 'prefix_list_id'),
        ],
      )
    } else if (type === 'aws_security_group_rule') {
      const group = links.one(one, values.security_group_id, 'security_group_id', GROUPS)
      add(group, values.type === 'ingress', portsOf(values.protocol, values.from_port, values.to_port), [
        ...cidrs([...(values.cidr_blocks ?? []), ...(values.ipv6_cidr_blocks ?? [])]),
        ...only(groupsAt(one, values.source_security_group_id, 'source_security_group_id')),
        ...listsAt(one, values.prefix_list_ids, 'prefix_list_ids'),
        ...(values.self === true && group !== undefined ? [{ group }] : []),
      ])
    } else if (GROUPS.includes(type)) {
      for (const direction of ['ingress', 'egress'] as const) {
        for (const rule of values[direction] ?? []) {
          // Which of several unknown groups stands in which of several blocks a plan does not say: each may be it.
          const sources = groupsAt(one, rule.security_groups, `${direction}.security_groups`)
          add(one, direction === 'ingress', portsOf(rule.protocol, rule.from_port, rule.to_port), [
            ...cidrs([...(rule.cidr_blocks ?? []), ...(rule.ipv6_cidr_blocks ?? [])]),
            ...sources,
            ...listsAt(one, rule.prefix_list_ids, `${direction}.prefix_list_ids`),
            ...(rule.self === true ? [{ group: one }] : []),
          ])
        }
      }
    }
  }
  return { rules, unplaced }
}

const cidrs = (found: readonly (string | null | undefined)[]): readonly Peer[] => found.flatMap((cidr) => (cidr == null ? [] : { cidr }))

function peersOfList({ type, values }: Resource): readonly Peer[] {
  const service = serviceOf(type === 'aws_vpc_endpoint' ? values.service_name : values.name)
  return service === undefined ? (values.entry ?? []).flatMap(({ cidr }) => (cidr == null ? [] : { cidr })) : [{ service }]
}

/** `s3` of `com.amazonaws.us-west-2.s3`. */
export function serviceOf(name: string | null | undefined): string | undefined {
  return /^(?:[a-z]+\.)+[a-z0-9-]+\.((?:[a-z0-9-]+\.)*[a-z0-9-]+)$/.exec(name ?? '')?.[1]
}
