/** The rules of security groups, however they are written, in one form. */
import { type Range, rangeOf } from './cidr.ts'
import type { Links } from './links.ts'
import type { Resource } from './plan.ts'
import { type Ports, portsOf } from './ports.ts'

/** Whom a rule is about: addresses, the members of a group, or a service of AWS by its list of prefixes. */
export type Peer =
  | { readonly cidr: string; readonly range: Range | undefined }
  | { readonly group: Resource }
  | { readonly service: string }

export interface Rule {
  readonly group: Resource
  readonly inbound: boolean
  readonly ports: Ports
  readonly peer: Peer
}

export const GROUPS = ['aws_security_group', 'aws_default_security_group']
const LISTS = ['aws_prefix_list', 'aws_ec2_managed_prefix_list', 'aws_vpc_endpoint']

export interface Rules {
  readonly rules: readonly Rule[]
  /** How many there are of which is not known whose they are or whom they let in. */
  readonly unplaced: number
  /** How many were placed by what their keys say. */
  readonly byKey: number
}

type Known = Parameters<Links['all']>[1]

/** All rules of security groups. */
export function rulesOf(resources: readonly Resource[], links: Links): Rules {
  const rules: Rule[] = []
  const counts = { unplaced: 0, byKey: 0 }
  const add = (group: Resource | undefined, inbound: boolean, ports: Ports, peers: readonly Peer[]): void => {
    if (group === undefined || peers.length === 0) counts.unplaced += 1
    else rules.push(...peers.map((peer) => ({ group, inbound, ports, peer })))
  }
  const groupsAt = (from: Resource, known: Known, path: string): readonly Peer[] =>
    links.all(from, known, path, GROUPS).map((group) => ({ group }))
  const listsAt = (from: Resource, known: Known, path: string): readonly Peer[] => links.all(from, known, path, LISTS).flatMap(peersOfList)

  for (const one of resources) {
    const { type, values } = one
    if (type === 'aws_vpc_security_group_ingress_rule' || type === 'aws_vpc_security_group_egress_rule') {
      const inbound = type === 'aws_vpc_security_group_ingress_rule'
      const ports = portsOf(values.ip_protocol, values.from_port, values.to_port)
      const own = links.all(one, values.security_group_id, 'security_group_id', GROUPS)
      const others = links.all(one, values.referenced_security_group_id, 'referenced_security_group_id', GROUPS)
      const told = [...cidrs([values.cidr_ipv4, values.cidr_ipv6]), ...listsAt(one, values.prefix_list_id, 'prefix_list_id')]
      const peers = [...told, ...(others.length === 1 ? others.map((group) => ({ group })) : [])]
      const [group] = own.length === 1 ? own : []
      const keyed = group === undefined || peers.length === 0 ? placedByKey(one, inbound, { own, others, peers }, resources) : undefined
      if (keyed !== undefined) counts.byKey += 1
      add(keyed?.group ?? group, inbound, ports, keyed?.peers ?? peers)
    } else if (type === 'aws_security_group_rule') {
      const group = links.one(one, values.security_group_id, 'security_group_id', GROUPS)
      const source = links.one(one, values.source_security_group_id, 'source_security_group_id', GROUPS)
      add(group, values.type === 'ingress', portsOf(values.protocol, values.from_port, values.to_port), [
        ...cidrs([...(values.cidr_blocks ?? []), ...(values.ipv6_cidr_blocks ?? [])]),
        ...(source === undefined ? [] : [{ group: source }]),
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
  return { rules, ...counts }
}

interface Candidates {
  readonly own: readonly Resource[]
  readonly others: readonly Resource[]
  readonly peers: readonly Peer[]
}

/**
 * A first plan does not tell which of several groups `each.value.group` is; only a key such as `bastion-workers` does, in
 * words: the one that it names, and of two first the one that the connection comes from.
 */
function placedByKey(rule: Resource, inbound: boolean, { own, others, peers }: Candidates, resources: readonly Resource[]) {
  if (typeof rule.index !== 'string') return undefined
  const groups = namedBy(rule.index, own)
  const [first, second] = groups
  if (first === undefined) return undefined
  if (groups.length === 1) {
    if (peers.length > 0) return { group: first, peers }
    const inModule = resources.filter(({ type, module }) => LISTS.includes(type) && module === rule.module)
    const lists = namedBy(rule.index, inModule).flatMap(peersOfList)
    return lists.length === 1 ? { group: first, peers: lists } : undefined
  }
  if (second === undefined || groups.length > 2 || namedBy(rule.index, others).length !== 2) return undefined
  const [sender, receiver] = /\bfrom\b/.test(rule.index) ? [second, first] : [first, second]
  return inbound ? { group: receiver, peers: [{ group: sender }] } : { group: sender, peers: [{ group: receiver }] }
}

/** Those whose own keys or names are words of a key, in the order of the words. */
function namedBy(key: string, candidates: readonly Resource[]): readonly Resource[] {
  const words = key.split(/[^\p{L}\p{N}_]+/u)
  const named = candidates.map((one) => ({ one, place: words.indexOf(String(one.index ?? one.name)) }))
  return named
    .filter(({ place }) => place >= 0)
    .toSorted((a, b) => a.place - b.place)
    .map(({ one }) => one)
}

const cidrs = (found: readonly (string | null | undefined)[]): readonly Peer[] =>
  found.flatMap((cidr) => (cidr == null ? [] : { cidr, range: rangeOf(cidr) }))

function peersOfList({ type, values }: Resource): readonly Peer[] {
  const service = serviceOf(type === 'aws_vpc_endpoint' ? values.service_name : values.name)
  return service === undefined ? cidrs((values.entry ?? []).map(({ cidr }) => cidr)) : [{ service }]
}

/** `s3` of `com.amazonaws.us-west-2.s3`. */
export function serviceOf(name: string | null | undefined): string | undefined {
  return /^(?:[a-z]+\.)+[a-z0-9-]+\.((?:[a-z0-9-]+\.)*[a-z0-9-]+)$/.exec(name ?? '')?.[1]
}
