# The data owner, fetching: reads the output bucket, from anywhere, and nothing else.

locals {
  recipient_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "GetResults"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:GetObjectVersion"]
        Resource = concat(local.results, local.manifests, [local.report])
      },
      local.list_published,
      {
        Sid       = "OpenResults"
        Effect    = "Allow"
        Action    = "kms:Decrypt"
        Resource  = [var.keys.data, var.keys.ops]
        Condition = { StringEquals = { "kms:ViaService" = local.through.s3 } }
      },
      local.deny_copies,
    ]
  })
}

resource "aws_iam_role" "recipient" {
  count = length(var.recipient_principals) > 0 ? 1 : 0

  name                 = var.names.roles.recipient
  description          = "The data owner, fetching results."
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AllowTrustedPrincipals"
      Effect    = "Allow"
      Principal = { AWS = var.recipient_principals }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_policy" "recipient" {
  name        = var.names.roles.recipient
  description = "Reading results."
  policy      = local.recipient_policy
}

resource "aws_iam_role_policy_attachment" "recipient" {
  for_each = { for role in aws_iam_role.recipient : "recipient" => role.name }

  role       = each.value
  policy_arn = aws_iam_policy.recipient.arn
}
