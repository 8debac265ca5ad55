# Mail to people: that work on protected data begins, and that it is done. Ids only. A FIFO topic takes no e-mail addresses.

resource "aws_sns_topic" "notices" {
  name              = var.names.topics.notices
  kms_master_key_id = var.keys.ops
  signature_version = 2

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "DenyPlainHttp"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = ["sns:Publish", "sns:Subscribe"]
        Resource  = var.names.topic_arns.notices
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "DenySubscribersButMail"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "sns:Subscribe"
        Resource  = var.names.topic_arns.notices
        Condition = { StringNotEquals = { "sns:Protocol" = "email" } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "notices" {
  for_each  = toset(var.notice_emails)
  topic_arn = aws_sns_topic.notices.arn
  protocol  = "email"
  endpoint  = each.value
}
