# The patch service: what a maintenance window runs as. It patches hosts, the key host too, by Amazon's own document, and
# can run nothing else on them.

locals {
  patch_service_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "PatchByAmazonsDocument"
        Effect   = "Allow"
        Action   = "ssm:SendCommand"
        Resource = "arn:${local.partition}:ssm:${var.names.region}::document/AWS-RunPatchBaseline"
      },
      {
        Sid      = "PatchHosts"
        Effect   = "Allow"
        Action   = "ssm:SendCommand"
        Resource = local.instance
        Condition = {
          StringEquals = { "ssm:resourceTag/PIT" = var.names.pit, "ssm:resourceTag/skep:role" = ["bastion", "key-host", "workstation"] }
        }
      },
      {
        Sid      = "LookAtCommands"
        Effect   = "Allow"
        Action   = ["ssm:GetCommandInvocation", "ssm:ListCommandInvocations", "ssm:ListCommands"]
        Resource = "*"
      },
      local.deny_copies,
    ]
  })
}

resource "aws_iam_role" "patch_service" {
  name                 = var.names.roles.patch_service
  description          = "Patches hosts in their maintenance window."
  assume_role_policy   = local.trust.ssm
  max_session_duration = 3600
}

resource "aws_iam_policy" "patch_service" {
  name        = var.names.roles.patch_service
  description = "Patching by Amazon's own document."
  policy      = local.patch_service_policy
}

resource "aws_iam_role_policy_attachment" "patch_service" {
  role       = aws_iam_role.patch_service.name
  policy_arn = aws_iam_policy.patch_service.arn
}
