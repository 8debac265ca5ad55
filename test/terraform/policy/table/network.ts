/** What gets through the endpoints of our network: things of others that welcome everybody, and others' credentials. */
import { account, region } from '../../given.ts'
import type { Part, Row } from './ask.ts'
import { elsewhere, type Who, withRole } from './people.ts'

const hosts: readonly Who[] = ['worker', 'key host', 'bastion', 'workstation', 'image builder']
const stranger: readonly Who[] = ['stranger in our network']
const inside: readonly Who[] = [...hosts, 'administrator in our network', 'stranger in our network', 'anybody in our network']
const signed = inside.filter((who) => who !== 'anybody in our network')
const amazon = '137112412989'

/** A thing of others that lets everybody in: what is missing is our endpoint, and for hosts a right of their own. */
const shut = (ctl: string, does: string, part: Part, more: Partial<Row> = {}): Row => ({
  ctl,
  does: `${does}, from within our network`,
  parts: [{ owner: elsewhere, ...part }],
  may: [],
  welcome: true,
  missing: { endpoint: inside, identity: hosts },
  among: signed,
  ...more,
})
/** A thing that is only its own account's. */
const closed = {
  welcome: false,
  missing: { endpoint: inside, identity: hosts, resource: inside.filter((who) => !stranger.includes(who)) },
}

export const network: readonly Row[] = [
  shut('ctl:N9', "put something into a stranger's bucket", { action: 's3:PutObject', on: "bucket stranger's/loot" }, { among: inside }),
  shut(
    'ctl:N9',
    "read something from a stranger's bucket",
    { action: 's3:GetObject', on: "bucket stranger's/tool" },
    { among: inside, denies: { 'bastion-limits#DenyReadExceptManifestsAndRelay': ['bastion'] } },
  ),
  shut('ctl:N9', "list a stranger's bucket", { action: 's3:ListBucket', on: "bucket stranger's" }, { among: inside }),
  ...(['s3:PutObject', 's3:ListBucket'] as const).map((action) =>
    shut(
      'ctl:N9',
      action === 's3:PutObject' ? 'put something into the bucket of packages' : 'list the bucket of packages',
      { action, on: action === 's3:PutObject' ? 'bucket packages/loot' : 'bucket packages', owner: amazon },
      { missing: { endpoint: inside, identity: hosts, resource: inside }, among: inside },
    ),
  ),
  {
    ctl: 'ctl:N9',
    does: "fetch a package of Amazon's, from within our network",
    parts: [{ action: 's3:GetObject', on: 'bucket packages/core/bash.rpm', owner: amazon }],
    may: ['anybody in our network', 'stranger in our network'],
    among: ['anybody in our network', 'stranger in our network'],
    note: 'Hosts ask for packages without credentials.',
  },
  shut(
    'ctl:N9',
    "write to a stranger's table",
    { action: 'dynamodb:PutItem', on: `arn:aws:dynamodb:${region}:${elsewhere}:table/loot` },
    closed,
  ),
  shut('ctl:N10', "send to a stranger's queue", { action: 'sqs:SendMessage', on: "queue stranger's" }),
  shut('ctl:N10', "publish to a stranger's topic", { action: 'sns:Publish', on: "topic stranger's" }),
  shut('ctl:N10', "encrypt with a stranger's key", { action: 'kms:Encrypt', on: "key stranger's" }),
  shut(
    'ctl:N10',
    "write to a stranger's log",
    { action: 'logs:PutLogEvents', on: `arn:aws:logs:${region}:${elsewhere}:log-group:loot:log-stream:1` },
    closed,
  ),
  ...(
    [
      ['become a role', 'sts:AssumeRole', `arn:aws:iam::${elsewhere}:role/x`],
      ['start a host', 'ec2:RunInstances', `arn:aws:ec2:${region}:${elsewhere}:instance/*`],
      ['keep a parameter', 'ssm:PutParameter', `arn:aws:ssm:${region}:${elsewhere}:parameter/loot`],
      ['open a channel of SSM', 'ssmmessages:OpenDataChannel', '*'],
      ['take commands of SSM', 'ec2messages:GetMessages', '*'],
      ['write to a log there', 'logs:PutLogEvents', `arn:aws:logs:${region}:${elsewhere}:log-group:loot:log-stream:1`],
    ] as const
  ).map(([does, action, on]) => shut('ctl:N10', `${does} with credentials of another account`, { action, on }, { among: stranger })),
]

