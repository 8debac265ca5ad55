# Objects under the ops key, by who reads and who writes them. Buckets whose context is the bucket (they use bucket keys) are
# named with and without their objects.

locals {
  objects_of = { for purpose, arn in var.names.bucket_arns : purpose => [arn, "${arn}/*"] }

  published = [
    "${var.names.bucket_arns.output}/runs/*/result.json",
    "${var.names.bucket_arns.output}/runs/*/report.json",
  ]

  # A write in parts needs the right to read what it wrote.
  ops_objects = {
    AdministratorsKeepStateAndReleases = {
      who     = local.administrators
      actions = ["kms:Decrypt", "kms:GenerateDataKey"]
      objects = concat(local.objects_of.state, local.objects_of.ancillary)
    }
    BastionAndWorkerRelayAndPublish = {
      who     = { ArnEquals = { "aws:PrincipalArn" = [local.role.bastion, local.role.worker] } }
      actions = ["kms:Decrypt", "kms:GenerateDataKey"]
      objects = concat(local.objects_of.ancillary, local.published)
    }
    HostsReadReleases = {
      who     = { ArnEquals = { "aws:PrincipalArn" = [local.role.key_host, local.role.image_builder, local.role.workstation] } }
      actions = ["kms:Decrypt"]
      objects = local.objects_of.ancillary
    }
    KeyHostAndRecipientReadManifests = {
      who     = { ArnEquals = { "aws:PrincipalArn" = [local.role.key_host, local.role.recipient] } }
      actions = ["kms:Decrypt"]
      objects = local.published
    }
    WritersOfTheChainKeepItsHeads = {
      who     = { ArnEquals = { "aws:PrincipalArn" = [local.role.bastion, local.role.intake, local.role.key_host] } }
      actions = ["kms:GenerateDataKey"]
      objects = local.objects_of.audit
    }
    AuditorReadsRecords = {
      who     = { ArnEquals = { "aws:PrincipalArn" = local.role.auditor } }
      actions = ["kms:Decrypt"]
      objects = concat(local.objects_of.audit, local.objects_of.config)
    }
    BreakGlassReads = {
      who     = { ArnEquals = { "aws:PrincipalArn" = local.role.break_glass } }
      actions = ["kms:Decrypt"]
      objects = ["${local.bucket_prefix}*"]
    }
  }

  bucket_prefix = "arn:${var.names.partition}:s3:::${var.names.slug}-"
}
