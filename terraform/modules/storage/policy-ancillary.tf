# Small sealed objects that the bastion carries between worker and key host (relay/), and the programs that hosts run
# (release/). No PHI.

locals {
  relay_objects   = "${local.bucket.ancillary}/relay/*"
  release_objects = "${local.bucket.ancillary}/release/*"

  ancillary_statements = [
    {
      Sid         = "DenyNameNotForeseen"
      Effect      = "Deny"
      Principal   = local.everybody
      Action      = "s3:PutObject"
      NotResource = ["${local.bucket.ancillary}/relay/*/*/*.json", local.release_objects]
    },
    {
      Sid       = "DenyRelayExceptBastionAndWorker"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:PutObject"
      Resource  = local.relay_objects
      Condition = { ArnNotEquals = { "aws:PrincipalArn" = [local.role.bastion, local.role.worker] } }
    },
    {
      # What hosts run is put there by administrators.
      Sid       = "DenyReleaseByRoles"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:PutObject"
      Resource  = local.release_objects
      Condition = { ArnEquals = { "aws:PrincipalArn" = local.every_role } }
    },
    {
      Sid       = "DenyReadOfRelayExceptWhoTalk"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:GetObject*"
      Resource  = local.relay_objects
      Condition = {
        ArnNotEquals = { "aws:PrincipalArn" = [local.role.bastion, local.role.worker, local.role.break_glass] }
      }
    },
    {
      Sid       = "DenyDeleteOfRelayExceptSweeper"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:DeleteObject*"
      Resource  = local.relay_objects
      Condition = { ArnNotEquals = { "aws:PrincipalArn" = local.role.sweeper } }
    },
  ]
}
