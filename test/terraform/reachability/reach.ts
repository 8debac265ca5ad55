/** Who can open a connection to whom, on which port: groups on both sides, NACLs there and back, routes. */
import type { AclRule, Host, Model, Outside, Route, Rule, Service, Subnet } from './model.ts'
import { bitsOf, contains, everyPort, hasAll, intersect, overlaps, type Ports, subtract, union } from './sets.ts'

export interface Opening {
  readonly from: From
  readonly to: To
  /** To a service of AWS, but not by its endpoint. */
  readonly past: boolean
  readonly protocol: string
  readonly ports: Ports
  /** false: a NACL lets through only some of it, or only some of the answers. */
  readonly always: boolean
}

type From = Host | Outside
type To = Host | Outside | Service

/** The ports that answers come to: Linux's, anybody's, and a NAT gateway's but for 3389, which docs/network.md tells of. */
const linux: Ports = [[32768, 60999]]
const anybody: Ports = [[1024, 65535]]
const natGateway: Ports = subtract(anybody, [[3389, 3389]])

/** A NACL on the way: of which subnet, which way through it, and who is at the other end. */
interface Pass {
  readonly subnet: Subnet
  readonly egress: boolean
  readonly peer: string
}
interface Answer extends Pass {
  readonly ports: Ports
}
interface Path {
  readonly there: readonly Pass[]
  readonly back: readonly Answer[]
  readonly past?: boolean
}

const everywhere = '0.0.0.0/0'
const out = (subnet: Subnet, peer: string): Pass => ({ subnet, egress: true, peer })
const into = (subnet: Subnet, peer: string): Pass => ({ subnet, egress: false, peer })
const answer = (pass: Pass, ports: Ports): Answer => ({ ...pass, ports })

/** Every opening there is, but those into a part of what is open as a whole. */
export function reachable(model: Model): readonly Opening[] {
  const { hosts, outside, services, protocols } = model
  const pairs: readonly (readonly [From, To])[] = [
    ...hosts.flatMap((from) => [...hosts, ...outside, ...services].map((to) => [from, to] as const)),
    ...outside.flatMap((from) => hosts.map((to) => [from, to] as const)),
  ]
  const all = pairs.flatMap(([from, to]) => {
    const path = pathBetween(model, from, to)
    return path === undefined ? [] : protocols.flatMap((protocol) => opening(model, from, to, path, protocol) ?? [])
  })
  return all.filter((part) => !all.some((whole) => whole !== part && isPart(part, whole)))
}

/** An opening in one line, such as `bastion -> workers tcp 22`. */
export function say({ from, to, past, protocol, ports, always }: Opening): string {
  const ranges = ports.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',')
  return `${from.name} -> ${to.name}${past ? ' past its endpoint' : ''} ${protocol} ${ranges}${always ? '' : ', not always'}`
}

/** How each subnet gets out of the network, such as `private by NAT in public`. */
export const waysOut = ({ subnets, routes }: Model): readonly string[] =>
  subnets.flatMap(({ name, table }) =>
    routes.filter((route) => route.table === table).map(({ to }) => (to === 'internet' ? name : `${name} by NAT in ${to.name}`)),
  )

const isPart = (part: Opening, whole: Opening): boolean =>
  part.protocol === whole.protocol &&
  (whole.always || !part.always) &&
  hasAll(whole.ports, part.ports) &&
  isWithin(part.from, whole.from) &&
  isWithin(part.to, whole.to)

const isWithin = (part: To, whole: To): boolean =>
  part === whole || (part.kind === 'outside' && whole.kind === 'outside' && contains(whole.cidr, part.cidr))

function opening(model: Model, from: From, to: To, { there, back, past }: Path, protocol: string): Opening | undefined {
  const groups = intersect(
    from.kind === 'host' ? letBy(model.egress, from, to, protocol) : everyPort,
    to.kind === 'host' ? letBy(model.ingress, to, from, protocol) : everyPort,
  )
  const through = (sure: boolean) => there.reduce((ports, pass) => intersect(ports, passes(pass, protocol, sure)), groups)
  const ports = through(false)
  if (ports.length === 0 || back.some((pass) => intersect(passes(pass, protocol, false), pass.ports).length === 0)) return undefined
  const always = hasAll(through(true), ports) && back.every((pass) => hasAll(passes(pass, protocol, true), pass.ports))
  return { from, to, past: past === true, protocol, ports, always }
}

