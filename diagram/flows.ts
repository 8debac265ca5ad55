/** Who may open a connection to whom: a rule of the sender lets out what a rule of the receiver lets in, and a way leads there. */
import { contains, isPrivate, isWorld, overlaps, type Range, rangeOf } from './cidr.ts'
import type { Host } from './hosts.ts'
import { type Flow, INTERNET, type Outsider } from './model.ts'
import type { Resource } from './plan.ts'
import { both, inWords, type Ports, portsOf } from './ports.ts'
import type { Peer, Rule } from './rules.ts'
import type { Way } from './subnets.ts'

export interface Ground {
  readonly hosts: readonly Host[]
  readonly rules: readonly Rule[]
  /** Addresses of the network itself. */
  readonly own: readonly Range[]
  readonly waysOf: (subnet: Resource) => readonly Way[]
  readonly tableOf: (subnet: Resource) => Resource | undefined
}

export interface Flows {
  readonly flows: readonly Flow[]
  readonly outsiders: readonly Outsider[]
  /** What a host's groups let in although no way leads there, by the host's key. */
  readonly alsoOpen: ReadonlyMap<string, readonly string[]>
}

/** What groups without a host let in from outside, by the group. */
export function openWithout(
  hosts: readonly Host[],
  rules: readonly Rule[],
  own: readonly Range[],
): ReadonlyMap<Resource, readonly string[]> {
  const taken = new Set(hosts.flatMap(({ groups }) => groups))
  const open = rules.flatMap(({ group, inbound, peer, ports }) =>
    inbound && !taken.has(group) && isForeign(peer, own) ? { group, cidr: peer.cidr, ports } : [],
  )
  return new Map(
    [...Map.groupBy(open, ({ group }) => group)].map(([group, some]) => [
      group,
      [...Map.groupBy(some, ({ cidr }) => cidr)].map(([cidr, same]) => `${inWords(same.map(({ ports }) => ports))} from ${cidr}`),
    ]),
  )
}

/** A network that is not ours. */
const isForeign = (peer: Peer, own: readonly Range[]): peer is Extract<Peer, { cidr: string }> =>
  'cidr' in peer && !own.some((range) => peer.range !== undefined && contains(range, peer.range))

/** A host with the rules of its groups, and the addresses that it may have. */
interface Guarded {
  readonly host: Host
  readonly addresses: readonly Range[]
  readonly into: readonly Rule[]
  readonly out: readonly Rule[]
}

/** All flows of one network. */
export function flowsOf(ground: Ground): Flows {
  const guarded = ground.hosts.map((host): Guarded => {
    const rules = ground.rules.filter(({ group }) => host.groups.includes(group))
    return {
      host,
      addresses: addressesOf(host),
      into: rules.filter(({ inbound }) => inbound),
      out: rules.filter(({ inbound }) => !inbound),
    }
  })
  const { arrivals, alsoOpen } = fromOutside(ground, guarded)
  const flows = [
    ...arrivals.map(({ flow }) => flow),
    ...guarded.flatMap((receiver) => [...connections(guarded, receiver), ...toService(ground, guarded, receiver.host)]),
    ...toOutside(ground, guarded),
    ...onwards(ground),
  ]
  const outsiders = new Map(arrivals.map(({ outsider }) => [outsider.id, outsider]))
  return { flows, outsiders: [...outsiders.values()], alsoOpen }
}

/** Its own where it is known, else all of its subnets. */
function addressesOf({ privateAddress, subnets }: Host): readonly Range[] {
  const networks = subnets.flatMap(({ values }) => [values.cidr_block, values.ipv6_cidr_block])
  const told = privateAddress === undefined ? networks : [privateAddress, ...networks.filter((cidr) => cidr?.includes(':'))]
  return told.flatMap((cidr) => rangeOf(cidr ?? '') ?? [])
}

function connections(all: readonly Guarded[], receiver: Guarded): readonly Flow[] {
  return all.flatMap((sender) => {
    // Several alike may speak to each other; one does not to itself.
    if (sender === receiver && receiver.host.count === 1 && !receiver.host.many) return []
    const allowed = both(portsFor(sender.out, receiver), portsFor(receiver.into, sender))
    const kind = receiver.host.kind === 'endpoints' ? 'endpoint' : 'connection'
    return allowed.length === 0 ? [] : { from: sender.host.key, to: receiver.host.key, ports: inWords(allowed), kind }
  })
}

const portsFor = (rules: readonly Rule[], to: Guarded): readonly Ports[] =>
  rules.filter(({ peer }) => isAbout(peer, to)).map(({ ports }) => ports)

function isAbout(peer: Peer, { host, addresses }: Guarded): boolean {
  if ('group' in peer) return host.groups.includes(peer.group)
  if (!('range' in peer)) return false
  const { range } = peer
  return range !== undefined && addresses.some((one) => overlaps(range, one))
}

const https = [portsOf('tcp', 443, 443)]

