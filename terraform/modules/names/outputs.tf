output "pit" {
  value       = var.pit
  description = "The project identifier tag as it was given."
}

output "slug" {
  value       = local.slug
  description = "The tag in the form that S3 and DNS allow."
}

output "account" {
  value       = var.account
  description = "The account's twelve digits."
}

output "region" {
  value       = var.region
  description = "Such as us-west-2."
}

output "partition" {
  value       = var.partition
  description = "aws, aws-us-gov or aws-cn."
}

output "root_arn" {
  value       = "${local.arn}:iam::${var.account}:root"
  description = "The account as a principal."
}

output "buckets" {
  value       = local.buckets
  description = "Bucket names by purpose: state, input, output, ancillary, audit, access_logs, config."
}

output "bucket_arns" {
  value       = { for purpose, name in local.buckets : purpose => "${local.arn}:s3:::${name}" }
  description = "Bucket ARNs by purpose."
}

output "roles" {
  value       = local.roles
  description = "Role names. An instance profile has the name of its role."
}

output "role_arns" {
  value       = { for role, name in local.roles : role => "${local.arn}:iam::${var.account}:role/${name}" }
  description = "Role ARNs."
}

output "keys" {
  value       = local.keys
  description = "KMS aliases: data (PHI), ops (everything else), ticket (signs what intake took in)."
}

output "tables" {
  value       = local.tables
  description = "DynamoDB table names."
}

output "table_arns" {
  value       = { for table, name in local.tables : table => "${local.arn}:dynamodb:${local.own}:table/${name}" }
  description = "DynamoDB table ARNs."
}

output "queues" {
  value       = local.queues
  description = "SQS queue names."
}

output "queue_arns" {
  value       = { for queue, name in local.queues : queue => "${local.arn}:sqs:${local.own}:${name}" }
  description = "SQS queue ARNs."
}

output "topics" {
  value       = local.topics
  description = "SNS topic names."
}

output "topic_arns" {
  value       = { for topic, name in local.topics : topic => "${local.arn}:sns:${local.own}:${name}" }
  description = "SNS topic ARNs."
}

output "functions" {
  value       = local.functions
  description = "Lambda function names."
}

output "function_arns" {
  value       = { for function, name in local.functions : function => "${local.arn}:lambda:${local.own}:function:${name}" }
  description = "Lambda function ARNs."
}

output "trails" {
  value       = local.trails
  description = "CloudTrail trail names."
}

output "trail_arns" {
  value       = { for trail, name in local.trails : trail => "${local.arn}:cloudtrail:${local.own}:trail/${name}" }
  description = "CloudTrail trail ARNs."
}

output "analyzers" {
  value       = local.analyzers
  description = "IAM access analyzer names."
}

output "templates" {
  value       = local.templates
  description = "Launch template names."
}

output "parameters" {
  value       = local.parameters
  description = "SSM parameter names of the two documents."
}

output "parameter_arns" {
  value       = { for document, name in local.parameters : document => "${local.arn}:ssm:${local.own}:parameter${name}" }
  description = "SSM parameter ARNs of the two documents."
}

output "security_groups" {
  value       = local.security_groups
  description = "Security group names: bastion, key_host, workers, workstations, builders, endpoints."
}

output "query_logs" {
  value       = local.query_logs
  description = "Names of the Resolver's query logging."
}

output "parameter_path_arns" {
  value       = { for path, name in local.parameter_paths : path => "${local.arn}:ssm:${local.own}:parameter${name}" }
  description = "SSM parameter ARNs of what programs keep, without the trailing /*: intake (its secrets), public (public keys by role)."
}

output "log_groups" {
  value       = local.log_groups
  description = "CloudWatch log group names."
}

output "log_group_arns" {
  value       = { for group, name in local.log_groups : group => "${local.arn}:logs:${local.own}:log-group:${name}" }
  description = "CloudWatch log group ARNs, without the trailing star."
}
