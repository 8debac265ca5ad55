/** What can go wrong in keys, buckets, roles and oversight. What a request would show is left to the table of who may do what. */
import type { Mutant } from './mutant.ts'

type Wrong = readonly [control: string, what: string, find: string, replace: string]

const seenBy = (killedBy: string, file: string, wrongs: readonly Wrong[]): readonly Mutant[] =>
  wrongs.map(([control, what, find, replace]) => ({
    control,
    what,
    file: `modules/${file}`,
    find,
    replace,
    killedBy,
    says: `ctl:${control}`,
  }))

/** Seen by the module's own test. */
const inFile = (file: string, ...wrongs: readonly Wrong[]): readonly Mutant[] => seenBy(`${file.split('/')[0]}.tftest.hcl`, file, wrongs)
/** Seen by asking who may do what. */
const asked = (file: string, ...wrongs: readonly Wrong[]): readonly Mutant[] => seenBy('policy/table.test.ts', file, wrongs)
/** Seen by reading each statement. */
const read = (file: string, ...wrongs: readonly Wrong[]): readonly Mutant[] => seenBy('policy/walker.test.ts', file, wrongs)

export const mutants: readonly Mutant[] = [
  ...inFile(
    'storage/main.tf',
    ['S1', 'a public policy is taken', 'block_public_policy     = true', 'block_public_policy     = false'],
    ['S1', 'whoever uploads owns the object', '"BucketOwnerEnforced"', '"ObjectWriter"'],
    ['S3', 'results lie under the key ops', 'output = { key = var.keys.data', 'output = { key = var.keys.ops'],
    [
      'S8',
      'samples share a bucket key',
      'input  = { key = var.keys.data, bucket_key = false }',
      'input  = { key = var.keys.data, bucket_key = true }',
    ],
    ['S10', 'the lock is on another bucket', 'each.key == "audit"', 'each.key == "config"'],
    ['S10', 'the lock can be lifted', 'mode = var.audit_lock.mode', 'mode = "GOVERNANCE"'],
    ['S10', 'the lock is for a day', 'days = var.audit_lock.days', 'days = 1'],
    ['S10', 'no versions are kept', 'status = "Enabled"', 'status = "Suspended"'],
    ['S11', 'one bucket is logged', 'if purpose != "access_logs"', 'if purpose == "input"'],
    ['S11', 'all logs lie together', 'target_prefix = "$', 'target_prefix = "logs/$'],
    ['S12', 'a bucket goes with what is in it', 'force_destroy       = false', 'force_destroy       = true'],
  ),
  ...inFile(
    'storage/lifecycle.tf',
    ['S9', 'samples stay', 'id = "samples", prefix = "", expire = 30', 'id = "samples", prefix = "", expire = null'],
    ['S9', 'a deleted sample stays for a year', 'expire = 30, noncurrent = 1 ', 'expire = 30, noncurrent = 365 '],
    ['S9', 'parts of an upload stay for a month', 'days_after_initiation = 1', 'days_after_initiation = 30'],
    ['S10', 'records expire', 'id = "records", prefix = "", expire = null', 'id = "records", prefix = "", expire = 30'],
  ),
  ...asked(
    'storage/policies.tf',
    [
      'S1',
      'another account may come',
      '"aws:PrincipalAccount" = var.names.account',
      '"aws:PrincipalAccount" = [var.names.account, "210987654321"]',
    ],
    ['A1', 'digests of the trail are refused', 'purpose == "audit" ? { NotResource', 'purpose == "state" ? { NotResource'],
    ['S2', 'plain HTTP is let in, TLS is not', '{ "aws:SecureTransport" = "false" }', '{ "aws:SecureTransport" = "true" }'],
    ['S2', 'TLS 1.1 is new enough', '"s3:TlsVersion" = "1.2"', '"s3:TlsVersion" = "1.0"'],
    [
      'S3',
      'the encryption of S3 itself will do',
      'Condition = { StringNotEquals = { "s3:x-amz-server-side-encryption" = "aws:kms" } }',
      'Condition = { StringNotEquals = { "s3:x-amz-server-side-encryption" = ["aws:kms", "AES256"] } }',
    ],
    [
      'S3',
      'the two keys are swapped',
      '{ input = var.keys.data, ancillary = var.keys.ops }',
      '{ input = var.keys.ops, ancillary = var.keys.data }',
    ],
  ),
  ...asked(
    'storage/policy-input.tf',
    [
      'S6',
      'any name under incoming/ will do',
      'NotResource = concat([local.sample_objects], local.seal_objects)',
      'NotResource = concat([local.sample_objects], local.seal_objects, ["*"])',
    ],
    ['S7', 'a sample may be replaced', 'Null = { "s3:if-none-match" = "true" }', 'Null = { "s3:if-none-match" = "false" }'],
    [
      'S5',
      'the bastion may read samples',
      '[local.role.worker, local.role.key_host, local.role.break_glass]',
      '[local.role.worker, local.role.key_host, local.role.bastion, local.role.break_glass]',
    ],
    ['S5', 'any endpoint but ours will do', 'StringNotEquals = { "aws:SourceVpce"', 'StringEquals = { "aws:SourceVpce"'],
    [
      'S5',
      'whoever uploads may list',
      '!contains(["sweeper", "break_glass"], name)',
      '!contains(["uploader", "sweeper", "break_glass"], name)',
    ],
    [
      'S4',
      'whoever uploads may delete',
      '[local.role.sweeper, local.role.intake] } }',
      '[local.role.sweeper, local.role.intake, local.role.uploader] } }',
    ],
  ),
  ...asked(
    'storage/policy-output.tf',
    [
      'S3',
      'manifests lie under the key data, where the agent cannot read them',
      '"s3:x-amz-server-side-encryption-aws-kms-key-id" = var.keys.ops',
      '"s3:x-amz-server-side-encryption-aws-kms-key-id" = var.keys.data',
    ],
    ['S7', 'a manifest may be replaced', 'NotResource = local.report_objects', 'NotResource = local.told_objects'],
    [
      'S5',
      'the bastion may read results',
      '[local.role.worker, local.role.key_host, local.role.recipient, local.role.break_glass]',
      '[local.role.worker, local.role.bastion, local.role.key_host, local.role.recipient, local.role.break_glass]',
    ],
    [
      'S5',
      'a worker may read results from anywhere',
      'ArnNotEquals    = { "aws:PrincipalArn" = [local.role.recipient, local.role.break_glass] }',
      'ArnNotEquals    = { "aws:PrincipalArn" = [local.role.recipient, local.role.worker, local.role.break_glass] }',
    ],
  ),
  ...asked('storage/policy-ancillary.tf', [
    'S5',
    'the key host may write relay objects, the worker may not',
    '[local.role.bastion, local.role.worker] } }',
    '[local.role.bastion, local.role.key_host] } }',
  ]),
  ...asked('storage/policy-audit.tf', [
    'S10',
    'a record may be hidden behind a marker',
    '"s3:DeleteObject*", "s3:PutObjectRetention"',
    '"s3:PutObjectRetention"',
  ]),
  ...asked('storage/policy-state.tf', [
    'S12',
    "roles may read Terraform's state",
    'arn if name != "break_glass"',
    'arn if name == "reaper"',
  ]),
  ...inFile('storage/policy-access-logs.tf', [
    'S11',
    'any bucket of the account may write here',
    '\n        ArnLike      = { "aws:SourceArn" = [for purpose, arn in local.bucket : arn if purpose != "access_logs"] }',
    '',
  ]),

  ...inFile(
    'kms/main.tf',
    [
      'I6',
      'the data key stays as it is',
      'hosts that see them."\n  enable_key_rotation     = true',
      'hosts that see them."\n  enable_key_rotation     = false',
    ],
    [
      'I6',
      'the ticket key is gone in a week',
      '"ECC_NIST_P256"\n  deletion_window_in_days  = 30',
      '"ECC_NIST_P256"\n  deletion_window_in_days  = 7',
    ],
    [
      'I2',
      'two keys have changed places',
      'data   = aws_kms_key.data.key_id\n    ops    = aws_kms_key.ops.key_id',
      'data   = aws_kms_key.ops.key_id\n    ops    = aws_kms_key.data.key_id',
    ],
    ['I2', "the data key has the ops key's policy", 'Statement = local.data_statements', 'Statement = local.ops_statements'],
  ),
  ...inFile('kms/outputs.tf', [
    'I2',
    'two keys are given on under the name of the other',
    'data = aws_kms_key.data.arn, ops = aws_kms_key.ops.arn',
    'data = aws_kms_key.ops.arn, ops = aws_kms_key.data.arn',
  ]),
  ...inFile(
    'kms/administrators.tf',
    ['I6', 'who keeps the keys may use them', '"kms:CancelKeyDeletion", ', '"kms:CancelKeyDeletion", "kms:Decrypt", '],
    ['I6', 'roles may keep the keys', '"aws:PrincipalArn" = local.every_role', '"aws:PrincipalArn" = local.role.worker'],
    ['I6', 'keys are open to every account', 'own_account = { AWS = var.names.root_arn }', 'own_account = { AWS = "*" }'],
    [
      'I2',
      'the bastion grants the data key to anybody',
      '{ "kms:GrantIsForAWSResource" = "true" }',
      '{ "kms:GrantIsForAWSResource" = "false" }',
    ],
    ['I2', 'the bastion has data keys in the clear', '"kms:GenerateDataKeyWithoutPlaintext"', '"kms:GenerateDataKey"'],
  ),
  ...inFile(
    'kms/data.tf',
    [
      'I2',
      'the bastion opens samples in place of the key host',
      '"aws:PrincipalArn" = [local.role.worker, local.role.key_host] }',
      '"aws:PrincipalArn" = [local.role.worker, local.role.bastion] }',
    ],
    ['I2', 'intake is no tool', '["worker", "key_host",', '["worker", "intake", "key_host",'],
    ['S8', 'the data key opens whatever S3 asks for', 'bucket_arns.input}/incoming/*"', 'bucket_arns.input}*"'],
  ),
  ...asked(
    'kms/data.tf',
    [
      'I2',
      'whoever uploads opens results',
      '[local.role.worker, local.role.key_host, local.role.recipient] }',
      '[local.role.worker, local.role.key_host, local.role.uploader] }',
    ],
    ['I2', 'samples and results have changed places', 'bucket_arns.input}/incoming/*"', 'bucket_arns.output}/runs/*"'],
  ),
  ...inFile('kms/ops-services.tf', [
    'I6',
    'services use the key for any account',
    'this_account = { "aws:SourceAccount" = var.names.account }',
    'this_account = { "aws:SourceOrgID" = "o-1234567890" }',
  ]),
  ...inFile('kms/ticket.tf', [
    'I3',
    'the bastion signs tickets',
    'Condition = { ArnNotEquals = { "aws:PrincipalArn" = local.role.intake } }',
    'Condition = { ArnNotEquals = { "aws:PrincipalArn" = [local.role.intake, local.role.bastion] } }',
  ]),

  ...inFile(
    'identity/trust.tf',
    ['I8', 'a service may come for any account', '{ StringEqualsIfExists = { "aws:SourceAccount" = var.names.account } }', '{}'],
    ['S5', 'sessions may set tags', 'Action    = "sts:AssumeRole"', 'Action    = ["sts:AssumeRole", "sts:TagSession"]'],
  ),
  ...inFile(
    'identity/limits.tf',
    ['E5', 'snapshots may be made', '"ec2:CreateSnapshot", ', ''],
    ['E5', 'passwords may be read', '"ec2:GetPasswordData", ', ''],
    ['I4', 'credentials are good anywhere', '"aws:SourceVpc" = var.vpc_id', '"aws:SourceVpc" = [var.vpc_id, "none"]'],
    ['I4', 'credentials are good on any host', "aws:VpcSourceIp, 'none'", 'aws:Ec2InstanceSourcePrivateIPv4'],
  ),
  ...inFile(
    'identity/worker.tf',
    ['I4', 'the worker has no limits', '      local.instance_limits,\n', ''],
    ['I8', 'a session lasts half a day', 'max_session_duration = 3600', 'max_session_duration = 43200'],
    ['S5', 'the worker does not say its endpoint', '{ "skep:s3-endpoint" = var.s3_endpoint_id }', '{}'],
    ['I5', "the worker's profile is the key host's", 'role = aws_iam_role.worker.name\n}\n', 'role = var.names.roles.key_host\n}\n'],
  ),
  ...read(
    'identity/worker.tf',
    ['I1', 'all of S3 on relay objects', 'Action   = ["s3:GetObject", "s3:PutObject"]', 'Action   = "s3:*"'],
    ['I1', 'a key is used without a service', '          Condition = { StringEquals = { "kms:ViaService" = local.through.s3 } }\n', ''],
  ),
  ...asked('identity/worker.tf', [
    'S5',
    'a worker writes relay objects, and no results',
    'Resource = concat(local.results, local.manifests)\n        },\n        {\n          Sid      = "TalkByRelay"',
    'Resource = local.relay\n        },\n        {\n          Sid      = "TalkByRelay"',
  ]),
  ...read('identity/key-host.tf', [
    'I1',
    'every parameter may be read',
    'Resource = var.names.parameter_arns.environment',
    'Resource = "*"',
  ]),
  ...inFile(
    'identity/bastion-launch.tf',
    [
      'I3',
      "the bastion passes the key host's role",
      '[local.role.worker, local.role.image_builder]',
      '[local.role.worker, local.role.key_host]',
    ],
    ['I3', 'the bastion launches from any template', 'var.worker_template_id', '"*"'],
  ),
  ...asked('identity/bastion-launch.tf', [
    'I3',
    'the bastion launches in the subnet with a way out',
    'var.subnet_ids.isolated',
    'var.subnet_ids.private',
  ]),
  ...inFile(
    'identity/bastion-limits.tf',
    ['I3', 'the bastion may change a host', '"ec2:ModifyInstanceAttribute", ', ''],
    ['I3', 'the bastion may change the metadata service of a host', '"ec2:ModifyInstanceMetadataOptions",\n', '\n'],
    ['I3', 'the bastion may sign', 'Action   = "kms:Sign"', 'Action   = "kms:Verify"'],
    [
      'I3',
      'the bastion may command the key host, and no worker',
      '"ssm:resourceTag/skep:role" = "key-host"',
      '"ssm:resourceTag/skep:role" = "worker"',
    ],
    ['I3', 'the bastion may pass any role', 'NotResource = [local.role.worker, local.role.image_builder]', 'NotResource = ["*"]'],
  ),
  ...asked(
    'identity/bastion-limits.tf',
    ['I3', 'the bastion launches without the template', 'ArnNotEquals = { "ec2:LaunchTemplate"', 'ArnEquals = { "ec2:LaunchTemplate"'],
    ['I3', 'the bastion launches in another role', 'ArnNotEquals = { "ec2:InstanceProfile"', 'ArnEquals = { "ec2:InstanceProfile"'],
    ['I3', 'the bastion launches for no job', '"aws:RequestTag/job" = "true"', '"aws:RequestTag/job" = "false"'],
    ['I2', 'the bastion may use the data key', 'Resource = var.keys.data', 'Resource = var.keys.ticket'],
    [
      'S5',
      'the bastion may read samples',
      'NotResource = concat(local.manifests, [',
      'NotResource = concat(local.manifests, [local.samples, ',
    ],
  ),
  ...inFile(
    'identity/intake.tf',
    ['M6', 'intake may read objects', 'Action   = "s3:GetObject*"', 'Action   = "s3:GetObjectAcl"'],
    ['I2', 'intake may use the data key', 'Resource = var.keys.data', 'Resource = var.keys.ticket'],
  ),
  ...inFile(
    'identity/uploader.tf',
    ['S4', 'whoever uploads may read', 'Action   = "s3:PutObject"', 'Action   = ["s3:GetObject", "s3:PutObject"]'],
    ['I5', 'anybody may upload', '{ AWS = var.uploader_principals }', '{ AWS = ["*"] }'],
  ),
  ...inFile('identity/recipient.tf', ['I5', 'nobody is named, and there is a role', 'length(var.recipient_principals) > 0 ? 1 : 0', '1']),
  ...inFile(
    'identity/sweeper.tf',
    ['I8', "a worker may take on the sweeper's role", '"aws:PrincipalArn" = local.role.bastion', '"aws:PrincipalArn" = local.role.worker'],
    [
      'I4',
      "the sweeper's credentials are good anywhere but here",
      'StringNotEquals = { "aws:SourceVpc"',
      'StringEquals = { "aws:SourceVpc"',
    ],
  ),
  ...inFile('identity/reaper.tf', [
    'I3',
    'the reaper may end the key host',
    '"aws:ResourceTag/skep:role" = ["image-builder", "worker"]',
    '"aws:ResourceTag/skep:role" = ["image-builder", "key-host", "worker"]',
  ]),
  ...inFile('identity/image-builder.tf', [
    'E5',
    'the image builder may copy snapshots',
    'if action != "ec2:CreateImage"',
    'if action != "ec2:CopySnapshot"',
  ]),
  ...inFile('identity/ssm-agent.tf', [
    'I3',
    'a session may be opened on the key host',
    '"ssmmessages:CreateControlChannel", ',
    '"ssmmessages:CreateControlChannel", "ssmmessages:OpenDataChannel", ',
  ]),

  ...inFile(
    'oversight/break-glass.tf',
    ['I7', 'break-glass needs no MFA', '"aws:MultiFactorAuthPresent" = "true"', '"aws:MultiFactorAuthPresent" = "false"'],
    ['I7', 'break-glass may write', '["s3:GetObject", "s3:GetObjectVersion"]', '["s3:GetObject", "s3:PutObject"]'],
    ['I7', 'anybody may break the glass', '{ AWS = var.break_glass_principals }', '{ AWS = "*" }'],
    ['I8', 'a session lasts half a day', 'max_session_duration = 3600', 'max_session_duration = 43200'],
  ),
  ...inFile(
    'oversight/auditor.tf',
    ['S5', 'the auditor may read samples', '["ancillary", "input", "output", "state"]', '["ancillary", "output", "state"]'],
    ['I2', 'the auditor may use the data key', 'Resource = var.keys.data', 'Resource = var.keys.ticket'],
  ),
]
