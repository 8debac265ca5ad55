/** Hosts: changing, ending, copying and commanding them. */
import { region } from '../../given.ts'
import type { Values } from '../context.ts'
import type { Part, Row } from './ask.ts'
import { about, ec2, image, snapshot, worker } from './ec2.ts'
import { admins, type Who, withRole } from './people.ts'

const ends = (action: string, resource: string, role: string, pit?: string): readonly Part[] => [
  { action: `ec2:${action}`, on: resource, says: about(role, pit) },
]

const changes = [
  'ec2:ModifyInstanceAttribute',
  'ec2:AssociateIamInstanceProfile',
  'ec2:ReplaceIamInstanceProfileAssociation',
  'ec2:DisassociateIamInstanceProfile',
  'ec2:ModifyInstanceMetadataOptions',
  'ec2:AttachVolume',
  'ec2:CreateLaunchTemplateVersion',
  'ec2:ModifyLaunchTemplate',
  'ec2:DeleteTags',
]
/** All that EC2 asks about an image: the host that it is of, the image, the copies of its disks, their tags. */
const imageOf = (pit: string, tagged: Values): readonly Part[] => [
  { action: 'ec2:CreateImage', on: worker, says: about('image-builder', pit) },
  ...['image', 'snapshot'].flatMap((kind): Part[] => [
    { action: 'ec2:CreateImage', on: `arn:aws:ec2:${region}::${kind}/*`, says: tagged },
    { action: 'ec2:CreateTags', on: `arn:aws:ec2:${region}::${kind}/*`, says: { 'ec2:CreateAction': 'CreateImage', ...tagged } },
  ]),
]
const made: Values = { 'aws:RequestTag/PIT': 'hipaa_vpc', 'aws:TagKeys': ['PIT'] }
/** Who is kept from copying a disk, and by which policy. */
const kept: Readonly<Record<string, readonly Who[]>> = {
  'bastion-limits#DenyCopiesOfDisks': withRole('bastion'),
  'worker#DenyCopiesOfDisks': withRole('worker'),
  'key-host#DenyCopiesOfDisks': withRole('key host'),
  'sweeper#DenyCopiesOfDisks': withRole('sweeper'),
  'workstation#DenyCopiesOfDisks': ['workstation'],
  'intake#DenyCopiesOfDisks': ['intake'],
  'reaper#DenyCopiesOfDisks': ['reaper'],
  'patch-service#DenyCopiesOfDisks': ['patch service'],
  'uploader#DenyCopiesOfDisks': ['uploader'],
  'recipient#DenyCopiesOfDisks': ['recipient'],
}
const copies: readonly (readonly [string, string, string])[] = [
  ['ec2:CreateSnapshot', "copy a host's disk", ec2('volume', 'vol-0aaaaaaaaaaaaaaaa')],
  ['ec2:CreateSnapshots', "copy all of a host's disks", worker],
  ['ec2:CreateImage', "make an image of a worker's disk", worker],
  ['ec2:CopySnapshot', 'copy a copy of a disk', snapshot],
  ['ec2:GetPasswordData', "read a host's first password", worker],
  ['ec2:CopyImage', 'copy an image', image],
  ['ec2:ExportImage', 'export an image', image],
  ['ec2:ModifyImageAttribute', 'show an image to others', image],
  ['ec2:CreateStoreImageTask', 'store an image in a bucket', image],
  ['ec2:ModifySnapshotAttribute', 'show a copy of a disk to others', snapshot],
  ['ebs:GetSnapshotBlock', 'read a copy of a disk', snapshot],
]

/** What may be done to hosts of ours, done to those of another environment in the account. */
const ofAnother: readonly (readonly [does: string, action: string, on: string])[] = [
  ['end a worker', 'TerminateInstances', worker],
  ["delete a worker's disk", 'DeleteVolume', ec2('volume', 'vol-0aaaaaaaaaaaaaaaa')],
  ["delete a worker's network interface", 'DeleteNetworkInterface', ec2('network-interface', 'eni-0aaaaaaaaaaaaaaaa')],
  ["read a worker's console", 'GetConsoleOutput', worker],
  ["read a worker's user data", 'DescribeInstanceAttribute', worker],
]

