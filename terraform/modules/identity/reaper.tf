# The reaper: a function to come that ends whatever outlived its time, by tags alone, when nobody else does.

locals {
  reaper_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "LookForTheOverdue"
        Effect   = "Allow"
        Action   = "ec2:DescribeInstances"
        Resource = "*"
      },
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
        Sid      = "WriteLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${var.names.log_group_arns.reaper}:log-stream:*"
      },
      local.deny_copies,
    ]
  })
}

resource "aws_iam_role" "reaper" {
  name                 = var.names.roles.reaper
  description          = "Ends workers that outlived their time."
  assume_role_policy   = local.trust.lambda
  max_session_duration = 3600
}

resource "aws_iam_policy" "reaper" {
  name        = var.names.roles.reaper
  description = "Ending workers by their tags."
  policy      = local.reaper_policy
}

resource "aws_iam_role_policy_attachment" "reaper" {
  role       = aws_iam_role.reaper.name
  policy_arn = aws_iam_policy.reaper.arn
}
