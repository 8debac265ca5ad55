# The sweeper: the only role that ends workers and deletes objects. It reads none of them. The bastion takes it on.

locals {
  sweeper_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "EndWorkers"
        Effect   = "Allow"
        Action   = "ec2:TerminateInstances"
        Resource = local.instance
        Condition = {
          StringEquals = { "aws:ResourceTag/PIT" = var.names.pit, "aws:ResourceTag/skep:role" = ["image-builder", "worker"] }
        }
      },
      {
        Sid      = "DeleteWhatTheyLeave"
        Effect   = "Allow"
        Action   = ["ec2:DeleteNetworkInterface", "ec2:DeleteVolume"]
        Resource = ["${local.own_ec2}:network-interface/*", "${local.own_ec2}:volume/*"]
        Condition = {
          StringEquals = { "aws:ResourceTag/PIT" = var.names.pit, "aws:ResourceTag/skep:role" = ["image-builder", "worker"] }
        }
      },
      {
        Sid    = "LookWhatIsLeft"
        Effect = "Allow"
        Action = [
          "ec2:DescribeInstances", "ec2:DescribeKeyPairs", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSnapshots", "ec2:DescribeVolumes",
        ]
        Resource = "*"
      },
      {
        Sid       = "ListObjects"
        Effect    = "Allow"
        Action    = ["s3:ListBucket", "s3:ListBucketVersions"]
        Resource  = [local.bucket.ancillary, local.bucket.input, local.bucket.output]
        Condition = { StringLike = { "s3:prefix" = ["incoming/*", "relay/*", "runs/*"] } }
      },
      {
        Sid      = "DeleteObjects"
        Effect   = "Allow"
        Action   = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
        Resource = ["${local.bucket.input}/incoming/*", "${local.bucket.output}/runs/*", local.relay]
      },
      {
        Sid      = "DenyReadOfObjects"
        Effect   = "Deny"
        Action   = "s3:GetObject*"
        Resource = "*"
      },
      {
        # These credentials come from the bastion's, and do not say of which instance.
        Sid      = "DenyOutsideOurNetwork"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringNotEquals = { "aws:SourceVpc" = var.vpc_id }
          BoolIfExists    = { "aws:ViaAWSService" = "false" }
        }
      },
      local.deny_copies,
    ]
  })
}

resource "aws_iam_role" "sweeper" {
  name                 = var.names.roles.sweeper
  description          = "Ends workers and deletes what is done with."
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AllowBastion"
      Effect    = "Allow"
      Principal = { AWS = var.names.root_arn }
      Action    = "sts:AssumeRole"
      Condition = { ArnEquals = { "aws:PrincipalArn" = local.role.bastion } }
    }]
  })
}

resource "aws_iam_policy" "sweeper" {
  name        = var.names.roles.sweeper
  description = "Ending and deleting."
  policy      = local.sweeper_policy
}

resource "aws_iam_role_policy_attachment" "sweeper" {
  role       = aws_iam_role.sweeper.name
  policy_arn = aws_iam_policy.sweeper.arn
}
