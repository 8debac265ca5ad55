/** Things of EC2 as requests name them. */
import { account, region } from '../../given.ts'
import type { Values } from '../context.ts'

/** A thing of this account, or one that is yet to be made. */
export const ec2 = (kind: string, id = '*'): string => `arn:aws:ec2:${region}:${account}:${kind}/${id}`
export const image = `arn:aws:ec2:${region}::image/ami-0f0000000000000f3`
export const snapshot = `arn:aws:ec2:${region}::snapshot/snap-0aaaaaaaaaaaaaaaa`
export const worker = ec2('instance', 'i-0aaaaaaaaaaaaaaaa')

/** What is said of a thing that has the tags of a host of ours. */
export const about = (role: string, pit = 'hipaa_vpc'): Values => ({
  'aws:ResourceTag/PIT': pit,
  'aws:ResourceTag/skep:role': role,
  'ec2:ResourceTag/PIT': pit,
  'ec2:ResourceTag/skep:role': role,
})