export const hosts: readonly Row[] = [
  ...ofAnother.map(
    ([does, action, on]): Row => ({
      ctl: 'ctl:I3',
      does: `${does} of another environment`,
      parts: ends(action, on, 'worker', 'other_vpc'),
      may: admins,
    }),
  ),
  { ctl: 'ctl:I3', does: 'end a worker', parts: ends('TerminateInstances', worker, 'worker'), may: ['sweeper', 'reaper', ...admins] },
  {
    ctl: 'ctl:I3',
    does: 'end an image builder',
    parts: ends('TerminateInstances', worker, 'image-builder'),
    may: ['sweeper', 'reaper', ...admins],
  },
  {
    ctl: 'ctl:I3',
    does: 'end the key host',
    parts: ends('TerminateInstances', 'instance key_host', 'key-host'),
    may: admins,
    note: 'Termination protection stands in the way until it is lifted.',
  },
  {
    ctl: 'ctl:I3',
    does: "delete a worker's disk that is left over",
    parts: ends('DeleteVolume', ec2('volume', 'vol-0aaaaaaaaaaaaaaaa'), 'worker'),
    may: ['sweeper', ...admins],
  },
  {
    ctl: 'ctl:I3',
    does: "delete a worker's network interface that is left over",
    parts: ends('DeleteNetworkInterface', ec2('network-interface', 'eni-0aaaaaaaaaaaaaaaa'), 'worker'),
    may: ['sweeper', ...admins],
  },
  {
    ctl: 'ctl:I3',
    does: "delete an image builder's disk that is left over",
    parts: ends('DeleteVolume', ec2('volume', 'vol-0aaaaaaaaaaaaaaaa'), 'image-builder'),
    may: ['sweeper', ...admins],
  },
  {
    ctl: 'ctl:I3',
    does: "delete the key host's disk",
    parts: ends('DeleteVolume', ec2('volume', 'vol-0bbbbbbbbbbbbbbbb'), 'key-host'),
    may: admins,
  },
  {
    ctl: 'ctl:I3',
    does: 'see which hosts there are',
    parts: [{ action: 'ec2:DescribeInstances', on: '*' }],
    may: ['bastion', 'key host', 'sweeper', 'reaper', 'auditor', ...admins],
  },
  {
    ctl: 'ctl:I3',
    does: 'see which images there are',
    parts: [{ action: 'ec2:DescribeImages', on: '*' }],
    may: ['bastion', 'image builder', 'auditor', ...admins],
  },
  {
    ctl: 'ctl:I3',
    does: "read a worker's console",
    parts: [{ action: 'ec2:GetConsoleOutput', on: worker, says: about('worker') }],
    may: ['bastion', ...admins],
  },
  {
    ctl: 'ctl:I3',
    does: "read a worker's user data",
    parts: [{ action: 'ec2:DescribeInstanceAttribute', on: worker, says: about('worker') }],
    may: ['bastion', 'key host', ...admins],
  },
  ...changes.map(
    (action): Row => ({
      ctl: 'ctl:I3',
      does: `change what runs, or who gets in (${action})`,
      parts: [{ action, on: action.includes('LaunchTemplate') ? 'template worker' : worker, says: about('worker') }],
      may: admins,
      denies: { 'bastion-limits#DenyChangeOfHosts': withRole('bastion') },
    }),
  ),
  {
    ctl: 'ctl:I3 ctl:I4',
    does: 'let themselves in by EC2 Instance Connect',
    parts: [{ action: 'ec2-instance-connect:SendSSHPublicKey', on: worker, says: about('worker') }],
    may: admins,
    denies: { 'bastion-limits#DenyChangeOfHosts': ['bastion'] },
    among: ['bastion', ...admins],
    note: 'There is no endpoint of that service here, so that the bastion could only ask from outside.',
  },
  {
    ctl: 'ctl:I3',
    does: 'tag a host that is there already',
    parts: [
      {
        action: 'ec2:CreateTags',
        on: worker,
        says: { ...about('worker'), 'aws:RequestTag/skep:role': 'bastion', 'aws:TagKeys': ['skep:role'] },
      },
    ],
    may: admins,
    denies: { 'bastion-limits#DenyTagLater': withRole('bastion') },
  },
  ...copies.map(
    ([action, does, on]): Row => ({
      ctl: 'ctl:E5',
      does,
      parts: [{ action, on, says: action.startsWith('ec2:') ? about('worker') : {} }],
      may: admins,
      denies: action === 'ec2:CreateImage' ? kept : { ...kept, 'image-builder#DenyOtherCopiesOfDisks': ['image builder'] },
    }),
  ),
  {
    ctl: 'ctl:E5',
    does: 'make an image of an image builder',
    parts: imageOf('hipaa_vpc', made),
    may: ['image builder', ...admins],
    denies: { ...kept, 'bastion-limits#DenyTagLater': withRole('bastion') },
  },
  ...(
    [
      ['make an image of an image builder of another environment', imageOf('other_vpc', made)],
      ['make an image that is not tagged', imageOf('hipaa_vpc', {})],
      ['tag an image that is there already', [{ action: 'ec2:CreateTags', on: image, says: made }]],
    ] as const
  ).map(([does, parts]): Row => ({ ctl: 'ctl:E5', does, parts, may: admins, among: ['image builder', ...admins] })),
]

