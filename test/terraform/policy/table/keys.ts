/** The three keys, asked for directly, administered, and handed to disks. What services ask in somebody's name is in key-uses.ts. */
import type { Part, Row } from './ask.ts'
import { ofDataKey, ofDataKeyAtAll } from './bars.ts'
import { admins, but, inPerson, withRole } from './people.ts'

type Key = 'data' | 'ops' | 'ticket'
const use = (action: string, name: Key, more: Partial<Part> = {}): readonly Part[] => [
  { action: `kms:${action}`, on: `key ${name}`, ...more },
]

/** Asked for by somebody, not by a service: nobody gets a key so. */
const themselves: readonly (readonly [does: string, action: string])[] = [
  ['decrypt', 'Decrypt'],
  ['encrypt', 'Encrypt'],
  ['have a key made for themselves', 'GenerateDataKey'],
  ['have a pair of keys made for themselves', 'GenerateDataKeyPair'],
  ['have something encrypted anew', 'ReEncryptFrom'],
]

const looksAfter = [
  'CancelKeyDeletion',
  'CreateAlias',
  'DeleteAlias',
  'DescribeKey',
  'DisableKey',
  'EnableKey',
  'EnableKeyRotation',
  'GetKeyPolicy',
  'GetKeyRotationStatus',
  'ListGrants',
  'ListKeyPolicies',
  'ListKeyRotations',
  'ListResourceTags',
  'RevokeGrant',
  'RotateKeyOnDemand',
  'TagResource',
  'UntagResource',
  'UpdateAlias',
  'UpdateKeyDescription',
]

export const keys: readonly Row[] = [
  ...(['data', 'ops'] as const).flatMap((name) =>
    themselves.map(
      ([does, action]): Row => ({
        ctl: 'ctl:I2 ctl:I6',
        does: `${does} with the ${name} key`,
        parts: use(action, name),
        may: [],
        denies: name === 'data' ? ofDataKey : {},
      }),
    ),
  ),
  {
    ctl: 'ctl:I2',
    does: 'let EC2 use the data key for a disk of a host they start',
    parts: use('CreateGrant', 'data', { by: 'ec2', says: { 'kms:GrantIsForAWSResource': 'true' } }),
    may: ['bastion', ...admins],
    denies: ofDataKeyAtAll,
    among: inPerson,
  },
  {
    ctl: 'ctl:I2',
    does: 'grant the use of the data key to somebody',
    parts: use('CreateGrant', 'data', { says: { 'kms:GrantIsForAWSResource': 'false' } }),
    may: [],
    denies: ofDataKeyAtAll,
  },
  ...['Decrypt', 'ReEncryptFrom'].map(
    (action): Row => ({
      ctl: 'ctl:I2',
      does: `have EC2 hand out what is under the data key (${action})`,
      parts: use(action, 'data', { by: 'ec2' }),
      may: [],
      denies: ofDataKey,
      among: inPerson,
    }),
  ),
  ...(['data', 'ops', 'ticket'] as const).flatMap((name): Row[] => {
    const row = (ctl: string, does: string, actions: readonly string[], note?: string): Row => ({
      ctl,
      does,
      parts: actions.flatMap((action) => use(action, name)),
      may: admins,
      denies: name === 'data' ? ofDataKeyAtAll : {},
      ...(note === undefined ? {} : { note }),
    })
    return [
      row('ctl:I6', `look after the ${name} key`, looksAfter),
      row('ctl:I6', `have the ${name} key deleted in 30 days`, ['ScheduleKeyDeletion']),
      row(
        'residual',
        `change the policy of the ${name} key`,
        ['PutKeyPolicy'],
        'An administrator can undo a control. It is seen, not prevented.',
      ),
    ]
  }),
  {
    ctl: 'ctl:I3 ctl:I6',
    does: 'sign a ticket',
    parts: use('Sign', 'ticket', { says: { 'kms:SigningAlgorithm': 'ECDSA_SHA_256', 'kms:MessageType': 'DIGEST' } }),
    may: ['intake'],
    denies: { 'key ticket#DenySignExceptIntake': but('intake'), 'bastion-limits#DenySign': withRole('bastion') },
  },
  {
    ctl: 'ctl:I3',
    does: 'sign a ticket by another algorithm',
    parts: use('Sign', 'ticket', { says: { 'kms:SigningAlgorithm': 'ECDSA_SHA_384', 'kms:MessageType': 'DIGEST' } }),
    may: [],
    missing: { resource: ['intake'] },
    among: ['intake'],
  },
  ...['GetPublicKey', 'Verify'].map(
    (action): Row => ({
      ctl: 'ctl:I3',
      does: action === 'Verify' ? 'have KMS check a ticket' : 'fetch the public half of the ticket key',
      parts: use(action, 'ticket'),
      may: ['intake', 'bastion', 'key host', 'worker', 'auditor'],
    }),
  ),
]