function pathBetween(model: Model, from: From, to: To): Path | undefined {
  if (from.kind === 'outside') return to.kind === 'host' ? comingIn(model, from, to) : undefined
  if (to.kind === 'outside') return goingOut(model, from, to.cidr)
  if (to.kind === 'service') return toService(model, from, to)
  const [a, b] = [from.subnet, to.subnet]
  if (a.id === b.id) return { there: [], back: [] }
  return { there: [out(a, b.cidr), into(b, a.cidr)], back: [answer(out(b, a.cidr), linux), answer(into(a, b.cidr), linux)] }
}

/** Without the endpoint's routes a service is reached like anything on the internet, and no policy of ours is in between. */
function toService(model: Model, { subnet, ...from }: Host, to: Service): Path | undefined {
  if (to.tables.includes(subnet.table)) return { there: [out(subnet, everywhere)], back: [answer(into(subnet, everywhere), linux)] }
  const path = goingOut(model, { subnet, ...from }, everywhere)
  return path && { ...path, past: true }
}

function comingIn(model: Model, from: Outside, to: Host): Path | undefined {
  if (!to.hasAddress || routeFor(model, to.subnet, from.cidr)?.to !== 'internet') return undefined
  return { there: [into(to.subnet, from.cidr)], back: [answer(out(to.subnet, from.cidr), anybody)] }
}

function goingOut(model: Model, { subnet, hasAddress }: Host, peer: string): Path | undefined {
  const nat = routeFor(model, subnet, peer)?.to
  const home = answer(into(subnet, peer), linux)
  if (nat === 'internet') return hasAddress ? { there: [out(subnet, peer)], back: [home] } : undefined
  if (nat === undefined || routeFor(model, nat, peer)?.to !== 'internet') return undefined
  const beyond = { there: [out(nat, peer)], back: [answer(into(nat, peer), natGateway)] }
  if (nat.id === subnet.id) return { there: beyond.there, back: [...beyond.back, home] }
  return {
    there: [out(subnet, peer), into(nat, subnet.cidr), ...beyond.there],
    back: [...beyond.back, answer(out(nat, subnet.cidr), linux), home],
  }
}

/** The narrowest route that has the whole network. */
const routeFor = (model: Model, { table }: Subnet, cidr: string): Route | undefined =>
  model.routes.filter((route) => route.table === table && contains(route.cidr, cidr)).toSorted((a, b) => bitsOf(b.cidr) - bitsOf(a.cidr))[0]

/** What the groups of one side let through to or from the other. */
function letBy(rules: readonly Rule[], side: Host, other: To, protocol: string): Ports {
  const speaksOf = ({ peer, list, cidr }: Rule): boolean => {
    if (peer !== undefined) return other.kind === 'host' && other.groups.includes(peer)
    if (list !== undefined) return other.kind === 'service' && other.list === list
    if (cidr === undefined) return false
    if (other.kind === 'host') return overlaps(cidr, other.subnet.cidr)
    return contains(cidr, other.kind === 'outside' ? other.cidr : everywhere)
  }
  const letting = rules.filter((rule) => side.groups.includes(rule.group) && isFor(rule.protocol, protocol) && speaksOf(rule))
  return union(...letting.map(({ ports }) => [ports]))
}

const isFor = (rule: string, protocol: string): boolean => rule === 'all' || rule === protocol

/** What a NACL lets through: surely, whatever the peer's address is, or perhaps. The first rule that speaks of a port decides. */
function passes({ subnet, egress, peer }: Pass, protocol: string, sure: boolean): Ports {
  const speaksOf = (rule: AclRule): boolean => {
    if (rule.egress !== egress || !isFor(rule.protocol, protocol)) return false
    const whole = contains(rule.cidr, peer)
    return rule.allow === sure || peer === everywhere ? whole : overlaps(rule.cidr, peer)
  }
  let open: Ports = []
  let undecided: Ports = everyPort
  for (const rule of subnet.acl.filter(speaksOf)) {
    if (rule.allow) open = union(open, intersect(undecided, [rule.ports]))
    undecided = subtract(undecided, [rule.ports])
  }
  return open
}
