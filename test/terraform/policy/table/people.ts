/** Who asks in the table, and which way their requests come. */
import { account, region } from '../../given.ts'
import type { Values } from '../context.ts'
import type { Endpoint } from '../decide.ts'
import { type Kind, parsePolicy } from '../document.ts'
import { anonymous, type Principal, rootOf, sessionOf, userOf } from '../principal.ts'
import type { Thing, World } from '../world.ts'

const pit = 'hipaa_vpc'
export const elsewhere = '210987654321'
/** AWS tells of a second factor for users alone. */
const officer = `arn:aws:iam::${elsewhere}:user/officer`
export const roleArn = (name: string, of = account): string => `arn:aws:iam::${of}:role/${name}`
/** A role that Terraform makes. */
export const ours = (role: string): string => roleArn(`${pit}-${role}`)

/** `endpoints`: through the endpoint of the service where our network has one, else as from the internet. */
type Way = 'endpoints' | 'internet' | 'foreign endpoint'

interface Person {
  readonly way: Way
  readonly principal: (world: World) => Principal
  /** The host whose credentials are used: AWS says so in every request made with them, wherever it comes from. */
  readonly host?: string
  /** The private address it comes from. */
  readonly address?: string
  /** Has every right that an identity policy can give. */
  readonly mighty?: true
  /** The policy that keeps its credentials on our network, and a host's on the host. */
  readonly bound?: string
}

