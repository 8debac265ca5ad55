/** What Checkov finds and we keep, each with the reason. A test holds the list to what it finds: no more, and no less. */
export interface Exception {
  readonly id: string
  /** Addresses as in a plan of the root. */
  readonly resources: readonly string[]
  readonly why: string
}

const buckets = ['access_logs', 'ancillary', 'audit', 'config', 'input', 'output', 'state'].map(
  (purpose) => `module.storage.aws_s3_bucket.this["${purpose}"]`,
)
const groups = ['bastion', 'builders', 'endpoints', 'key_host', 'workers', 'workstations'].map(
  (host) => `module.network.aws_security_group.this["${host}"]`,
)
const acls = ['isolated', 'private', 'public'].map((subnet) => `module.network.aws_network_acl.this["${subnet}"]`)
const intake = ['module.intake.aws_lambda_function.intake']

export const exceptions: readonly Exception[] = [
  {
    id: 'CKV_AWS_144',
    resources: buckets,
    why: 'No bucket is copied to another region: a copy of protected data is one more that has to be found and swept.',
  },
  {
    id: 'CKV2_AWS_62',
    resources: buckets,
    why: 'Only the input bucket has to tell of what arrives, and does: its notification comes and goes with the environment, which is another state.',
  },
  {
    id: 'CKV_AWS_145',
    resources: ['module.storage.aws_s3_bucket.this["access_logs"]'],
    why: "S3 writes its access logs under S3's own key only; the log names no more than keys of objects, and those carry nothing.",
  },
  {
    id: 'CKV2_AWS_10',
    resources: ['module.trail.aws_cloudtrail.account'],
    why: 'The trail writes to a log group, named by a reckoned ARN; Checkov follows references only. ctl:A1 is the test.',
  },
  {
    id: 'CKV2_AWS_34',
    resources: ['aws_ssm_parameter.foundation', 'aws_ssm_parameter.environment'],
    why: 'The two documents hold ids and names, no secret, and a plan is to show what changes in them.',
  },
  {
    id: 'CKV2_AWS_5',
    resources: groups,
    why: 'Hosts and endpoints of other modules have these groups, which Checkov does not follow; workstations and builders have no host of this state, and wait for theirs.',
  },
  {
    id: 'CKV2_AWS_1',
    resources: acls,
    why: 'Each is attached to one subnet through for_each, which Checkov does not follow. ctl:N7 is the test.',
  },
  {
    id: 'CKV_AWS_117',
    resources: intake,
    why: 'A function cannot be attached to a VPC with dedicated tenancy. It reads names and sizes, never an object.',
  },
  {
    id: 'CKV_AWS_272',
    resources: intake,
    why: 'No signing profile yet: the bundle is made from these sources, the same bytes each time, and its hash stands in the plan.',
  },
  {
    id: 'CKV_AWS_61',
    resources: ['module.identity.aws_iam_role.sweeper'],
    why: "The account as principal, narrowed by a condition to the bastion's role: a role named as principal turns into a dead id when it is made anew.",
  },
]
