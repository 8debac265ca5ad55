# The image builder: a host that patches itself and has an image made of itself. No PHI comes near it.

locals {
  image_builder_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid       = "MakeImagesOfBuilders"
          Effect    = "Allow"
          Action    = "ec2:CreateImage"
          Resource  = local.instance
          Condition = { StringEquals = { "aws:ResourceTag/PIT" = var.names.pit, "aws:ResourceTag/skep:role" = "image-builder" } }
        },
        {
          Sid       = "MakeImagesTagged"
          Effect    = "Allow"
          Action    = "ec2:CreateImage"
          Resource  = [for kind in ["image", "snapshot"] : "arn:${local.partition}:ec2:${var.names.region}::${kind}/*"]
          Condition = { StringEquals = { "aws:RequestTag/PIT" = var.names.pit } }
        },
        {
          Sid       = "TagWhatIsMade"
          Effect    = "Allow"
          Action    = "ec2:CreateTags"
          Resource  = [for kind in ["image", "snapshot"] : "arn:${local.partition}:ec2:${var.names.region}::${kind}/*"]
          Condition = { StringEquals = { "ec2:CreateAction" = "CreateImage" } }
        },
        {
          Sid      = "LookAtImages"
          Effect   = "Allow"
          Action   = "ec2:DescribeImages"
          Resource = "*"
        },
        local.fetch_release,
        {
          Sid       = "OpenRelease"
          Effect    = "Allow"
          Action    = "kms:Decrypt"
          Resource  = var.keys.ops
          Condition = { StringEquals = { "kms:ViaService" = local.through.s3 } }
        },
        {
          Sid      = "DenyOtherCopiesOfDisks"
          Effect   = "Deny"
          Action   = [for action in local.copies : action if action != "ec2:CreateImage"]
          Resource = "*"
        },
        {
          Sid      = "DenyDataKey"
          Effect   = "Deny"
          Action   = "kms:*"
          Resource = var.keys.data
        },
        local.ssm_sessions,
      ],
      local.deny_elsewhere,
    )
  })
}

resource "aws_iam_role" "image_builder" {
  name                 = var.names.roles.image_builder
  description          = "A host that an image is made of."
  assume_role_policy   = local.trust.ec2
  max_session_duration = 3600
}

resource "aws_iam_policy" "image_builder" {
  name        = var.names.roles.image_builder
  description = "Making images of builders."
  policy      = local.image_builder_policy
}

resource "aws_iam_role_policy_attachment" "image_builder" {
  role       = aws_iam_role.image_builder.name
  policy_arn = aws_iam_policy.image_builder.arn
}

resource "aws_iam_instance_profile" "image_builder" {
  name = var.names.roles.image_builder
  role = aws_iam_role.image_builder.name
}
