# What AWS Config writes down of the account. It cannot write to a bucket with a lock.

locals {
  config_statements = [
    {
      Sid       = "DenyReadExceptAuditor"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:GetObject*"
      Resource  = "${local.bucket.config}/*"
      Condition = { ArnNotEquals = { "aws:PrincipalArn" = [local.role.auditor, local.role.break_glass] } }
    },
    {
      Sid       = "DenyDelete"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:DeleteObject*"
      Resource  = "${local.bucket.config}/*"
    },
  ]

  config_service_statements = [
    {
      Sid       = "ConfigLooks"
      Effect    = "Allow"
      Principal = { Service = "config.amazonaws.com" }
      Action    = ["s3:GetBucketAcl", "s3:ListBucket"]
      Resource  = local.bucket.config
      Condition = { StringEquals = { "aws:SourceAccount" = var.names.account } }
    },
    {
      Sid       = "ConfigWrites"
      Effect    = "Allow"
      Principal = { Service = "config.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${local.bucket.config}/AWSLogs/${var.names.account}/Config/*"
      Condition = { StringEquals = { "aws:SourceAccount" = var.names.account, "s3:x-amz-acl" = "bucket-owner-full-control" } }
    },
  ]
}
