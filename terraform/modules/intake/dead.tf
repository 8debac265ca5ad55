# Events that the function could not deal with in three goes. The listing finds their objects all the same; what lies here
# says that something is wrong.

resource "aws_sqs_queue" "dead" {
  name                      = var.names.queues.intake_dead
  max_message_size          = 262144 # a whole event, whatever its size: a letter too large for this queue would be lost
  message_retention_seconds = 1209600

  kms_master_key_id                 = var.keys.ops
  kms_data_key_reuse_period_seconds = 300

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "DenyPlainHttp"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "sqs:*"
      Resource  = var.names.queue_arns.intake_dead
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_cloudwatch_metric_alarm" "dead" {
  alarm_name        = var.names.queues.intake_dead
  alarm_description = "Intake could not deal with an event of the input bucket. Look at its log, then at the queue."

  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = var.names.queues.intake_dead }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"

  alarm_actions             = [var.names.topic_arns.alarms]
  insufficient_data_actions = [var.names.topic_arns.alarms]
}
