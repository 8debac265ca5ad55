# The data owner, sending: puts, and nothing else. No get, no list, no delete.

locals {
  uploader_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "PutSamples"
        Effect   = "Allow"
        Action   = "s3:PutObject"
        Resource = "${local.bucket.input}/incoming/*"
      },
      {
        Sid       = "CloseWithDataKey"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"] # Decrypt: S3 asks for it when an upload comes in parts
        Resource  = var.keys.data
        Condition = { StringEquals = { "kms:ViaService" = local.through.s3 } }
      },
      local.deny_copies,
    ]
  })
}

resource "aws_iam_role" "uploader" {
  count = length(var.uploader_principals) > 0 ? 1 : 0

  name                 = var.names.roles.uploader
  description          = "The data owner, sending samples."
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AllowTrustedPrincipals"
      Effect    = "Allow"
      Principal = { AWS = var.uploader_principals }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_policy" "uploader" {
  name        = var.names.roles.uploader
  description = "Putting samples."
  policy      = local.uploader_policy
}

resource "aws_iam_role_policy_attachment" "uploader" {
  for_each = { for role in aws_iam_role.uploader : "uploader" => role.name }

  role       = each.value
  policy_arn = aws_iam_policy.uploader.arn
}