/** An endpoint in a network of somebody else's, that lets everything through. */
const foreign: Endpoint = {
  id: 'vpce-0f0e1d2c3b4a59687',
  vpc: 'vpc-0f0e1d2c3b4a59687',
  policy: parsePolicy('foreign endpoint', 'endpoint', {
    Version: '2012-10-17',
    Statement: { Sid: 'Everything', Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' },
  }),
}

const session = (role: string, name: string): Person['principal'] => {
  const arn = ours(role)
  return ({ identities }) => sessionOf(arn, name, identities.get(arn)?.tags ?? {})
}
const addresses: Readonly<Record<string, string>> = {
  worker: '10.0.2.9',
  'key-host': '10.0.2.4',
  bastion: '10.0.0.5',
  workstation: '10.0.1.7',
  'image-builder': '10.0.1.8',
}
const onHost = (role: string, more: Partial<Person> = {}): Person => ({
  way: 'endpoints',
  host: role,
  address: addresses[role] ?? '',
  principal: session(role, 'i-0123456789abcdef0'),
  bound: role === 'bastion' ? 'bastion-limits' : role,
  ...more,
})
const away = (role: string, name: string): Person => ({ way: 'internet', principal: session(role, name) })
const outsider = (arn: string): Person => ({ way: 'internet', principal: () => sessionOf(arn, 'someone'), mighty: true })

export const people = {
  worker: onHost('worker'),
  'key host': onHost('key-host'),
  bastion: onHost('bastion'),
  workstation: onHost('workstation'),
  'image builder': onHost('image-builder'),
  // The bastion takes the role on and uses it where it stands.
  sweeper: { way: 'endpoints', address: '10.0.0.5', principal: session('sweeper', 'agent'), bound: 'sweeper' },
  intake: away('intake', `${pit}-intake`),
  reaper: away('reaper', `${pit}-reaper`),
  'patch service': away('patch-service', 'window'),
  uploader: away('uploader', 'owner'),
  recipient: away('recipient', 'owner'),
  'break-glass': away('break-glass', 'officer'),
  auditor: away('auditor', 'auditor'),
  'flow log': away('flow-log', 'delivery'),
  'trail log': away('trail-log', 'delivery'),
  administrator: outsider(roleArn('administrator')),
  'root user': { way: 'internet', principal: () => rootOf(`arn:aws:iam::${account}:root`), mighty: true },
  stranger: outsider(roleArn('stranger', elsewhere)),
  'stranger in our network': { ...outsider(roleArn('stranger', elsewhere)), way: 'endpoints', address: '10.0.2.9' },
  anybody: { way: 'internet', principal: () => anonymous, mighty: true },
  'anybody in our network': { way: 'endpoints', address: '10.0.2.9', principal: () => anonymous, mighty: true },
  "thief of a worker's credentials": onHost('worker', { way: 'internet' }),
  "thief of a worker's credentials in a VPC": onHost('worker', { way: 'foreign endpoint', address: '10.0.7.7' }),
  "thief of a worker's credentials on the bastion": onHost('worker', { address: '10.0.0.5' }),
  "thief of the key host's credentials": onHost('key-host', { way: 'internet' }),
  "thief of the bastion's credentials": onHost('bastion', { way: 'internet' }),
  "thief of the sweeper's credentials": { way: 'internet', principal: session('sweeper', 'agent'), bound: 'sweeper' },
  // Asked about only where they matter. The first four are those whom the variables name.
  'data owner': outsider(roleArn('uploader', elsewhere)),
  'receiver of results': outsider(roleArn('recipient', elsewhere)),
  officer: { way: 'internet', principal: () => userOf(officer), mighty: true },
  inspector: outsider(roleArn('auditor', elsewhere)),
  'administrator in our network': { ...outsider(roleArn('administrator')), way: 'endpoints', address: '10.0.0.5' },
  "pretender in a worker's role": { way: 'internet', principal: () => sessionOf(ours('worker'), 'made-anew'), mighty: true },
  "pretender in a worker's role, with an endpoint": {
    way: 'foreign endpoint',
    address: '10.0.7.7',
    principal: () => sessionOf(ours('worker'), 'made-anew', { 'skep:s3-endpoint': foreign.id }),
    mighty: true,
  },
} as const satisfies Readonly<Record<string, Person>>

export type Who = keyof typeof people
const guests = Object.keys(people).slice(Object.keys(people).indexOf('data owner'))
export const everybody = (Object.keys(people) as readonly Who[]).filter((who) => !guests.includes(who))
export const thieves = everybody.filter((who) => who.startsWith('thief'))
export const inPerson = everybody.filter((who) => !thieves.includes(who))
export const strangers: readonly Who[] = ['stranger', 'stranger in our network', 'anybody', 'anybody in our network']
/** Our own, from within our network. */
export const insiders: readonly Who[] = ['worker', 'key host', 'bastion', 'workstation', 'image builder', 'sweeper']
/** Whom no endpoint of ours lets through: their credentials, or none, are not ours. */
export const foreigners: readonly Who[] = ['stranger in our network', 'anybody in our network']
export const admins: readonly Who[] = ['administrator', 'root user']
export const but = (...none: readonly Who[]): readonly Who[] => everybody.filter((who) => !none.includes(who))

/** Those who use a role's credentials, rightly or not. */
export function withRole(...roles: readonly ('worker' | 'key host' | 'bastion' | 'sweeper')[]): readonly Who[] {
  const thief = (role: string): RegExp => new RegExp(`^thief of (a|the) ${role}'s`)
  return everybody.filter((who) => roles.some((role) => who === role || thief(role).test(who)))
}

const everything = (name: string) => [
  parsePolicy(name, 'identity', { Version: '2012-10-17', Statement: { Sid: 'Everything', Effect: 'Allow', Action: '*', Resource: '*' } }),
]
const welcome = (name: string, kind: Kind, action = '*') =>
  parsePolicy(name, kind, {
    Version: '2012-10-17',
    Statement: { Sid: 'Welcome', Effect: 'Allow', Principal: '*', Action: action, Resource: '*' },
  })

/** Things of others that welcome everybody: so what keeps us from them is ours. */
const things: readonly (readonly [arn: string, Thing])[] = [
  ['arn:aws:s3:::stranger', { name: "bucket stranger's", policy: welcome("bucket stranger's", 'resource') }],
  [
    `arn:aws:s3:::al2023-repos-${region}-de612dc2`,
    { name: 'bucket packages', policy: welcome('bucket packages', 'resource', 's3:GetObject') },
  ],
  [`arn:aws:sqs:${region}:${elsewhere}:queue`, { name: "queue stranger's", policy: welcome("queue stranger's", 'resource') }],
  [`arn:aws:sns:${region}:${elsewhere}:topic`, { name: "topic stranger's", policy: welcome("topic stranger's", 'resource') }],
  [`arn:aws:kms:${region}:${elsewhere}:key/0b1c`, { name: "key stranger's", policy: welcome("key stranger's", 'key') }],
]

/** The world with those in it whom Terraform does not make. */
export function withOutsiders(world: World): World {
  const arns = [
    roleArn('administrator'),
    ...['stranger', 'uploader', 'recipient', 'auditor'].map((name) => roleArn(name, elsewhere)),
    officer,
  ]
  // Once the environment is gone, an administrator can make a role of the same name.
  const anew = world.identities.has(ours('worker')) ? [] : [ours('worker')]
  const mighty = [...arns, ...anew].map((arn) => [arn, { policies: everything('may everything'), tags: {} }] as const)
  return { ...world, identities: new Map([...world.identities, ...mighty]), things: new Map([...world.things, ...things]) }
}

/** What AWS says of how a request to a service came: by which endpoint, or from which address, and with which host's credentials. */
export function wayOf(who: Who, service: string, world: World): { readonly context: Values; readonly through: Endpoint | undefined } {
  const { way, address }: Person = people[who]
  const through = way === 'endpoints' ? world.endpoints.get(service) : way === 'foreign endpoint' ? foreign : undefined
  const from: Values = through === undefined || address === undefined ? { 'aws:SourceIp': '198.51.100.7' } : { 'aws:VpcSourceIp': address }
  return { through, context: { ...hostOf(who, world), ...from } }
}

/** The host whose credentials are used: also in what a service asks in somebody's name, where the way is left out. */
export function hostOf(who: Who, world: World): Values {
  const { host }: Person = people[who]
  const vpc = world.endpoints.get('s3')?.vpc
  if (host === undefined || vpc === undefined) return {}
  return {
    'ec2:SourceInstanceARN': `arn:aws:ec2:${region}:${account}:instance/i-0123456789abcdef0`,
    'aws:Ec2InstanceSourceVpc': vpc,
    'aws:Ec2InstanceSourcePrivateIPv4': addresses[host] ?? '',
  }
}

export const principalOf = (who: Who, world: World): Principal => people[who].principal(world)
export const isMighty = (who: Who): boolean => 'mighty' in people[who]

/** Statements that deny whatever is asked of a service, for credentials that are used where they do not belong. */
export function barredBy(who: Who, service: string, world: World): readonly string[] {
  const { way, host, address, bound }: Person = people[who]
  if (bound === undefined) return []
  const inside = way === 'endpoints' && world.endpoints.has(service)
  const atHome = inside && address === addresses[host ?? '']
  return [...(inside ? [] : [`${bound}#DenyOutsideOurNetwork`]), ...(host === undefined || atHome ? [] : [`${bound}#DenyOnOtherHost`])]
}
