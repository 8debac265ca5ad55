# ARNs and statements that several roles have in common.

locals {
  partition = var.names.partition
  bucket    = var.names.bucket_arns
  role      = var.names.role_arns
  ledger    = var.names.table_arns.ledger

  own      = "${var.names.region}:${var.names.account}"
  own_ec2  = "arn:${local.partition}:ec2:${local.own}"
  instance = "${local.own_ec2}:instance/*"

  through = { for service in ["dynamodb", "ec2", "lambda", "s3", "sns", "sqs", "ssm"] : service => "${service}.${var.names.region}.amazonaws.com" }

  # The forms of names are those of the buckets' policies.
  uuid      = "????????-????-????-????-????????????"
  unit_arns = [for unit in ["samples/${local.uuid}", "table"] : "${local.bucket.output}/runs/${local.uuid}/${unit}"]
  samples   = "${local.bucket.input}/incoming/${local.uuid}/${local.uuid}.pgp"
  results   = [for unit in local.unit_arns : "${unit}/attempt-*/*.pgp"]
  manifests = [for unit in local.unit_arns : "${unit}/result.json"]
  report    = "${local.bucket.output}/runs/${local.uuid}/report.json"
  relay     = "${local.bucket.ancillary}/relay/*"
  releases  = "${local.bucket.ancillary}/release/*"
  heads     = "${local.bucket.audit}/heads/*"

  fetch_release = {
    Sid      = "FetchRelease"
    Effect   = "Allow"
    Action   = "s3:GetObject"
    Resource = local.releases
  }

  list_published = {
    Sid       = "ListPublished"
    Effect    = "Allow"
    Action    = "s3:ListBucket"
    Resource  = local.bucket.output
    Condition = { StringLike = { "s3:prefix" = "runs/*" } }
  }

  read_public_keys = {
    Sid      = "ReadPublicKeys"
    Effect   = "Allow"
    Action   = "ssm:GetParameter"
    Resource = "${var.names.parameter_path_arns.public}/*"
  }

  check_tickets = {
    Sid      = "CheckTickets"
    Effect   = "Allow"
    Action   = ["kms:GetPublicKey", "kms:Verify"]
    Resource = var.keys.ticket
  }

  # A public key is published once by its owner, and never replaced.
  publish_key = {
    for role in ["bastion", "intake", "key-host"] : role => {
      Sid      = "PublishOwnKey"
      Effect   = "Allow"
      Action   = "ssm:PutParameter"
      Resource = "${var.names.parameter_path_arns.public}/${role}/*"
    }
  }

  deny_replace_keys = {
    Sid       = "DenyReplaceKeys"
    Effect    = "Deny"
    Action    = "ssm:PutParameter"
    Resource  = "*"
    Condition = { StringEquals = { "ssm:Overwrite" = "true" } }
  }

  # The audit chain lies in the ledger, in partitions audit#...; its heads lie in the locked bucket.
  append_audit = [
    {
      Sid      = "KeepHeadsOfAuditChain"
      Effect   = "Allow"
      Action   = "s3:PutObject"
      Resource = local.heads
    },
    {
      # A put can still replace a line: no condition key tells a put with a condition. The chain shows that, and its heads.
      Sid       = "DenyTakeBackAudit"
      Effect    = "Deny"
      Action    = ["dynamodb:DeleteItem", "dynamodb:UpdateItem"]
      Resource  = local.ledger
      Condition = { "ForAnyValue:StringLike" = { "dynamodb:LeadingKeys" = "audit#*" } }
    },
  ]

  # Rows of key releases are the key host's alone.
  deny_release_rows = {
    Sid       = "DenyReleaseRows"
    Effect    = "Deny"
    Action    = "dynamodb:*"
    Resource  = local.ledger
    Condition = { "ForAnyValue:StringLike" = { "dynamodb:LeadingKeys" = "release#*" } }
  }
}
