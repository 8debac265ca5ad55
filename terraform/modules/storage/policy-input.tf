# Samples come in here, encrypted at home. Only the data owner puts, only a worker and the key host read, only the sweeper
# deletes, and intake what is none.

locals {
  sample_objects = "${local.bucket.input}/incoming/${local.uuid}/${local.uuid}.pgp"

  # `?` for each digit of a count of up to six, since a star would take any word.
  seal_objects = [for digits in range(1, 7) : "${local.bucket.input}/incoming/${local.uuid}/${join("", [for digit in range(digits) : "?"])}.seal"]

  input_statements = [
    {
      Sid         = "DenyNameNotOpaque"
      Effect      = "Deny"
      Principal   = local.everybody
      Action      = "s3:PutObject"
      NotResource = concat([local.sample_objects], local.seal_objects)
    },
    {
      # The parts of an upload cannot say it; the call that makes an object of them does.
      Sid       = "DenyOverwrite"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:PutObject"
      Resource  = "${local.bucket.input}/*"
      Condition = {
        Null = { "s3:if-none-match" = "true" }
        Bool = { "s3:ObjectCreationOperation" = "true" }
      }
    },
    {
      Sid       = "DenyReadExceptWorkerAndKeyHost"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:GetObject*"
      Resource  = "${local.bucket.input}/*"
      Condition = {
        ArnNotEquals = { "aws:PrincipalArn" = [local.role.worker, local.role.key_host, local.role.break_glass] }
      }
    },
    {
      # The role says which endpoint is its network's. No tag, no environment, no read.
      Sid       = "DenyReadOutsideOurEndpoint"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:GetObject*"
      Resource  = "${local.bucket.input}/*"
      Condition = {
        StringNotEquals = { "aws:SourceVpce" = "$${aws:PrincipalTag/skep:s3-endpoint, 'none'}" }
        ArnNotEquals    = { "aws:PrincipalArn" = local.role.break_glass }
      }
    },
    {
      Sid       = "DenyListToOtherRoles"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:ListBucket"
      Resource  = local.bucket.input
      Condition = {
        ArnEquals = { "aws:PrincipalArn" = [for name, arn in local.role : arn if !contains(["sweeper", "break_glass"], name)] }
      }
    },
    {
      # Versions tell intake what no event told of, and the sweeper what is left.
      Sid       = "DenyListVersionsExceptIntakeAndSweeper"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = ["s3:ListBucketMultipartUploads", "s3:ListBucketVersions"]
      Resource  = local.bucket.input
      Condition = {
        ArnNotEquals = { "aws:PrincipalArn" = [local.role.intake, local.role.sweeper, local.role.break_glass] }
      }
    },
    {
      # Intake takes away what came under a name that is no name of ours. Which names are is not to be said in a policy.
      Sid       = "DenyDeleteExceptSweeperAndIntake"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:DeleteObject*"
      Resource  = "${local.bucket.input}/*"
      Condition = { ArnNotEquals = { "aws:PrincipalArn" = [local.role.sweeper, local.role.intake] } }
    },
  ]
}
