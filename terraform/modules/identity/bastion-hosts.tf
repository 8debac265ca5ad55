# How the bastion configures hosts, and the keys it uses.

locals {
  # Not the key host: that is set up once by an administrator, and then has its one forced command.
  configured_hosts = ["bastion", "image-builder", "worker", "workstation"]

  bastion_hosts_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "CommandByAmazonsDocuments"
          Effect   = "Allow"
          Action   = ["ssm:SendCommand", "ssm:StartSession"]
          Resource = [for document in ["AWS-RunShellScript", "AWS-StartSSHSession"] : "arn:${local.partition}:ssm:${var.names.region}::document/${document}"]
        },
        {
          Sid       = "CommandConfiguredHosts"
          Effect    = "Allow"
          Action    = ["ssm:SendCommand", "ssm:StartSession"]
          Resource  = local.instance
          Condition = { StringEquals = { "ssm:resourceTag/PIT" = var.names.pit, "ssm:resourceTag/skep:role" = local.configured_hosts } }
        },
        {
          Sid      = "LookAtCommands"
          Effect   = "Allow"
          Action   = ["ssm:DescribeInstanceInformation", "ssm:GetCommandInvocation", "ssm:ListCommandInvocations"]
          Resource = "*"
        },
        {
          Sid      = "GrantDisksToEc2"
          Effect   = "Allow"
          Action   = "kms:CreateGrant"
          Resource = [var.keys.data, var.keys.ops]
          Condition = {
            Bool         = { "kms:GrantIsForAWSResource" = "true" }
            StringEquals = { "kms:ViaService" = local.through.ec2 }
          }
        },
        {
          # Answered with a key that EC2 alone can open.
          Sid       = "HaveDiskKeysMade"
          Effect    = "Allow"
          Action    = ["kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptTo"]
          Resource  = [var.keys.data, var.keys.ops]
          Condition = { StringEquals = { "kms:ViaService" = local.through.ec2 } }
        },
        {
          Sid       = "HaveImagesCopied"
          Effect    = "Allow"
          Action    = "kms:ReEncryptFrom"
          Resource  = var.keys.ops
          Condition = { StringEquals = { "kms:ViaService" = local.through.ec2 } }
        },
        {
          Sid      = "UseOpsKey"
          Effect   = "Allow"
          Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource = var.keys.ops
          Condition = {
            StringEquals = { "kms:ViaService" = [local.through.dynamodb, local.through.s3, local.through.sns, local.through.sqs] }
          }
        },
        local.check_tickets,
        local.read_public_keys,
        local.publish_key["bastion"],
        local.ssm_sessions,
      ],
      local.append_audit,
    )
  })
}

