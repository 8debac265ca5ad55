# The flow log's own role: it adds lines to its own log group.

locals {
  flow_log_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AllowFlowLogsOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = "vpc-flow-logs.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.names.account }
        ArnLike      = { "aws:SourceArn" = "arn:${var.names.partition}:ec2:${var.names.region}:${var.names.account}:vpc-flow-log/*" }
      }
    }]
  })

  flow_log_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "AllowWriteOwnLogGroup"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = ["${var.names.log_group_arns.flow}:*"]
      },
      {
        Sid      = "AllowFindLogGroup"
        Effect   = "Allow"
        Action   = "logs:DescribeLogGroups"
        Resource = "*" # AWS lets nobody narrow it
      },
    ]
  })
}

resource "aws_iam_role" "flow_log" {
  name                 = var.names.roles.flow_log
  description          = "VPC flow logs write to their log group."
  assume_role_policy   = local.flow_log_trust
  max_session_duration = 3600
}

resource "aws_iam_policy" "flow_log" {
  name   = var.names.roles.flow_log
  policy = local.flow_log_policy
}

resource "aws_iam_role_policy_attachment" "flow_log" {
  role       = aws_iam_role.flow_log.name
  policy_arn = aws_iam_policy.flow_log.arn
}
