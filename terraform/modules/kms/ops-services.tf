# AWS services that use the ops key as themselves, each for this account's own resources.

locals {
  this_account = { "aws:SourceAccount" = var.names.account }

  logs_arn   = "arn:${var.names.partition}:logs:${var.names.region}:${var.names.account}"
  log_groups = ["${local.logs_arn}:log-group:/${var.names.pit}/*", "${local.logs_arn}:log-group:/aws/lambda/${var.names.pit}-*"]

  ops_service_statements = [
    {
      # Files in the audit bucket, and the topic that tells of each.
      Sid       = "CloudTrailWrites"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*"]
      Resource  = "*"
      Condition = { StringEquals = { "aws:SourceArn" = var.names.trail_arns.account, "aws:SourceAccount" = var.names.account } }
    },
    {
      Sid       = "FlowLogsAreDelivered"
      Effect    = "Allow"
      Principal = { Service = "delivery.logs.amazonaws.com" }
      Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      Resource  = "*"
      Condition = {
        StringEquals = local.this_account
        ArnLike      = { "aws:SourceArn" = "${local.logs_arn}:*" }
      }
    },
    {
      Sid       = "LogGroupsAreEncrypted"
      Effect    = "Allow"
      Principal = { Service = "logs.${var.names.region}.amazonaws.com" }
      Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      Resource  = "*"
      Condition = { StringLike = { "kms:EncryptionContext:aws:logs:arn" = local.log_groups } }
    },
    {
      # Through the topic that mails people.
      Sid       = "AlarmsAreSent"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
      Resource  = "*"
      Condition = { StringEquals = local.this_account }
    },
    {
      Sid       = "ConfigWrites"
      Effect    = "Allow"
      Principal = { Service = "config.amazonaws.com" }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = "*"
      Condition = { StringEquals = local.this_account }
    },
  ]
}
