# For the emergency: opens what nobody may read, the buckets of an environment that is gone too. It reads, and does nothing
# else; every use raises an alarm (../trail).

locals {
  break_glass_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ListBuckets"
        Effect   = "Allow"
        Action   = ["s3:ListBucket", "s3:ListBucketVersions"]
        Resource = values(var.names.bucket_arns)
      },
      {
        Sid      = "ReadObjects"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:GetObjectVersion"]
        Resource = [for arn in values(var.names.bucket_arns) : "${arn}/*"]
      },
      {
        Sid       = "OpenObjects"
        Effect    = "Allow"
        Action    = "kms:Decrypt"
        Resource  = [var.keys.data, var.keys.ops]
        Condition = { StringEquals = { "kms:ViaService" = local.through.s3 } }
      },
    ]
  })
}

resource "aws_iam_role" "break_glass" {
  count = length(var.break_glass_principals) > 0 ? 1 : 0

  name                 = var.names.roles.break_glass
  description          = "Emergency: reads what nobody may. Say why, in writing."
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AllowNamedWithMfa"
      Effect    = "Allow"
      Principal = { AWS = var.break_glass_principals }
      Action    = "sts:AssumeRole"
      Condition = {
        Bool            = { "aws:MultiFactorAuthPresent" = "true" }
        NumericLessThan = { "aws:MultiFactorAuthAge" = "3600" }
      }
    }]
  })
}

resource "aws_iam_policy" "break_glass" {
  name        = var.names.roles.break_glass
  description = "Reading every bucket."
  policy      = local.break_glass_policy
}

resource "aws_iam_role_policy_attachment" "break_glass" {
  for_each = { for role in aws_iam_role.break_glass : "break_glass" => role.name }

  role       = each.value
  policy_arn = aws_iam_policy.break_glass.arn
}
