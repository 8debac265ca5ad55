/** What is drawn, in the words of who looks at it. */

/** Everything of one or more plans or states. */
export interface Environment {
  readonly title: string
  readonly from: 'plan' | 'state'
  readonly account: string | undefined
  readonly region: string | undefined
  readonly networks: readonly Network[]
  readonly services: readonly Service[]
  readonly calls: readonly Call[]
  /** Types of resources that have no picture, and how many there are of each. */
  readonly notDrawn: readonly (readonly [type: string, count: number])[]
  /** Security group rules of which is not known yet whom they are about. */
  readonly rulesUnplaced: number
  /** Security group rules that are placed by what their keys say. */
  readonly rulesByKey: number
}

/** A VPC with all that is in it. */
export interface Network {
  readonly id: string
  readonly name: string
  readonly cidrs: readonly string[]
  readonly dedicated: boolean
  readonly region: string | undefined
  readonly subnets: readonly Subnet[]
  readonly gateways: readonly Gateway[]
  readonly places: readonly Place[]
  /** Networks outside that are named by a rule. */
  readonly outsiders: readonly Outsider[]
  readonly flows: readonly Flow[]
  /** What groups let in that nothing drawn here is in, in words. */
  readonly openGroups: readonly string[]
}

export type SubnetKind = 'public' | 'private' | 'isolated'

export interface Subnet {
  readonly id: string
  readonly name: string
  readonly cidrs: readonly string[]
  readonly zone: string
  /** Public has a route to the internet gateway, private a way out by something else, isolated none. */
  readonly kind: SubnetKind
  readonly routes: readonly Route[]
}

export interface Route {
  readonly to: string
  readonly by: string
  /** The place or gateway it leads to, when that is drawn. */
  readonly place: string | undefined
}

/** What joins a network to the world outside. */
export interface Gateway {
  readonly id: string
  readonly name: string
  readonly kind: 'internet' | 'egress' | 'other'
}

export type PlaceKind =
  | 'instance'
  | 'template'
  | 'fleet'
  | 'nat'
  | 'endpoints'
  | 'gateway-endpoint'
  | 'balancer'
  | 'database'
  | 'container'
  | 'function'

/** Something with an address in a network: a host, or what stands for several alike. */
export interface Place {
  readonly id: string
  readonly kind: PlaceKind
  readonly name: string
  readonly notes: readonly string[]
  readonly subnets: readonly string[]
  /** How many alike it stands for. */
  readonly count: number
  /** More of it come and go. */
  readonly many: boolean
  /** What a group lets in although no way leads there, in words. */
  readonly alsoOpen: readonly string[]
  /** Of a gateway endpoint: the service it leads to. */
  readonly service: string | undefined
}

export interface Outsider {
  readonly id: string
  readonly cidrs: readonly string[]
  /** Anyone at all. */
  readonly world: boolean
}

/** The internet as where connections go to. */
export const INTERNET = 'the internet'

/** From one of a network's places or outsiders to another: who may open a connection on which ports, or which way packets take. */
export interface Flow {
  readonly from: string
  readonly to: string
  readonly ports: string
  readonly kind: 'connection' | 'endpoint' | 'route' | 'world'
}

export type ServiceKind = 'bucket' | 'function' | 'table' | 'queue' | 'topic' | 'key'

export interface Service {
  readonly id: string
  readonly kind: ServiceKind
  readonly name: string
  readonly note: string | undefined
  /** Named by something here, but kept elsewhere. */
  readonly elsewhere: boolean
}

/** One service rings or may write to another. */
export interface Call {
  readonly from: string
  readonly to: string
}