/** Credentials that were taken along. */
export const thefts: readonly Row[] = [
  {
    ctl: 'ctl:I4',
    does: "ring the doorbell with a worker's credentials",
    parts: [{ action: 'sqs:SendMessage', on: 'queue doorbell' }],
    may: ['worker'],
    among: withRole('worker'),
  },
  {
    ctl: 'ctl:I4',
    does: "read the ledger with the bastion's credentials",
    parts: [{ action: 'dynamodb:GetItem', on: 'table ledger', says: { 'dynamodb:LeadingKeys': ['run#1'] } }],
    may: ['bastion'],
    among: withRole('bastion'),
  },
  {
    ctl: 'ctl:I4',
    does: "end a worker with the sweeper's credentials",
    parts: [
      {
        action: 'ec2:TerminateInstances',
        on: `arn:aws:ec2:${region}:${account}:instance/i-0aaaaaaaaaaaaaaaa`,
        says: { 'aws:ResourceTag/PIT': 'hipaa_vpc', 'aws:ResourceTag/skep:role': 'worker' },
      },
    ],
    may: ['sweeper'],
    among: withRole('sweeper'),
  },
]

const agent = (action: string, on = '*'): readonly Part[] => [{ action, on }]
const withSessions = hosts.filter((who) => who !== 'key host')
const asked: readonly Who[] = [...hosts, 'sweeper', 'stranger in our network']
const may = (does: string, parts: readonly Part[], who: readonly Who[]): Row => ({
  ctl: 'ctl:N10 ctl:I4',
  does: `${does}, from within our network`,
  parts,
  may: who,
  among: asked,
})

/** What the SSM agent on a host asks, through our endpoints. */
export const agents: readonly Row[] = [
  may(
    'say that a host is there',
    agent('ssm:UpdateInstanceInformation', `arn:aws:ec2:${region}:${account}:instance/i-0123456789abcdef0`),
    hosts,
  ),
  ...[
    'ec2messages:GetMessages',
    'ec2messages:AcknowledgeMessage',
    'ec2messages:SendReply',
    'ssmmessages:CreateControlChannel',
    'ssmmessages:OpenControlChannel',
  ].map((action) => may(`take commands (${action})`, agent(action), hosts)),
  ...['ssmmessages:CreateDataChannel', 'ssmmessages:OpenDataChannel'].map((action) =>
    may(`open a session (${action})`, agent(action), withSessions),
  ),
  may(
    "read one of Amazon's documents",
    agent('ssm:GetDocument', `arn:aws:ssm:${region}::document/AWS-RunShellScript`).map((part) => ({ ...part, owner: account })),
    hosts,
  ),
  {
    ctl: 'ctl:N10',
    does: 'ask AWS who they are, from within our network',
    parts: agent('sts:GetCallerIdentity'),
    may: [...hosts, 'sweeper'],
    welcome: true,
    among: [...hosts, 'sweeper', ...stranger],
    note: 'It takes no right of their own, and no policy of their own denies it.',
  },
  {
    ctl: 'ctl:N10',
    does: 'write a log of ours, from within our network',
    parts: agent('logs:PutLogEvents', `arn:aws:logs:${region}:${account}:log-group:/hipaa_vpc/flow:log-stream:1`),
    may: ['administrator in our network'],
    among: ['administrator in our network', ...hosts, 'sweeper'],
    note: 'No host of ours writes one yet. The endpoint is there for those to come.',
  },
]
