/** What can go wrong in ledger, messaging, intake, trail and guardrails. */
import type { Mutant } from './mutant.ts'

type Wrong = readonly [control: string, what: string, find: string, replace: string]

const inFile = (file: string, wrongs: readonly Wrong[]): readonly Mutant[] =>
  wrongs.map(([control, what, find, replace]) => ({
    control,
    what,
    file: `modules/${file}`,
    find,
    replace,
    killedBy: `${file.split('/')[0]}.tftest.hcl`,
    says: `ctl:${control}`,
  }))

export const mutants: readonly Mutant[] = [
  ...inFile('ledger/main.tf', [
    ['M5', 'the ledger lies under the key data', 'var.keys.ops', 'var.keys.data'],
    ['M5', 'the ledger has no way back', 'point_in_time_recovery {\n    enabled = true', 'point_in_time_recovery {\n    enabled = false'],
    ['M5', 'the ledger may be deleted', 'deletion_protection_enabled = var.protect', 'deletion_protection_enabled = false'],
    ['M5', 'two rows of a partition are one', '  range_key    = "sk"\n', ''],
  ]),
  ...inFile('messaging/main.tf', [
    ['M1', 'messages of any size', 'max_message_size            = 4096', 'max_message_size            = 262144'],
    ['M1', "the queues' denials are swapped", '[local.deny_plain_http["doorbell"]]', '[local.deny_plain_http["doorbell_dead"]]'],
    ['M1', 'plain HTTP is let in', 'Effect    = "Deny"', 'Effect    = "Allow"'],
    ['M2', 'not first in, first out', 'fifo_queue                  = true', 'fifo_queue                  = false'],
    ['M2', 'doorbells of one body are one doorbell', 'content_based_deduplication = false', 'content_based_deduplication = true'],
    [
      'M2',
      "dead letters go to intake's queue",
      'deadLetterTargetArn = var.names.queue_arns.doorbell_dead',
      'deadLetterTargetArn = var.names.queue_arns.intake_dead',
    ],
    ['M2', 'a message is handed out a thousand times', 'maxReceiveCount     = 3', 'maxReceiveCount     = 1000'],
    ['M2', 'dead letters raise no alarm', '  alarm_actions             = [var.names.topic_arns.alarms]\n', ''],
    ['M2', 'the alarm watches another queue', 'QueueName = var.names.queues.doorbell_dead', 'QueueName = var.names.queues.doorbell'],
  ]),
  ...inFile('messaging/notices.tf', [
    ['M4', 'notices are not encrypted', '  kms_master_key_id = var.keys.ops\n', ''],
    ['M4', 'notices over plain HTTP', '{ Bool = { "aws:SecureTransport" = "false" } }', '{ Bool = { "aws:SecureTransport" = "true" } }'],
    ['M4', 'anybody may have notices sent anywhere', '"sns:Protocol" = "email"', '"sns:Protocol" = "none"'],
    ['M4', 'notices are sent over HTTP', 'protocol  = "email"', 'protocol  = "http"'],
  ]),
  ...inFile('intake/main.tf', [
    ['M6', 'intake runs as the worker', 'role          = var.role_arn', 'role          = var.names.role_arns.worker'],
    ['M6', 'a flood takes all of the account', '  reserved_concurrent_executions = 5\n', ''],
    [
      'M6',
      "failed events go to the doorbell's queue",
      'target_arn = var.names.queue_arns.intake_dead',
      'target_arn = var.names.queue_arns.doorbell_dead',
    ],
    ['M6', 'a secret in the environment', '{ SKEP_ENV = ', '{ HMAC_KEY = "c2VjcmV0", SKEP_ENV = '],
    ['M6', "the environment lies under AWS's own key", '  kms_key_arn = var.keys.ops\n', ''],
    [
      'M6',
      'intake is attached to the VPC',
      '  tracing_config {',
      '  vpc_config {\n    subnet_ids         = ["subnet-0"]\n    security_group_ids = ["sg-0"]\n  }\n\n  tracing_config {',
    ],
    ['M6', 'a changed bundle is no change', 'filebase64sha256(local.bundle)', 'filemd5(local.bundle)'],
    ['A9', "intake's log is not encrypted", '  kms_key_id        = var.keys.ops\n', ''],
  ]),
  ...inFile('intake/trigger.tf', [
    ['M6', 'any bucket may call intake', '  source_arn     = var.names.bucket_arns.input\n', ''],
    [
      'M6',
      'the output bucket calls intake',
      'source_arn     = var.names.bucket_arns.input',
      'source_arn     = var.names.bucket_arns.output',
    ],
    ['M6', 'the bucket of whoever has the name next may call', '  source_account = var.names.account\n', ''],
    ['M6', 'seals are not told of', ', seal = ".seal"', ''],
  ]),
  ...inFile('intake/dead.tf', [
    ['M1', 'dead events are not encrypted', '  kms_master_key_id                 = var.keys.ops\n', ''],
    [
      'M1',
      'the denial speaks of another queue',
      'Resource  = var.names.queue_arns.intake_dead',
      'Resource  = var.names.queue_arns.doorbell',
    ],
    ['M6', 'a large event is lost', 'max_message_size          = 262144', 'max_message_size          = 4096'],
  ]),
  ...inFile('trail/main.tf', [
    ['A1', 'one region is logged', 'is_multi_region_trail         = true', 'is_multi_region_trail         = false'],
    ['A1', 'files may be changed unseen', 'enable_log_file_validation    = true', 'enable_log_file_validation    = false'],
    ['A1', 'the trail is off', 'enable_logging                = true', 'enable_logging                = false'],
    ['A1', 'files are not encrypted', '  kms_key_id     = var.keys.ops\n', ''],
    [
      'A1',
      'files lie where they can be deleted',
      's3_bucket_name = var.names.buckets.audit',
      's3_bucket_name = var.names.buckets.access_logs',
    ],
    ['A1', "the trail writes as the flow log's role", 'var.names.role_arns.trail_log', 'var.names.role_arns.flow_log'],
    ['A2', 'results are not watched', 'bucket_arns.output}/', 'bucket_arns.input}/'],
    ['A2', 'relay objects are watched in place of samples', 'bucket_arns.input}/', 'bucket_arns.ancillary}/'],
    [
      'A2',
      'writes alone are told of',
      '    field_selector {\n      field  = "resources.type"',
      '    field_selector {\n      field  = "readOnly"\n      equals = ["false"]\n    }\n\n    field_selector {\n      field  = "resources.type"',
    ],
    ['A9', 'the log is kept for a day', 'retention_in_days = 2192', 'retention_in_days = 1'],
  ]),
  ...inFile('trail/role.tf', [
    ['I8', 'any service may take the role', 'Service = "cloudtrail.amazonaws.com"', 'Service = "lambda.amazonaws.com"'],
    ['I8', 'a trail of another account may take the role', '"aws:SourceAccount" = var.names.account, ', ''],
    ['I1', 'the role writes everywhere', 'Resource = "$', 'Resource = "*" # $'],
  ]),
  ...inFile('trail/topics.tf', [
    ['M4', 'alarms of any account are sent', '          StringEquals = { "aws:SourceAccount" = var.names.account }\n', ''],
    ['M4', "the topics' denials are swapped", '      local.deny_plain_http["alarms"],', '      local.deny_plain_http["trail"],'],
    [
      'M4',
      'any trail may publish',
      '          StringEquals = { "aws:SourceAccount" = var.names.account, "aws:SourceArn" = var.names.trail_arns.account }\n',
      '',
    ],
  ]),
  ...inFile('trail/alarms.tf', [
    [
      'I7',
      'the auditor raises the alarm, break-glass does not',
      'requestParameters.roleArn = \\"${var.names.role_arns.break_glass',
      'requestParameters.roleArn = \\"${var.names.role_arns.auditor',
    ],
    ['I7', 'break-glass raises no alarm the first nine times', 'atleast = 1\n      # Taking', 'atleast = 10\n      # Taking'],
    [
      'I7',
      'alarms tell the data owners',
      '  alarm_actions             = [var.names.topic_arns.alarms]',
      '  alarm_actions             = [var.names.topic_arns.notices]',
    ],
    ['I7', 'an alarm without data is silent', '  insufficient_data_actions = [var.names.topic_arns.alarms]\n', ''],
    ['A1', 'a trail may be stopped in silence', '"StopLogging", ', ''],
    ['I6', 'a key may be deleted in silence', ' || $.eventName = \\"ScheduleKeyDeletion\\"', ''],
  ]),
  ...inFile('guardrails/main.tf', [
    ['S1', 'a bucket of the account may be public', 'restrict_public_buckets = true', 'restrict_public_buckets = false'],
    ['E1', 'IMDSv1 where nothing is said', 'http_tokens                 = "required"', 'http_tokens                 = "optional"'],
    ['E1', 'a container reaches the metadata', 'http_put_response_hop_limit = 1', 'http_put_response_hop_limit = 2'],
    [
      'E2',
      'volumes are not encrypted unless asked',
      'aws_ebs_encryption_by_default" "account" {\n  enabled = true',
      'aws_ebs_encryption_by_default" "account" {\n  enabled = false',
    ],
    ['E2', 'a forgotten volume is open to the tools', 'key_arn = var.keys.data', 'key_arn = var.keys.ops'],
    ['E5', 'snapshots may be made public', 'block-all-sharing', 'unblocked'],
    ['E5', 'images may be made public', 'block-new-sharing', 'unblocked'],
    [
      'E6',
      'the serial console is open',
      'aws_ec2_serial_console_access" "account" {\n  enabled = false',
      'aws_ec2_serial_console_access" "account" {\n  enabled = true',
    ],
  ]),
]
