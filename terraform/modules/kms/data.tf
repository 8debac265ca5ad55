# The data key. One statement a way in: who, through which service, for which objects. S3 names the object in the
# encryption context, since the buckets use no bucket keys.

locals {
  samples = "${var.names.bucket_arns.input}/incoming/*"
  results = "${var.names.bucket_arns.output}/runs/*"

  data_statements = concat([local.administer], local.disks, [
    {
      Sid       = "UploaderWritesSamples"
      Effect    = "Allow"
      Principal = local.own_account
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"] # Decrypt: S3 asks for it when an upload comes in parts
      Resource  = "*"
      Condition = {
        ArnEquals    = { "aws:PrincipalArn" = local.role.uploader }
        StringEquals = { "kms:ViaService" = local.through.s3 }
        StringLike   = { "kms:EncryptionContext:aws:s3:arn" = local.samples }
      }
    },
    {
      Sid       = "WorkerAndKeyHostReadSamples"
      Effect    = "Allow"
      Principal = local.own_account
      Action    = "kms:Decrypt"
      Resource  = "*"
      Condition = {
        ArnEquals    = { "aws:PrincipalArn" = [local.role.worker, local.role.key_host] }
        StringEquals = { "kms:ViaService" = local.through.s3 }
        StringLike   = { "kms:EncryptionContext:aws:s3:arn" = local.samples }
      }
    },
    {
      Sid       = "WorkerWritesResults"
      Effect    = "Allow"
      Principal = local.own_account
      Action    = "kms:GenerateDataKey"
      Resource  = "*"
      Condition = {
        ArnEquals    = { "aws:PrincipalArn" = local.role.worker }
        StringEquals = { "kms:ViaService" = local.through.s3 }
        StringLike   = { "kms:EncryptionContext:aws:s3:arn" = local.results }
      }
    },
    {
      Sid       = "WorkerKeyHostAndRecipientReadResults"
      Effect    = "Allow"
      Principal = local.own_account
      Action    = "kms:Decrypt"
      Resource  = "*"
      Condition = {
        ArnEquals    = { "aws:PrincipalArn" = [local.role.worker, local.role.key_host, local.role.recipient] }
        StringEquals = { "kms:ViaService" = local.through.s3 }
        StringLike   = { "kms:EncryptionContext:aws:s3:arn" = local.results }
      }
    },
    {
      Sid       = "BreakGlassReads"
      Effect    = "Allow"
      Principal = local.own_account
      Action    = ["kms:Decrypt", "kms:DescribeKey"]
      Resource  = "*"
      Condition = {
        ArnEquals    = { "aws:PrincipalArn" = local.role.break_glass }
        StringEquals = { "kms:ViaService" = local.through.s3 }
      }
    },
    {
      # By name, not "everybody but": an attached disk is opened by a role of EC2's own that stands in this account too.
      Sid       = "DenyUseByTools"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair*", "kms:ReEncryptFrom"]
      Resource  = "*"
      Condition = {
        ArnEquals = { "aws:PrincipalArn" = [for name, arn in local.role : arn if !contains(["worker", "key_host", "uploader", "recipient", "break_glass"], name)] }
      }
    },
  ])
}