/** To a service through a gateway endpoint: by the route table of the sender's subnet, and a rule that lets it out. */
function toService({ tableOf }: Ground, all: readonly Guarded[], endpoint: Host): readonly Flow[] {
  if (endpoint.kind !== 'gateway-endpoint') return []
  return all.flatMap(({ host: sender, out }) => {
    const routed = sender.subnets.some((subnet) => endpoint.tables.some((table) => table === tableOf(subnet)))
    const there = out.filter(({ peer }) => ('service' in peer ? peer.service === endpoint.service : 'cidr' in peer && isWorld(peer.cidr)))
    const allowed = both(
      there.map(({ ports }) => ports),
      https,
    )
    return routed && allowed.length > 0 ? { from: sender.key, to: endpoint.key, ports: inWords(allowed), kind: 'endpoint' } : []
  })
}

interface Arrival {
  readonly outsider: Outsider
  readonly flow: Flow
}

/** Where a rule lets in networks of the internet: an arrival when the host can be reached from there, else a note. */
function fromOutside(
  ground: Ground,
  all: readonly Guarded[],
): { readonly arrivals: readonly Arrival[]; readonly alsoOpen: Flows['alsoOpen'] } {
  const doors = new Map<string, { readonly cidrs: string[]; readonly host: Host; readonly ports: Ports[] }>()
  const alsoOpen = new Map<string, string[]>()
  for (const { host, into } of all) {
    const foreign = into.flatMap(({ peer, ports }) => (isForeign(peer, ground.own) ? { ...peer, ports } : []))
    for (const [cidr, named] of Map.groupBy(foreign, (rule) => rule.cidr)) {
      const ports = named.map((rule) => rule.ports)
      const key = JSON.stringify([isWorld(cidr) ? 'world' : cidr, host.key])
      const known = doors.get(key) ?? { cidrs: [], host, ports: [] }
      const range = named[0]?.range
      if (range !== undefined && !isPrivate(range) && isReached(ground, host, range))
        doors.set(key, { host, cidrs: [...known.cidrs, cidr], ports: [...known.ports, ...ports] })
      else alsoOpen.set(host.key, [...(alsoOpen.get(host.key) ?? []), `${inWords(ports)} from ${cidr}`])
    }
  }
  const byNetwork = Map.groupBy(doors.values(), ({ cidrs: [first = ''] }) => (isWorld(first) ? 'world' : first))
  // Networks that arrive at the same doors are one outsider.
  const alike = Map.groupBy([...byNetwork].toSorted(byFirst), ([network, open]) =>
    JSON.stringify([network === 'world', ...open.map(({ host, ports }) => [host.key, inWords(ports)])]),
  )
  const arrivals = [...alike.values()].flatMap((same) => {
    const [id = '', open = []] = same[0] ?? []
    const cidrs = [...new Set(same.flatMap(([, doorsOfOne]) => doorsOfOne.flatMap((door) => door.cidrs)))].toSorted()
    const outsider = { id, cidrs, world: id === 'world' }
    const kind = outsider.world ? ('world' as const) : ('connection' as const)
    return open.map(({ host, ports }) => ({ outsider, flow: { from: id, to: host.key, ports: inWords(ports), kind } }))
  })
  return { arrivals, alsoOpen }
}

const byFirst = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1)

/** By a route to the internet gateway, and an address of that version of IP. */
function isReached({ waysOf }: Ground, host: Host, { family }: Range): boolean {
  const six = family === 6
  return host.subnets.some((subnet) => {
    const routed = waysOf(subnet).some(({ to, by }) => by === 'internet gateway' && to === (six ? '::/0' : '0.0.0.0/0'))
    return routed && (six ? subnet.values.ipv6_cidr_block !== null && subnet.values.ipv6_cidr_block !== '' : host.public)
  })
}

/** To the internet: from where a host has an address there, or by NAT. */
function toOutside({ own, waysOf }: Ground, all: readonly Guarded[]): readonly Flow[] {
  return all.flatMap(({ host, out }) => {
    const leaving = out.filter(({ peer }) => isForeign(peer, own) && peer.range !== undefined && !isPrivate(peer.range))
    const ways = host.subnets.flatMap(waysOf).filter(({ everywhere }) => leaving.length > 0 && everywhere)
    const ports = inWords(leaving.map((rule) => rule.ports))
    return ways.flatMap(({ by, place }): readonly Flow[] => {
      if (by === 'internet gateway') return host.public ? [{ from: host.key, to: INTERNET, ports, kind: 'connection' }] : []
      return by === 'NAT gateway' && place !== undefined ? [{ from: host.key, to: place, ports, kind: 'connection' }] : []
    })
  })
}

/** The way from each NAT gateway on to the internet. */
function onwards({ hosts, waysOf }: Ground): readonly Flow[] {
  return hosts
    .filter(({ kind, public: outside }) => kind === 'nat' && outside)
    .filter(({ subnets }) => subnets.some((subnet) => waysOf(subnet).some(({ by, everywhere }) => everywhere && by === 'internet gateway')))
    .map(({ key }) => ({ from: key, to: INTERNET, ports: '', kind: 'route' }))
}
