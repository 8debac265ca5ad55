# CloudTrail's own role: it writes into one log group and does nothing else.

locals {
  trust = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AllowCloudTrailForThisTrail"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "sts:AssumeRole"
      # If exists: AWS documents that CloudTrail sends neither when it takes this role, and a plain StringEquals would keep it out.
      Condition = {
        StringEqualsIfExists = { "aws:SourceAccount" = var.names.account, "aws:SourceArn" = var.names.trail_arns.account }
      }
    }]
  }

  permissions = {
    Version = "2012-10-17"
    Statement = [{
      Sid      = "AllowWriteOfOwnStreams"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${var.names.log_group_arns.trail}:log-stream:${var.names.account}_CloudTrail_*"
    }]
  }
}

resource "aws_iam_role" "log" {
  name                 = var.names.roles.trail_log
  description          = "CloudTrail, writing into its log group."
  assume_role_policy   = jsonencode(local.trust)
  max_session_duration = 3600
}

resource "aws_iam_policy" "log" {
  name        = var.names.roles.trail_log
  description = "Writing into the log group of the trail."
  policy      = jsonencode(local.permissions)
}

resource "aws_iam_role_policy_attachment" "log" {
  role       = aws_iam_role.log.name
  policy_arn = aws_iam_policy.log.arn
}