const run = (document: string, on: string, role: string, pit = 'hipaa_vpc'): readonly Part[] => [
  { action: 'ssm:SendCommand', on: `arn:aws:ssm:${region}::document/${document}` },
  {
    action: 'ssm:SendCommand',
    on,
    says: {
      'ssm:resourceTag/PIT': pit,
      'ssm:resourceTag/skep:role': role,
      'aws:ResourceTag/PIT': pit,
      'aws:ResourceTag/skep:role': role,
    },
  },
]
const notOnKeyHost = { 'bastion-limits#DenySsmOnKeyHost': withRole('bastion') }

export const commands: readonly Row[] = [
  ...['AWS-RunShellScript', 'AWS-RunPatchBaseline'].flatMap((document): Row[] => [
    {
      ctl: 'ctl:I3',
      does: `run ${document} on a host of another environment`,
      parts: run(document, worker, 'bastion', 'other_vpc'),
      may: admins,
    },
    { ctl: 'ctl:I3', does: `run ${document} on a host of no kind of ours`, parts: run(document, worker, 'other'), may: admins },
  ]),
  ...['bastion', 'workstation', 'image-builder'].map(
    (role): Row => ({
      ctl: 'ctl:I3',
      does: `run a command on a host of the kind ${role}`,
      parts: run('AWS-RunShellScript', worker, role),
      may: ['bastion', ...admins],
    }),
  ),
  {
    ctl: 'ctl:I3',
    does: 'open a session on a worker',
    parts: run('AWS-StartSSHSession', worker, 'worker').map((part) => ({ ...part, action: 'ssm:StartSession' })),
    may: ['bastion', ...admins],
  },
  {
    ctl: 'ctl:I3',
    does: 'patch a workstation',
    parts: run('AWS-RunPatchBaseline', worker, 'workstation'),
    may: ['patch service', ...admins],
  },
  {
    ctl: 'ctl:I3',
    does: 'run a command on a worker by SSM',
    parts: run('AWS-RunShellScript', worker, 'worker'),
    may: ['bastion', ...admins],
  },
  {
    ctl: 'ctl:I3',
    does: 'run a command on the key host by SSM',
    parts: run('AWS-RunShellScript', 'instance key_host', 'key-host'),
    may: admins,
    denies: notOnKeyHost,
  },
  {
    ctl: 'ctl:I3',
    does: 'open a session on the key host',
    parts: [
      {
        action: 'ssm:StartSession',
        on: 'instance key_host',
        says: { 'ssm:resourceTag/PIT': 'hipaa_vpc', 'ssm:resourceTag/skep:role': 'key-host' },
      },
    ],
    may: admins,
    denies: notOnKeyHost,
  },
  {
    ctl: 'ctl:I3',
    does: 'patch the key host',
    parts: run('AWS-RunPatchBaseline', 'instance key_host', 'key-host'),
    may: ['patch service', ...admins],
    denies: notOnKeyHost,
  },
  {
    ctl: 'ctl:I3',
    does: 'patch the bastion',
    parts: run('AWS-RunPatchBaseline', 'instance bastion', 'bastion'),
    may: ['patch service', ...admins],
  },
  {
    ctl: 'ctl:I3',
    does: 'read what a command said',
    parts: [{ action: 'ssm:GetCommandInvocation', on: '*' }],
    may: ['bastion', 'patch service', ...admins],
  },
]
