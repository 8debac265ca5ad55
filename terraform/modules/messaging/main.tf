# The doorbell: hints for the agent that the ledger is worth a look. What nobody could make sense of three times is kept
# aside, and an alarm tells.

locals {
  deny_plain_http = {
    for queue, arn in var.names.queue_arns : queue => {
      Sid       = "DenyPlainHttp"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "sqs:*"
      Resource  = arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }
  }
}

resource "aws_sqs_queue" "doorbell" {
  name                        = var.names.queues.doorbell
  fifo_queue                  = true
  content_based_deduplication = false # all bodies are alike: the sender names what is the same
  max_message_size            = 4096
  message_retention_seconds   = 86400 # an older hint says nothing that the agent's own look has not seen
  visibility_timeout_seconds  = 60

  kms_master_key_id                 = var.keys.ops
  kms_data_key_reuse_period_seconds = 300

  redrive_policy = jsonencode({
    deadLetterTargetArn = var.names.queue_arns.doorbell_dead
    maxReceiveCount     = 3
  })

  policy = jsonencode({ Version = "2012-10-17", Statement = [local.deny_plain_http["doorbell"]] })

  # Named by a reckoned ARN, which says nothing of the order.
  depends_on = [aws_sqs_queue.doorbell_dead]
}

resource "aws_sqs_queue" "doorbell_dead" {
  name                      = var.names.queues.doorbell_dead
  fifo_queue                = true
  max_message_size          = 4096
  message_retention_seconds = 1209600

  kms_master_key_id                 = var.keys.ops
  kms_data_key_reuse_period_seconds = 300

  policy = jsonencode({ Version = "2012-10-17", Statement = [local.deny_plain_http["doorbell_dead"]] })
}

resource "aws_cloudwatch_metric_alarm" "doorbell_dead" {
  alarm_name        = var.names.queues.doorbell_dead
  alarm_description = "A doorbell was handed out three times and never dealt with. Look at the agent's log, then at the queue."

  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = var.names.queues.doorbell_dead }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching" # a queue that nobody uses has no numbers

  alarm_actions             = [var.names.topic_arns.alarms]
  insufficient_data_actions = [var.names.topic_arns.alarms]
}
