# Results, under the data key; and what is told of them, ids, sizes and hashes, under the ops key, which is all that the
# bastion may read. The recipient reads from anywhere.

locals {
  units = [for unit in ["samples/${local.uuid}", "table"] : "${local.bucket.output}/runs/${local.uuid}/${unit}"]

  result_objects   = [for unit in local.units : "${unit}/attempt-*/*.pgp"]
  manifest_objects = [for unit in local.units : "${unit}/result.json"]
  report_objects   = ["${local.bucket.output}/runs/${local.uuid}/report.json"]
  told_objects     = concat(local.manifest_objects, local.report_objects)

  output_statements = [
    {
      Sid         = "DenyWrongKeyForResults"
      Effect      = "Deny"
      Principal   = local.everybody
      Action      = "s3:PutObject"
      NotResource = local.told_objects
      Condition   = { StringNotEquals = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = var.keys.data } }
    },
    {
      Sid       = "DenyWrongKeyForManifests"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:PutObject"
      Resource  = local.told_objects
      Condition = { StringNotEquals = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = var.keys.ops } }
    },
    {
      Sid         = "DenyNameNotOpaque"
      Effect      = "Deny"
      Principal   = local.everybody
      Action      = "s3:PutObject"
      NotResource = concat(local.result_objects, local.told_objects)
    },
    {
      # A worker can add to what other workers wrote, and change none of it. The report is told anew until it is known.
      Sid         = "DenyOverwrite"
      Effect      = "Deny"
      Principal   = local.everybody
      Action      = "s3:PutObject"
      NotResource = local.report_objects
      Condition = {
        Null = { "s3:if-none-match" = "true" }
        Bool = { "s3:ObjectCreationOperation" = "true" }
      }
    },
    {
      Sid         = "DenyReadExceptWorkerKeyHostAndRecipient"
      Effect      = "Deny"
      Principal   = local.everybody
      Action      = "s3:GetObject*"
      NotResource = local.told_objects
      Condition = {
        ArnNotEquals = { "aws:PrincipalArn" = [local.role.worker, local.role.key_host, local.role.recipient, local.role.break_glass] }
      }
    },
    {
      Sid       = "DenyReadOfManifestsExceptWhoMust"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:GetObject*"
      Resource  = local.told_objects
      Condition = {
        ArnNotEquals = {
          "aws:PrincipalArn" = [local.role.worker, local.role.bastion, local.role.key_host, local.role.recipient, local.role.break_glass]
        }
      }
    },
    {
      Sid       = "DenyReadOutsideOurEndpoint"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:GetObject*"
      Resource  = "${local.bucket.output}/*"
      Condition = {
        StringNotEquals = { "aws:SourceVpce" = "$${aws:PrincipalTag/skep:s3-endpoint, 'none'}" }
        ArnNotEquals    = { "aws:PrincipalArn" = [local.role.recipient, local.role.break_glass] }
      }
    },
    {
      Sid       = "DenyListToOtherRoles"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:ListBucket"
      Resource  = local.bucket.output
      Condition = {
        ArnEquals = {
          "aws:PrincipalArn" = [for name, arn in local.role : arn if !contains(["worker", "bastion", "key_host", "recipient", "sweeper", "break_glass"], name)]
        }
      }
    },
    {
      Sid       = "DenyListVersionsExceptSweeper"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = ["s3:ListBucketMultipartUploads", "s3:ListBucketVersions"]
      Resource  = local.bucket.output
      Condition = { ArnNotEquals = { "aws:PrincipalArn" = [local.role.sweeper, local.role.break_glass] } }
    },
    {
      Sid       = "DenyDeleteExceptSweeper"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:DeleteObject*"
      Resource  = "${local.bucket.output}/*"
      Condition = { ArnNotEquals = { "aws:PrincipalArn" = local.role.sweeper } }
    },
  ]
}
