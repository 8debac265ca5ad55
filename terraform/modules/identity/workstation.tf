# The workstation of a researcher: a host that is configured and patched like the others and has no rights beyond that.

locals {
  workstation_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        local.fetch_release,
        {
          Sid       = "OpenRelease"
          Effect    = "Allow"
          Action    = "kms:Decrypt"
          Resource  = var.keys.ops
          Condition = { StringEquals = { "kms:ViaService" = local.through.s3 } }
        },
        {
          Sid      = "DenyDataKey"
          Effect   = "Deny"
          Action   = "kms:*"
          Resource = var.keys.data
        },
        local.ssm_sessions,
      ],
      local.instance_limits,
    )
  })
}

resource "aws_iam_role" "workstation" {
  name                 = var.names.roles.workstation
  description          = "A researcher's workstation."
  assume_role_policy   = local.trust.ec2
  max_session_duration = 3600
}

resource "aws_iam_policy" "workstation" {
  name        = var.names.roles.workstation
  description = "Being configured and patched."
  policy      = local.workstation_policy
}

resource "aws_iam_role_policy_attachment" "workstation" {
  role       = aws_iam_role.workstation.name
  policy_arn = aws_iam_policy.workstation.arn
}

resource "aws_iam_instance_profile" "workstation" {
  name = var.names.roles.workstation
  role = aws_iam_role.workstation.name
}
