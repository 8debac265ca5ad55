# Two topics: `alarms` mails people; `trail` says that a log file was written, every few minutes, for machines to come.

locals {
  deny_plain_http = {
    for topic, arn in var.names.topic_arns : topic => {
      Sid       = "DenyPlainHttp"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = ["sns:Publish", "sns:Subscribe"]
      Resource  = arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }
  }
}

resource "aws_sns_topic" "alarms" {
  name              = var.names.topics.alarms
  kms_master_key_id = var.keys.ops
  signature_version = 2

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      local.deny_plain_http["alarms"],
      {
        Sid       = "DenySubscribersButMail"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "sns:Subscribe"
        Resource  = var.names.topic_arns.alarms
        Condition = { StringNotEquals = { "sns:Protocol" = "email" } }
      },
      {
        Sid       = "AllowAlarmsOfThisAccount"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = var.names.topic_arns.alarms
        Condition = {
          StringEquals = { "aws:SourceAccount" = var.names.account }
          ArnLike      = { "aws:SourceArn" = "arn:${var.names.partition}:cloudwatch:${var.names.region}:${var.names.account}:alarm:*" }
        }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "alarms" {
  for_each  = toset(var.alarm_emails)
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.value
}

resource "aws_sns_topic" "trail" {
  name              = var.names.topics.trail
  kms_master_key_id = var.keys.ops
  signature_version = 2

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      local.deny_plain_http["trail"],
      {
        Sid       = "AllowThisTrail"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = var.names.topic_arns.trail
        Condition = {
          StringEquals = { "aws:SourceAccount" = var.names.account, "aws:SourceArn" = var.names.trail_arns.account }
        }
      },
    ]
  })
}
