/** What people get wrong in variables, and what Terraform has to say: one error that names the variable, the value and the form. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { given } from './given.ts'
import { terraform } from './terraform.ts'
import { preparedTree, type Root } from './tree.ts'

export interface Mistake {
  readonly root: Root
  readonly variable: string
  readonly value: unknown
  /** Of the message: what would have been right. */
  readonly accepted: string
  /** How the message shows the value, where it is not as JSON writes it. */
  readonly shown?: string
  /** What else is told, rightly. */
  readonly beside?: Readonly<Record<string, unknown>>
}

type Case = readonly [value: unknown, more?: Pick<Mistake, 'shown' | 'beside'>]

const of = (root: Root, variable: string, accepted: string, ...cases: readonly Case[]): readonly Mistake[] =>
  cases.map(([value, more]) => ({ root, variable, value, accepted, ...more }))

const pit = 'a letter first, such as hipaa_vpc, but nothing that AWS keeps for itself'
const principals = 'ARNs of IAM roles or users, such as arn:aws:iam::123456789012:role/research, never *'
/** One more than the public subnet's NACL has room for. */
const sixteen = Array.from({ length: 16 }, (_, index) => `203.0.113.${index}/32`)
const networks = 'one to fifteen IPv4 networks of /24 to /32'
const three = 'three IPv4 networks that do not overlap, each smaller than and inside vpc_cidr 10.0.0.0/16'
const subnets = { public: '10.0.0.0/24', private: '10.0.1.0/24', isolated: '10.0.2.0/24' }
const hosts = { bastion: 'm6i.large', key_host: 'm6i.large', worker: 'm6i.large' }
const images = { bastion: 'ami-0123456789abcdef0', key_host: 'ami-0123456789abcdef0', worker: 'ami-0123456789abcdef0' }
const privateKey = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----'

/** One or more for every check; terraform/tests/variables.tftest.hcl has the other ways to go wrong. */
export const mistakes: readonly Mistake[] = [
  ...of('foundation', 'pit', pit, ['x'], ['aws_hipaa']),
  ...of('foundation', 'region', 'a region such as us-west-2', ['us-west']),
  ...of(
    'foundation',
    'break_glass_principals',
    'ARNs of IAM users with MFA, such as arn:aws:iam::123456789012:user/break-glass',
    [['*']],
    [['arn:aws:iam::123456789012:role/security-officer']],
  ),
  ...of('foundation', 'auditor_principals', principals, [['123456789012']]),
  ...of('foundation', 'alarm_emails', 'e-mail addresses such as office@example.org', [['office']]),
  ...of('foundation', 'audit_lock_mode', 'COMPLIANCE or GOVERNANCE', ['Governance', { beside: { audit_lock_days: 1 } }]),
  ...of(
    'foundation',
    'audit_lock_days',
    'a whole number from 2192 (six years; from 1 with audit_lock_mode GOVERNANCE, for a trial) to 36500',
    [365],
  ),
  ...of('foundation', 'audit_lock_days', 'a whole number from 1 to 36500', [1.5, { beside: { audit_lock_mode: 'GOVERNANCE' } }]),
  ...of('environment', 'pit', pit, ['a__b'], ['SSM-x']),
  ...of('environment', 'region', 'a region such as us-west-2', ['us-west']),
  ...of('environment', 'availability_zone', 'one zone of us-west-2, such as us-west-2a', ['us-east-1a'], ['us-west-2a,us-west-2b']),
  ...of('environment', 'vpc_cidr', 'an IPv4 network of /16 to /24', ['10.0.0.0/8'], ['all']),
  ...of('environment', 'subnet_cidrs', three, [{ ...subnets, public: '10.0.0.0/16' }], [{ ...subnets, private: '10.0.0.128/25' }]),
  ...of('environment', 'ssh_networks', networks, [['0.0.0.0/0']], [['2001:db8::/64']], [[]], [sixteen]),
  ...of('environment', 'tenancy', 'dedicated or default', ['host']),
  ...of('environment', 'images', 'ids such as ami-0123456789abcdef0', [{ ...images, worker: 'al2023' }]),
  ...of('environment', 'instance_types', 'no T types (they can not be dedicated)', [{ ...hosts, bastion: 't3.micro' }]),
  ...of(
    'environment',
    'admin_ssh_keys',
    'at least one public key on one line',
    [[], { shown: 'got 0 keys' }],
    [[privateKey], { shown: 'got 1 keys' }],
  ),
  ...of('environment', 'uploader_principals', principals, [['*']]),
  ...of('environment', 'recipient_principals', principals, [['arn:aws:sts::123456789012:assumed-role/x/y']]),
  ...of('environment', 'notice_emails', 'e-mail addresses such as office@example.org', [['@example.org']]),
  ...of('environment', 'worker_disk_gib', 'a whole number of GiB from 16 to 16384', [8]),
  ...of('environment', 'reference_snapshot', 'null or an id such as snap-0123456789abcdef0', ['vol-0123456789abcdef0']),
  ...of('environment', 'intake_bundle', 'the path of a file, as npm run bundle:intake makes it', ['no/such.zip']),
  ...of('environment', 'log_retention_days', '365, 400, 545', [30]),
]

/** What a plan says of it, one block an error, without the frames; there is no account to be asked, and no network is needed. */
export async function errorsOf({ root, variable, value, beside }: Mistake, folder: string): Promise<readonly string[]> {
  const told = { ...given(root, folder), ...beside, [variable]: value }
  const file = join(folder, 'mistake.tfvars.json')
  writeFileSync(file, JSON.stringify(told, null, 2))
  const args = ['plan', '-input=false', '-lock=false', '-refresh=false', '-no-color', `-var-file=${file}`]
  const { stderr } = await terraform(join(await preparedTree(), root), args)
  return stderr
    .split(/^Error: /m)
    .slice(1)
    .map((block) => block.replace(/\s+/g, ' '))
}

/** Terraform writes an object's keys in order. */
const sorted = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).toSorted()) : value

/** Where a message does not do what it has to. */
export function wrongWith({ variable, value, accepted, shown }: Mistake, errors: readonly string[]): readonly string[] {
  const [error = ''] = errors
  const got = shown ?? (typeof value === 'string' ? `"${value}"` : JSON.stringify(sorted(value)))
  return [
    ...(errors.length === 1 ? [] : [`expected one error, got ${errors.length}`]),
    ...(error.includes(`${variable}: expected`) ? [] : [`does not begin with "${variable}: expected"`]),
    ...(error.includes(accepted) ? [] : [`does not say "${accepted}"`]),
    ...(error.includes(got) ? [] : [`does not show ${got}`]),
  ]
}
