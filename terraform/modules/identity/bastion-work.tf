# What the bastion works with: relay and manifests, the ledger, doorbell, notices, and the sweeper's role.

locals {
  bastion_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(local.bastion_launch_statements, [
      {
        Sid      = "SweepAsSweeper"
        Effect   = "Allow"
        Action   = "sts:AssumeRole"
        Resource = local.role.sweeper
      },
      {
        Sid    = "KeepLedger"
        Effect = "Allow"
        Action = [
          "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query",
          "dynamodb:UpdateItem",
        ]
        Resource = local.ledger
      },
      {
        Sid      = "CarryRelay"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = local.relay
      },
      {
        Sid       = "ListRelay"
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = local.bucket.ancillary
        Condition = { StringLike = { "s3:prefix" = "relay/*" } }
      },
      {
        Sid      = "ReadManifests"
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = concat(local.manifests, [local.report])
      },
      {
        Sid      = "WriteReport"
        Effect   = "Allow"
        Action   = "s3:PutObject"
        Resource = local.report
      },
      local.list_published,
      local.fetch_release,
      {
        Sid    = "AnswerDoorbell"
        Effect = "Allow"
        Action = [
          "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage",
          "sqs:SendMessage",
        ]
        Resource = [var.names.queue_arns.doorbell, var.names.queue_arns.doorbell_dead]
      },
      {
        Sid      = "SendNotices"
        Effect   = "Allow"
        Action   = "sns:Publish"
        Resource = var.names.topic_arns.notices
      },
      {
        Sid      = "ReadEnvironment"
        Effect   = "Allow"
        Action   = "ssm:GetParameter"
        Resource = var.names.parameter_arns.environment
      },
    ])
  })
}
