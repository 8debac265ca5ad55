/** Starting hosts: from what, where, as what, and with which role. */
import type { Values } from '../context.ts'
import type { Part, Row } from './ask.ts'
import { ec2, image, snapshot } from './ec2.ts'
import { admins, ours, type Who, withRole } from './people.ts'

const tags = {
  'aws:RequestTag/PIT': 'hipaa_vpc',
  'aws:RequestTag/skep:role': 'worker',
  'aws:RequestTag/job': '8d5957e2c9a4b0f1d3e6a7b8c9d0e1f2a3b4c5d6',
  'aws:TagKeys': ['PIT', 'skep:role', 'job'],
}

/** All that EC2 asks about one launch: each thing that it takes or makes. No template: an empty one. */
function launch(
  other: {
    readonly template?: string
    readonly subnet?: string
    readonly encrypted?: string
    readonly tags?: Values
    readonly changed?: string
    readonly profile?: string
  } = {},
): readonly Part[] {
  const {
    template = '@template worker',
    subnet = 'subnet isolated',
    encrypted = 'true',
    tags: tagged = tags,
    changed,
    profile = 'worker',
  } = other
  const from: Values = template === '' ? {} : { 'ec2:LaunchTemplate': template }
  const of = (what: string): Values => ({
    ...from,
    ...(template === '' ? {} : { 'ec2:IsLaunchTemplateResource': what === changed ? 'false' : 'true' }),
  })
  const part = (what: string, resource: string, says: Values = {}): Part => ({
    action: 'ec2:RunInstances',
    on: resource,
    says: { ...of(what), ...says },
  })
  return [
    ...(template === '@template worker' ? [part('template', 'template worker')] : template === '' ? [] : [part('template', template)]),
    part('image', image, { 'ec2:Owner': 'amazon' }),
    part('snapshot', snapshot),
    part('subnet', subnet),
    part('group', 'group workers'),
    part('interface', ec2('network-interface'), { 'ec2:Subnet': `@${subnet}` }),
    part('instance', ec2('instance'), {
      ...tagged,
      'ec2:InstanceProfile': profileOf(profile),
      'ec2:Tenancy': 'dedicated',
      'ec2:InstanceType': 'm6i.xlarge',
    }),
    part('volume', ec2('volume'), { ...tagged, 'ec2:Encrypted': encrypted }),
    ...['instance', 'volume', 'network-interface'].map(
      (kind): Part => ({ action: 'ec2:CreateTags', on: ec2(kind), says: { 'ec2:CreateAction': 'RunInstances', ...tagged } }),
    ),
    pass('worker'),
    ...disk('CreateGrant', { 'kms:GrantIsForAWSResource': 'true' }),
    ...disk('GenerateDataKeyWithoutPlaintext'),
    ...disk('DescribeKey'),
    ...disk('ReEncryptTo'),
    { action: 'kms:ReEncryptFrom', on: 'key ops', by: 'ec2' },
  ]
}
const profileOf = (role: string): string => ours(role).replace(':role/', ':instance-profile/')
const disk = (action: string, says: Values = {}): readonly Part[] => [{ action: `kms:${action}`, on: 'key data', by: 'ec2', says }]
const pass = (role: string, to = 'ec2.amazonaws.com'): Part => ({
  action: 'iam:PassRole',
  on: ours(role),
  says: { 'iam:PassedToService': to },
  beside: 'ec2',
})

/** The keys' policies know of disks only. */
const keyLets = { identity: ['bastion'] as const }
const launchers: readonly Who[] = ['bastion', ...admins]
const wrongly = (does: string, parts: readonly Part[], ...sids: readonly string[]): Row => ({
  ctl: 'ctl:I3',
  does,
  parts,
  may: admins,
  denies: Object.fromEntries(sids.map((sid) => [`bastion-limits#${sid}`, ['bastion'] satisfies Who[]])),
  among: launchers,
})

export const launches: readonly Row[] = [
  {
    ctl: 'ctl:I3',
    does: 'start a worker from the template',
    parts: launch(),
    may: launchers,
    among: [...launchers, 'worker', 'key host', 'sweeper', 'reaper', 'patch service', 'uploader', 'recipient'],
  },
  wrongly('start a host without the template', launch({ template: '' }), 'DenyLaunchWithoutTemplate'),
  wrongly(
    'start a host from another template',
    launch({ template: ec2('launch-template', 'lt-0f0e1d2c3b4a59687') }),
    'DenyLaunchElsewhere',
    'DenyLaunchWithoutTemplate',
  ),
  wrongly('start a worker in the role of the image builder', launch({ profile: 'image-builder' }), 'DenyLaunchInOtherRole'),
  wrongly('start a worker in the public subnet', launch({ subnet: 'subnet public' }), 'DenyLaunchElsewhere'),
  wrongly('start a worker in the subnet with a way out', launch({ subnet: 'subnet private' }), 'DenyLaunchElsewhere'),
  wrongly('start a worker without tags', launch({ tags: {} }), 'DenyLaunchUntagged', 'DenyLaunchWithoutJob'),
  wrongly(
    'start a worker that is tagged for no job',
    launch({ tags: { 'aws:RequestTag/PIT': 'hipaa_vpc', 'aws:RequestTag/skep:role': 'worker', 'aws:TagKeys': ['PIT', 'skep:role'] } }),
    'DenyLaunchWithoutJob',
  ),
  ...[
    ['image', 'of another image than the template says'],
    ['group', 'in another security group than the template says'],
  ].map(
    ([changed = '', what = '']): Row => ({
      ctl: 'ctl:I3',
      does: `start a worker ${what}`,
      parts: launch({ changed }),
      may: admins,
      missing: keyLets,
      among: launchers,
    }),
  ),
  {
    ctl: 'ctl:I3',
    does: 'start a worker on a disk that is not encrypted',
    parts: launch({ encrypted: 'false' }),
    may: admins,
    missing: keyLets,
    among: launchers,
  },
  {
    ctl: 'ctl:I3',
    does: 'start a worker that is tagged as the key host',
    parts: launch({ tags: { ...tags, 'aws:RequestTag/skep:role': 'key-host' } }),
    may: admins,
    missing: keyLets,
    among: launchers,
  },
  ...['worker', 'image-builder'].map(
    (role): Row => ({ ctl: 'ctl:I3', does: `give the role ${role} to a host`, parts: [pass(role)], may: launchers }),
  ),
  {
    ctl: 'ctl:I3',
    does: 'give the role worker to a function',
    parts: [pass('worker', 'lambda.amazonaws.com')],
    may: admins,
    among: launchers,
  },
  ...[
    'bastion',
    'key-host',
    'sweeper',
    'break-glass',
    'auditor',
    'uploader',
    'recipient',
    'intake',
    'reaper',
    'patch-service',
    'workstation',
  ].map(
    (role): Row => ({
      ctl: 'ctl:I3',
      does: `give the role ${role} to a host`,
      parts: [pass(role)],
      may: admins,
      denies: { 'bastion-limits#DenyPassOtherRoles': withRole('bastion') },
    }),
  ),
]
