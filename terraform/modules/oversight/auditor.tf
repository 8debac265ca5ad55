# The auditor: reads what was written down of everybody, and none of what it was about.

locals {
  records = [for purpose in ["audit", "access_logs", "config"] : var.names.bucket_arns[purpose]]
  groups  = [for arn in values(var.names.log_group_arns) : "${arn}:*"]

  cloudwatch = "${var.names.partition}:cloudwatch:${var.names.region}:${var.names.account}"

  auditor_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ListRecords"
        Effect   = "Allow"
        Action   = ["s3:ListBucket", "s3:ListBucketVersions"]
        Resource = local.records
      },
      {
        Sid      = "ReadRecords"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:GetObjectRetention", "s3:GetObjectVersion"]
        Resource = [for arn in local.records : "${arn}/*"]
      },
      {
        Sid    = "LookAtBuckets"
        Effect = "Allow"
        Action = [
          "s3:GetBucketLogging", "s3:GetBucketObjectLockConfiguration", "s3:GetBucketPolicy", "s3:GetBucketVersioning",
          "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration",
        ]
        Resource = values(var.names.bucket_arns)
      },
      {
        Sid      = "ReadLogs"
        Effect   = "Allow"
        Action   = ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents", "logs:GetQueryResults", "logs:StartQuery"]
        Resource = local.groups
      },
      {
        Sid      = "LookAtAlarms"
        Effect   = "Allow"
        Action   = "cloudwatch:DescribeAlarms"
        Resource = "arn:${local.cloudwatch}:alarm:*"
      },
      {
        Sid      = "ReadTrail"
        Effect   = "Allow"
        Action   = ["cloudtrail:GetEventSelectors", "cloudtrail:GetTrail", "cloudtrail:GetTrailStatus"]
        Resource = var.names.trail_arns.account
      },
      {
        Sid      = "ReadAuditChain"
        Effect   = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:Query"]
        Resource = var.names.table_arns.ledger
        Condition = {
          "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = "audit#*" }
          Null                      = { "dynamodb:LeadingKeys" = "false" }
        }
      },
      {
        Sid      = "ReadPublicKeys"
        Effect   = "Allow"
        Action   = "ssm:GetParameter"
        Resource = "${var.names.parameter_path_arns.public}/*"
      },
      {
        Sid      = "CheckTickets"
        Effect   = "Allow"
        Action   = ["kms:GetPublicKey", "kms:Verify"]
        Resource = var.keys.ticket
      },
      {
        Sid      = "OpenRecords"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = var.keys.ops
        Condition = {
          StringEquals = { "kms:ViaService" = [local.through.dynamodb, local.through.s3] }
        }
      },
      {
        # None of these can be asked of one resource only.
        Sid    = "LookAround"
        Effect = "Allow"
        Action = [
          "cloudtrail:DescribeTrails", "cloudtrail:LookupEvents", "ec2:DescribeFlowLogs",
          "ec2:DescribeImages", "ec2:DescribeInstances", "ec2:DescribeNetworkAcls", "ec2:DescribeRouteTables",
          "ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups", "ec2:DescribeSnapshots", "ec2:DescribeSubnets",
          "ec2:DescribeVolumes", "ec2:DescribeVpcEndpoints", "ec2:DescribeVpcs", "logs:DescribeLogGroups",
        ]
        Resource = "*"
      },
      {
        Sid      = "DenyPhi"
        Effect   = "Deny"
        Action   = "s3:GetObject*"
        Resource = [for purpose in ["ancillary", "input", "output", "state"] : "${var.names.bucket_arns[purpose]}/*"]
      },
      {
        Sid      = "DenyDataKey"
        Effect   = "Deny"
        Action   = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource = var.keys.data
      },
    ]
  })
}

resource "aws_iam_role" "auditor" {
  count = length(var.auditor_principals) > 0 ? 1 : 0

  name                 = var.names.roles.auditor
  description          = "Reads logs, the trail and the audit chain."
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AllowTrustedPrincipals"
      Effect    = "Allow"
      Principal = { AWS = var.auditor_principals }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_policy" "auditor" {
  name        = var.names.roles.auditor
  description = "Reading records, never what they are about."
  policy      = local.auditor_policy
}

resource "aws_iam_role_policy_attachment" "auditor" {
  for_each = { for role in aws_iam_role.auditor : "auditor" => role.name }

  role       = each.value
  policy_arn = aws_iam_policy.auditor.arn
}
