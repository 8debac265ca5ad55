# Records that nobody can take away: the trail, flow logs, heads of the audit chain.

locals {
  aws_logs = "${local.bucket.audit}/AWSLogs/${var.names.account}/*"
  heads    = "${local.bucket.audit}/heads/*"

  trail_digests = "${local.bucket.audit}/AWSLogs/${var.names.account}/CloudTrail-Digest/*"

  audit_statements = [
    {
      Sid         = "DenyNameNotForeseen"
      Effect      = "Deny"
      Principal   = local.everybody
      Action      = "s3:PutObject"
      NotResource = [local.aws_logs, local.heads]
    },
    {
      Sid       = "DenyHeadsExceptByWritersOfTheChain"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:PutObject"
      Resource  = local.heads
      Condition = { ArnNotEquals = { "aws:PrincipalArn" = [local.role.bastion, local.role.intake, local.role.key_host] } }
    },
    {
      Sid       = "DenyReadExceptAuditor"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:GetObject*"
      Resource  = "${local.bucket.audit}/*"
      Condition = { ArnNotEquals = { "aws:PrincipalArn" = [local.role.auditor, local.role.break_glass] } }
    },
    {
      # The lock keeps every version; this keeps anybody from hiding one behind a marker, or from shortening a lock.
      Sid       = "DenyDelete"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = ["s3:BypassGovernanceRetention", "s3:DeleteObject*", "s3:PutObjectRetention"]
      Resource  = "${local.bucket.audit}/*"
    },
  ]

  audit_service_statements = [
    {
      Sid       = "CloudTrailLooks"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "s3:GetBucketAcl"
      Resource  = local.bucket.audit
      Condition = { StringEquals = { "aws:SourceAccount" = var.names.account, "aws:SourceArn" = var.names.trail_arns.account } }
    },
    {
      Sid       = "CloudTrailWrites"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = local.aws_logs
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = var.names.account
          "aws:SourceArn"     = var.names.trail_arns.account
          "s3:x-amz-acl"      = "bucket-owner-full-control"
        }
      }
    },
    # AWS adds these two statements by itself when it does not find them, and knows them by these names.
    {
      Sid       = "AWSLogDeliveryAclCheck"
      Effect    = "Allow"
      Principal = { Service = "delivery.logs.amazonaws.com" }
      Action    = ["s3:GetBucketAcl", "s3:ListBucket"]
      Resource  = local.bucket.audit
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.names.account }
        ArnLike      = { "aws:SourceArn" = "arn:${var.names.partition}:logs:${var.names.region}:${var.names.account}:*" }
      }
    },
    {
      Sid       = "AWSLogDeliveryWrite"
      Effect    = "Allow"
      Principal = { Service = "delivery.logs.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = local.aws_logs
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.names.account, "s3:x-amz-acl" = "bucket-owner-full-control" }
        ArnLike      = { "aws:SourceArn" = "arn:${var.names.partition}:logs:${var.names.region}:${var.names.account}:*" }
      }
    },
  ]
}
