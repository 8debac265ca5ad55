# Intake: a function outside the network that sees names, sizes and versions, never bytes. It alone signs tickets.

locals {
  intake_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid       = "ListIncoming"
          Effect    = "Allow"
          Action    = "s3:ListBucketVersions"
          Resource  = local.bucket.input
          Condition = { StringLike = { "s3:prefix" = "incoming/*" } }
        },
        {
          Sid      = "DeleteRefusedNames"
          Effect   = "Allow"
          Action   = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
          Resource = "${local.bucket.input}/incoming/*"
        },
        {
          Sid      = "WriteRows"
          Effect   = "Allow"
          Action   = ["dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]
          Resource = local.ledger
        },
        {
          Sid      = "Ring"
          Effect   = "Allow"
          Action   = ["sqs:GetQueueUrl", "sqs:SendMessage"]
          Resource = [var.names.queue_arns.doorbell, var.names.queue_arns.intake_dead]
        },
        {
          Sid      = "SignTickets"
          Effect   = "Allow"
          Action   = ["kms:GetPublicKey", "kms:Sign", "kms:Verify"]
          Resource = var.keys.ticket
        },
        {
          Sid      = "KeepOwnSecrets"
          Effect   = "Allow"
          Action   = ["ssm:GetParameter", "ssm:PutParameter"]
          Resource = "${var.names.parameter_path_arns.intake}/*"
        },
        {
          Sid      = "ReadEnvironment"
          Effect   = "Allow"
          Action   = "ssm:GetParameter"
          Resource = var.names.parameter_arns.environment
        },
        {
          Sid      = "UseOpsKey"
          Effect   = "Allow"
          Action   = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
          Resource = var.keys.ops
          Condition = {
            StringEquals = {
              "kms:ViaService" = [for service in ["dynamodb", "lambda", "s3", "sqs", "ssm"] : local.through[service]]
            }
          }
        },
        {
          Sid      = "WriteLog"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "${var.names.log_group_arns.intake}:log-stream:*"
        },
        {
          Sid      = "Trace"
          Effect   = "Allow"
          Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
          Resource = "*"
        },
        {
          Sid      = "DenyReadOfObjects"
          Effect   = "Deny"
          Action   = "s3:GetObject*"
          Resource = "*"
        },
        {
          Sid      = "DenyDataKey"
          Effect   = "Deny"
          Action   = "kms:*"
          Resource = var.keys.data
        },
        local.read_public_keys,
        local.publish_key["intake"],
        local.deny_replace_keys,
        local.deny_release_rows,
        local.deny_copies,
      ],
      local.append_audit,
    )
  })
}

resource "aws_iam_role" "intake" {
  name                 = var.names.roles.intake
  description          = "Intake: names and sizes, never bytes."
  assume_role_policy   = local.trust.lambda
  max_session_duration = 3600
}

resource "aws_iam_policy" "intake" {
  name        = var.names.roles.intake
  description = "Rows, tickets and the doorbell."
  policy      = local.intake_policy
}

resource "aws_iam_role_policy_attachment" "intake" {
  role       = aws_iam_role.intake.name
  policy_arn = aws_iam_policy.intake.arn
}
