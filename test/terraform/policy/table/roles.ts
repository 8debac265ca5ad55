/** Becoming a role. */
import type { Row } from './ask.ts'
import { but, everybody, insiders, type Who } from './people.ts'

const become = (role: string) => [{ action: 'sts:AssumeRole', on: `role ${role}` }]
const guests: readonly Who[] = [
  'data owner',
  'receiver of results',
  'officer',
  'inspector',
  'stranger',
  'administrator',
  'bastion',
  'worker',
]
const mfa = (age: string) => ({ 'aws:MultiFactorAuthPresent': 'true', 'aws:MultiFactorAuthAge': age })

const ofPeople = ['uploader', 'recipient', 'break-glass', 'auditor', 'sweeper']
const ofServices = [
  'worker',
  'bastion',
  'key-host',
  'intake',
  'reaper',
  'image-builder',
  'patch-service',
  'workstation',
  'flow-log',
  'trail-log',
]

export const roles: readonly Row[] = [
  { ctl: 'ctl:S4 ctl:I8', does: 'become uploader', parts: become('uploader'), may: ['data owner'], among: guests },
  { ctl: 'ctl:S5 ctl:I8', does: 'become recipient', parts: become('recipient'), may: ['receiver of results'], among: guests },
  { ctl: 'ctl:I8', does: 'become auditor', parts: become('auditor'), may: ['inspector'], among: guests },
  {
    ctl: 'ctl:I7',
    does: 'become break-glass with a second factor given within the hour',
    parts: become('break-glass').map((part) => ({ ...part, says: mfa('60') })),
    may: ['officer'],
    among: guests,
  },
  { ctl: 'ctl:I7', does: 'become break-glass without a second factor', parts: become('break-glass'), may: [], among: guests },
  {
    ctl: 'ctl:I7',
    does: 'become break-glass in a session that had a second factor once and says it has none',
    parts: become('break-glass').map((part) => ({ ...part, says: { ...mfa('60'), 'aws:MultiFactorAuthPresent': 'false' } })),
    may: [],
    among: guests,
  },
  {
    ctl: 'ctl:I7',
    does: 'become break-glass with a second factor of yesterday',
    parts: become('break-glass').map((part) => ({ ...part, says: mfa('86400') })),
    may: [],
    among: guests,
  },
  { ctl: 'ctl:I3', does: 'become sweeper', parts: become('sweeper'), may: ['bastion'], among: but('root user') },
  ...ofServices.map((role): Row => ({ ctl: 'ctl:I8', does: `become ${role}`, parts: become(role), may: [], among: but('root user') })),
  ...[...ofPeople, ...ofServices].map(
    (role): Row => ({
      ctl: 'ctl:S5',
      does: `say, on becoming ${role}, which tags the session has`,
      parts: [
        {
          action: 'sts:TagSession',
          on: `role ${role}`,
          says: { 'aws:RequestTag/skep:s3-endpoint': 'vpce-0f0e1d2c3b4a59687', 'aws:TagKeys': ['skep:s3-endpoint'] },
        },
      ],
      may: [],
      missing: { endpoint: insiders },
      among: [...everybody, 'data owner', 'receiver of results', 'officer', 'inspector'],
    }),
  ),
]
