/** Parameters, logs, and what the SSM agent on a host asks. */
import { account, region } from '../../given.ts'
import type { Part, Row } from './ask.ts'
import { admins, insiders, type Who, withRole } from './people.ts'

const parameter = (path: string): string => `arn:aws:ssm:${region}:${account}:parameter/hipaa_vpc/${path}`
const read = (path: string): readonly Part[] => [{ action: 'ssm:GetParameter', on: parameter(path) }]
const write = (path: string, overwrite = 'false'): readonly Part[] => [
  { action: 'ssm:PutParameter', on: parameter(path), says: { 'ssm:Overwrite': overwrite } },
]
const secret = (action: string): Part => ({
  action: `kms:${action}`,
  on: 'key ops',
  by: 'ssm',
  says: { 'kms:EncryptionContext:PARAMETER_ARN': `@${parameter('intake/names')}` },
})

export const parameters: readonly Row[] = [
  { ctl: 'ctl:I1', does: "read the environment's document", parts: read('environment'), may: ['bastion', 'key host', 'intake', ...admins] },
  { ctl: 'ctl:I1', does: "read the foundation's document", parts: read('foundation'), may: admins },
  { ctl: 'ctl:I1', does: "change the environment's document", parts: write('environment', 'true'), may: admins, denies: overwriting() },
  {
    ctl: 'ctl:I1',
    does: "read a role's public key",
    parts: read('public/key-host/audit'),
    may: ['worker', 'bastion', 'key host', 'intake', 'auditor', ...admins],
  },
  ...(['bastion', 'key-host', 'intake'] as const).flatMap((role): Row[] => [
    {
      ctl: 'ctl:I1',
      does: `publish a first public key of ${role}`,
      parts: write(`public/${role}/audit`),
      may: [role === 'key-host' ? 'key host' : role, ...admins],
    },
    {
      ctl: 'ctl:I1',
      does: `replace the public key of ${role}`,
      parts: write(`public/${role}/audit`, 'true'),
      may: admins,
      denies: overwriting(),
    },
  ]),
  {
    ctl: 'ctl:I1',
    does: "read intake's secret",
    parts: [...read('intake/names'), secret('Decrypt')],
    may: ['intake'],
  },
  {
    ctl: 'ctl:I1',
    does: "make intake's secret",
    parts: [...write('intake/names'), secret('Encrypt')],
    may: ['intake'],
  },
]

function overwriting(): NonNullable<Row['denies']> {
  return {
    'bastion-limits#DenyReplaceKeys': withRole('bastion'),
    'key-host#DenyReplaceKeys': withRole('key host'),
    'intake#DenyReplaceKeys': ['intake'],
  }
}

const trail = `arn:aws:cloudtrail:${region}:${account}:trail/hipaa_vpc-trail`
const lines = (group: string, stream: string): string => `arn:aws:logs:${region}:${account}:log-group:${group}:log-stream:${stream}`
const groups: readonly (readonly [string, string, string, Who])[] = [
  ["intake's log", '/aws/lambda/hipaa_vpc-intake', '2026/11/27/1', 'intake'],
  ["the reaper's log", '/aws/lambda/hipaa_vpc-reaper', '2026/11/27/1', 'reaper'],
  ['the flow log', '/hipaa_vpc/flow', 'eni-0aaaaaaaaaaaaaaaa-all', 'flow log'],
  ["the trail's log", '/hipaa_vpc/trail', `${account}_CloudTrail_us-west-2`, 'trail log'],
  ['the log of names asked for', '/hipaa_vpc/dns', 'vpc-0a', 'administrator'],
]

export const logs: readonly Row[] = [
  ...groups.flatMap(([what, group, stream, who]): Row[] => [
    { ctl: 'ctl:I1', does: `write ${what}`, parts: [{ action: 'logs:PutLogEvents', on: lines(group, stream) }], may: [who, ...admins] },
    {
      ctl: 'ctl:I1',
      does: `begin a stream of ${what}`,
      parts: [{ action: 'logs:CreateLogStream', on: lines(group, stream) }],
      may: [who, ...admins],
    },
    {
      ctl: 'ctl:I1',
      does: `read ${what}`,
      parts: [{ action: 'logs:GetLogEvents', on: lines(group, stream) }],
      may: ['auditor', ...admins],
    },
  ]),
  {
    ctl: 'ctl:I1',
    does: 'find log groups',
    parts: [{ action: 'logs:DescribeLogGroups', on: '*' }],
    missing: { endpoint: insiders },
    may: ['auditor', 'flow log', ...admins],
  },
  {
    ctl: 'ctl:I1',
    does: 'see which alarms there are',
    parts: [{ action: 'cloudwatch:DescribeAlarms', on: `arn:aws:cloudwatch:${region}:${account}:alarm:hipaa_vpc-root` }],
    may: ['auditor', ...admins],
  },
  {
    ctl: 'ctl:I1',
    does: 'read what the trail saw',
    parts: [{ action: 'cloudtrail:LookupEvents', on: '*' }],
    may: ['auditor', ...admins],
  },
  {
    ctl: 'ctl:A1',
    does: 'see whether the trail runs',
    parts: [{ action: 'cloudtrail:GetTrailStatus', on: trail }],
    may: ['auditor', ...admins],
  },
  {
    ctl: 'ctl:A1',
    does: 'stop the trail',
    parts: [{ action: 'cloudtrail:StopLogging', on: trail }],
    may: admins,
    note: 'Raises an alarm.',
  },
  {
    ctl: 'ctl:I1',
    does: 'write down how long calls of a function took',
    parts: [{ action: 'xray:PutTraceSegments', on: '*' }],
    may: ['intake', ...admins],
  },
]
