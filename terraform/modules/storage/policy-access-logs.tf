# S3's own record of every request to the other six buckets.

locals {
  access_logs_statements = [
    {
      Sid       = "DenyReadExceptAuditor"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:GetObject*"
      Resource  = "${local.bucket.access_logs}/*"
      Condition = { ArnNotEquals = { "aws:PrincipalArn" = [local.role.auditor, local.role.break_glass] } }
    },
    {
      Sid       = "DenyWriteByRoles"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:PutObject"
      Resource  = "${local.bucket.access_logs}/*"
      Condition = { ArnEquals = { "aws:PrincipalArn" = local.every_role } }
    },
    {
      Sid       = "DenyDelete"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:DeleteObject*"
      Resource  = "${local.bucket.access_logs}/*"
    },
  ]

  access_logs_service_statements = [
    {
      Sid       = "AccessLogsAreDelivered"
      Effect    = "Allow"
      Principal = { Service = "logging.s3.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${local.bucket.access_logs}/*"
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.names.account }
        ArnLike      = { "aws:SourceArn" = [for purpose, arn in local.bucket : arn if purpose != "access_logs"] }
      }
    },
  ]
}
