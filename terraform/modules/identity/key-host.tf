# The key host: sees for itself what it is told, writes down what it releases, and has no shell by SSM.

locals {
  key_host_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          # Meant for first packets and manifests; no condition tells how much of an object is asked for.
          Sid      = "ReadFirstPackets"
          Effect   = "Allow"
          Action   = ["s3:GetObject", "s3:GetObjectVersion"]
          Resource = concat([local.samples], local.results, local.manifests)
        },
        local.list_published,
        local.fetch_release,
        {
          Sid      = "LookAtInstances"
          Effect   = "Allow"
          Action   = "ec2:DescribeInstances"
          Resource = "*"
        },
        {
          Sid       = "LookAtUserData"
          Effect    = "Allow"
          Action    = "ec2:DescribeInstanceAttribute"
          Resource  = local.instance
          Condition = { StringEquals = { "aws:ResourceTag/PIT" = var.names.pit } }
        },
        {
          Sid    = "KeepReleases"
          Effect = "Allow"
          Action = [
            "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query",
            "dynamodb:UpdateItem",
          ]
          Resource = local.ledger
          Condition = {
            "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = "release#*" }
            Null                      = { "dynamodb:LeadingKeys" = "false" }
          }
        },
        {
          Sid      = "ReadEnvironment"
          Effect   = "Allow"
          Action   = "ssm:GetParameter"
          Resource = var.names.parameter_arns.environment
        },
        {
          Sid       = "OpenFirstPackets"
          Effect    = "Allow"
          Action    = "kms:Decrypt"
          Resource  = var.keys.data
          Condition = { StringEquals = { "kms:ViaService" = local.through.s3 } }
        },
        {
          Sid      = "AppendToAuditChain"
          Effect   = "Allow"
          Action   = ["dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"]
          Resource = local.ledger
          Condition = {
            "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = "audit#*" }
            Null                      = { "dynamodb:LeadingKeys" = "false" }
          }
        },
        {
          Sid       = "UseOpsKey"
          Effect    = "Allow"
          Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource  = var.keys.ops
          Condition = { StringEquals = { "kms:ViaService" = [local.through.dynamodb, local.through.s3] } }
        },
        local.check_tickets,
        local.read_public_keys,
        local.publish_key["key-host"],
        local.deny_replace_keys,
      ],
      local.append_audit,
      local.instance_limits,
    )
  })
}

resource "aws_iam_role" "key_host" {
  name                 = var.names.roles.key_host
  description          = "The key host: releases session keys, each written down first."
  assume_role_policy   = local.trust.ec2
  max_session_duration = 3600

  tags = { "skep:s3-endpoint" = var.s3_endpoint_id }
}

resource "aws_iam_policy" "key_host" {
  name        = var.names.roles.key_host
  description = "Looking, and writing down what was released."
  policy      = local.key_host_policy
}

resource "aws_iam_role_policy_attachment" "key_host" {
  role       = aws_iam_role.key_host.name
  policy_arn = aws_iam_policy.key_host.arn
}

resource "aws_iam_instance_profile" "key_host" {
  name = var.names.roles.key_host
  role = aws_iam_role.key_host.name
}
