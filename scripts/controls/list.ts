/** The technical controls of the environment: what each asks for, and for the sake of which paragraph of 45 CFR. */

/** How a control is shown before there is an account: attributes of a mock run, policies decided, or by what comes later. */
type Shown = 'attributes' | 'policies' | 'program' | 'sources'

export interface Control {
  readonly id: string
  readonly must: string
  /** Of 45 CFR 164. */
  readonly hipaa: string
  readonly shown: readonly Shown[]
}

export interface Area {
  readonly title: string
  readonly controls: readonly Control[]
}

const attributes: readonly Shown[] = ['attributes']
const policies: readonly Shown[] = ['policies']
const program: readonly Shown[] = ['program']

const access = '312(a)(1)'
const transit = '312(e)(1)'
const rest = '312(a)(2)(iv)'

export const areas: readonly Area[] = [
  {
    title: 'Network',
    controls: [
      {
        id: 'N1',
        must: 'The VPC, every instance and the launch template have dedicated tenancy, unless told otherwise.',
        hipaa: access,
        shown: attributes,
      },
      { id: 'N2', must: 'The default security group, network ACL and route table let nothing through.', hipaa: access, shown: attributes },
      {
        id: 'N3',
        must: 'No subnet gives out public addresses; the bastion and the NAT gateway alone hold one.',
        hipaa: access,
        shown: attributes,
      },
      {
        id: 'N4',
        must: 'Port 22 opens to networks of /24 to /32 that were named, never to the world, never to IPv6.',
        hipaa: access,
        shown: attributes,
      },
      {
        id: 'N5',
        must: 'Workers reach S3 and the endpoints, nothing else: their subnet has no NAT route.',
        hipaa: transit,
        shown: attributes,
      },
      {
        id: 'N6',
        must: 'The key host takes port 22 from the bastion alone. Worker to key host, worker to worker, key host to internet: no way.',
        hipaa: access,
        shown: attributes,
      },
      {
        id: 'N7',
        must: 'Every subnet has a network ACL of its own without a rule that lets all in; every rule says what it is for.',
        hipaa: access,
        shown: attributes,
      },
      {
        id: 'N8',
        must: 'Flow logs of all traffic, each minute, to the audit bucket and, by a role of their own, to a log group.',
        hipaa: '312(b)',
        shown: attributes,
      },
      {
        id: 'N9',
        must: 'The S3 endpoint lets through our own buckets for our own principals, and named repositories of Amazon to read.',
        hipaa: transit,
        shown: policies,
      },
      {
        id: 'N10',
        must: 'AWS is reached by endpoints, with private names, a security group and a policy each.',
        hipaa: transit,
        shown: attributes,
      },
      {
        id: 'N11',
        must: 'Only the public route table leads to the internet gateway; what names were looked up is logged.',
        hipaa: '312(b)',
        shown: attributes,
      },
    ],
  },
  {
    title: 'Storage',
    controls: [
      {
        id: 'S1',
        must: 'Public access is blocked in all four ways, by bucket and for the account; the bucket owner owns every object.',
        hipaa: access,
        shown: attributes,
      },
      { id: 'S2', must: 'Plain HTTP and TLS older than 1.2 are denied at every bucket.', hipaa: '312(e)(2)(ii)', shown: policies },
      {
        id: 'S3',
        must: 'An object that is not encrypted by the key of its bucket is refused; that key is the default.',
        hipaa: rest,
        shown: policies,
      },
      { id: 'S4', must: 'Who uploads can put, and neither read, list nor delete.', hipaa: access, shown: policies },
      {
        id: 'S5',
        must: 'Samples are read by workers and the key host through our own endpoint; bastion and Lambda never, the recipient sees results alone.',
        hipaa: access,
        shown: policies,
      },
      {
        id: 'S6',
        must: 'A sample’s name is two random ids, so that no name tells of a person.',
        hipaa: '514(b)(2)',
        shown: ['policies', 'program'],
      },
      { id: 'S7', must: 'What lies there is not written over.', hipaa: '312(c)(1)', shown: policies },
      {
        id: 'S8',
        must: 'No bucket key where samples and results lie: each use of the key names the object.',
        hipaa: '312(b)',
        shown: attributes,
      },
      {
        id: 'S9',
        must: 'Samples expire, their old versions after a day, unfinished uploads after a day.',
        hipaa: '310(d)(2)(i)',
        shown: attributes,
      },
      { id: 'S10', must: 'The audit bucket is locked for six years in compliance mode.', hipaa: '316(b)(2)(i)', shown: attributes },
      {
        id: 'S11',
        must: 'Access to buckets is logged to a bucket that takes logs from S3 alone, for our buckets and account.',
        hipaa: '312(b)',
        shown: attributes,
      },
      {
        id: 'S12',
        must: 'A bucket with objects is not deleted; keys and data cannot be destroyed with Terraform.',
        hipaa: '312(c)(1)',
        shown: attributes,
      },
    ],
  },
  {
    title: 'Hosts',
    controls: [
      {
        id: 'E1',
        must: 'Instance metadata by token only, one hop, without tags; so is the account’s default.',
        hipaa: access,
        shown: attributes,
      },
      { id: 'E2', must: 'Every disk is encrypted by a key of ours; so is the account’s default.', hipaa: rest, shown: attributes },
      {
        id: 'E3',
        must: 'A worker that shuts down is gone with its disks; it neither recovers nor hibernates.',
        hipaa: '310(d)(2)(i)',
        shown: attributes,
      },
      { id: 'E4', must: 'User data is small and public.', hipaa: access, shown: program },
      {
        id: 'E5',
        must: 'Snapshots and images cannot be public, and no program may make or copy one.',
        hipaa: access,
        shown: ['attributes', 'policies'],
      },
      {
        id: 'E6',
        must: 'No serial console; the key host can be neither ended nor stopped by mistake.',
        hipaa: '308(a)(7)(i)',
        shown: attributes,
      },
      { id: 'E7', must: 'Images come by id from a list, and from Amazon or this account.', hipaa: '308(a)(5)(ii)(B)', shown: ['sources'] },
      { id: 'E8', must: 'Hosts are patched within 15 days, or 30, and report their patch age.', hipaa: '308(a)(1)(ii)(B)', shown: program },
      { id: 'E9', must: 'Hosts are watched each minute and reach their disks by a lane of its own.', hipaa: '312(b)', shown: attributes },
    ],
  },
  {
    title: 'Identity and keys',
    controls: [
      {
        id: 'I1',
        must: 'No policy says all actions, all of a service, or all resources where they can be named; none is inline.',
        hipaa: access,
        shown: attributes,
      },
      {
        id: 'I2',
        must: 'Two keys: what encrypts health data is used by neither bastion nor Lambda, but for disks through EC2.',
        hipaa: access,
        shown: policies,
      },
      {
        id: 'I3',
        must: 'The bastion launches by the template into its subnet with its tag, passes two roles, and can neither change a host’s role nor sign.',
        hipaa: access,
        shown: policies,
      },
      { id: 'I4', must: 'A host’s credentials are worth nothing outside of the VPC.', hipaa: '312(d)', shown: policies },
      {
        id: 'I5',
        must: 'There are no IAM users but one for break-glass, made by hand; each person and program is a principal of its own.',
        hipaa: '312(a)(2)(i)',
        shown: ['sources'],
      },
      {
        id: 'I6',
        must: 'Keys rotate, wait 30 days before they go, are kept by others than use them, and are open to nobody at large.',
        hipaa: rest,
        shown: ['attributes', 'policies'],
      },
      {
        id: 'I7',
        must: 'In an emergency there is a role of its own, and its use raises an alarm.',
        hipaa: '312(a)(2)(ii)',
        shown: attributes,
      },
      { id: 'I8', must: 'A role trusts one service, for this account, for an hour.', hipaa: '312(d)', shown: attributes },
    ],
  },
  {
    title: 'Messages, state, trigger',
    controls: [
      { id: 'M1', must: 'Queues are encrypted by a key of ours, open to nobody at large, and take 4 KiB.', hipaa: rest, shown: attributes },
      {
        id: 'M2',
        must: 'A message comes once and in order, is tried three times, then kept aside with an alarm.',
        hipaa: '312(c)(1)',
        shown: program,
      },
      { id: 'M3', must: 'A message is ids by a strict schema, signed; anything else is refused.', hipaa: '312(c)(2)', shown: program },
      {
        id: 'M4',
        must: 'Notices are encrypted, travel by TLS, never to plain HTTP, and hold ids only.',
        hipaa: transit,
        shown: ['attributes', 'program'],
      },
      {
        id: 'M5',
        must: 'The ledger is encrypted, can be restored to any minute and cannot be deleted; a row is written once.',
        hipaa: '308(a)(7)(ii)(A)',
        shown: ['attributes', 'program'],
      },
      {
        id: 'M6',
        must: 'The Lambda is called by our bucket alone, has bounds and a queue for what failed, no secret, and reads no object.',
        hipaa: access,
        shown: ['attributes', 'policies'],
      },
      {
        id: 'M7',
        must: 'A name is decoded once and must be of the one form; what is not is put aside and never repeated.',
        hipaa: '514(b)(2)',
        shown: program,
      },
    ],
  },
  {
    title: 'Audit',
    controls: [
      { id: 'A1', must: 'A trail of all regions, validated, encrypted, watched.', hipaa: '312(b)', shown: attributes },
      { id: 'A2', must: 'Every read and write of an object with health data is in the trail.', hipaa: '312(b)', shown: attributes },
      {
        id: 'A3',
        must: 'The settings of all resources are recorded and held against the HIPAA rules.',
        hipaa: '308(a)(8)',
        shown: attributes,
      },
      {
        id: 'A4',
        must: 'Our own records are chained and signed; a change, a gap or another order shows.',
        hipaa: '312(c)(2)',
        shown: program,
      },
      {
        id: 'A5',
        must: 'The chain’s head is put where nobody can take it away, so that a cut end shows.',
        hipaa: '312(c)(2)',
        shown: program,
      },
      { id: 'A6', must: 'No audit, no key.', hipaa: '312(b)', shown: program },
      {
        id: 'A7',
        must: 'For each access to health data it can be told who, which job, instance, object, key and result.',
        hipaa: '312(b)',
        shown: program,
      },
      { id: 'A8', must: 'Secrets are taken out of every log by their value.', hipaa: access, shown: program },
      { id: 'A9', must: 'Log groups are encrypted by a key of ours and kept a year or more.', hipaa: '316(b)(2)(i)', shown: attributes },
      { id: 'A10', must: 'Threats are looked for, and what is found raises an alarm.', hipaa: '308(a)(1)(ii)(D)', shown: attributes },
      {
        id: 'A11',
        must: 'Hosts and network are watched for intruders, and no payload is kept.',
        hipaa: '308(a)(1)(ii)(D)',
        shown: program,
      },
    ],
  },
]

/** Whether the Terraform alone has to show it now: areas 1 to 5, and the trail of the sixth. */
export const isDue = ({ id, shown }: Control): boolean =>
  shown.some((how) => how === 'attributes' || how === 'policies') && (!id.startsWith('A') || id === 'A1' || id === 'A2')
