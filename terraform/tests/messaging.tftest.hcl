mock_provider "aws" {}

run "names" {
  command = plan

  module {
    source = "./modules/names"
  }

  variables {
    pit       = "hipaa_vpc"
    account   = "123456789012"
    region    = "us-west-2"
    partition = "aws"
  }
}

run "doorbell" {
  command = plan

  module {
    source = "./modules/messaging"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    notice_emails = []
  }

  assert {
    condition = alltrue([for queue in [aws_sqs_queue.doorbell, aws_sqs_queue.doorbell_dead] :
      queue.kms_master_key_id == var.keys.ops && queue.kms_data_key_reuse_period_seconds == 300
    ])
    error_message = "ctl:M1 both queues are encrypted with the key ops"
  }

  assert {
    condition     = alltrue([for queue in [aws_sqs_queue.doorbell, aws_sqs_queue.doorbell_dead] : queue.max_message_size == 4096])
    error_message = "ctl:M1 a message is at most 4 KiB"
  }

  assert {
    condition = jsondecode(aws_sqs_queue.doorbell.policy).Statement == [{
      Sid       = "DenyPlainHttp"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "sqs:*"
      Resource  = run.names.queue_arns.doorbell
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "ctl:M1 the doorbell refuses plain HTTP, and lets nobody in by itself"
  }

  assert {
    condition = jsondecode(aws_sqs_queue.doorbell_dead.policy).Statement == [{
      Sid       = "DenyPlainHttp"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "sqs:*"
      Resource  = run.names.queue_arns.doorbell_dead
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "ctl:M1 the dead-letter queue refuses plain HTTP, and lets nobody in by itself"
  }

  assert {
    condition = (
      aws_sqs_queue.doorbell.name == run.names.queues.doorbell &&
      aws_sqs_queue.doorbell_dead.name == run.names.queues.doorbell_dead
    )
    error_message = "ctl:M1 the queues have the names that the roles speak of"
  }

  assert {
    condition     = alltrue([for queue in [aws_sqs_queue.doorbell, aws_sqs_queue.doorbell_dead] : queue.fifo_queue && endswith(queue.name, ".fifo")])
    error_message = "ctl:M2 first in, first out"
  }

  assert {
    condition     = aws_sqs_queue.doorbell.content_based_deduplication == false
    error_message = "ctl:M2 what is the same message is said by its sender, not by its body"
  }

  assert {
    condition = jsondecode(aws_sqs_queue.doorbell.redrive_policy) == {
      deadLetterTargetArn = run.names.queue_arns.doorbell_dead
      maxReceiveCount     = 3
    }
    error_message = "ctl:M2 after three goes a message is kept aside"
  }

  assert {
    condition     = aws_sqs_queue.doorbell_dead.message_retention_seconds == 1209600
    error_message = "ctl:M2 what is kept aside stays as long as SQS allows"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.doorbell_dead.namespace == "AWS/SQS" &&
      aws_cloudwatch_metric_alarm.doorbell_dead.metric_name == "ApproximateNumberOfMessagesVisible" &&
      aws_cloudwatch_metric_alarm.doorbell_dead.dimensions == tomap({ QueueName = run.names.queues.doorbell_dead }) &&
      aws_cloudwatch_metric_alarm.doorbell_dead.comparison_operator == "GreaterThanThreshold" &&
      aws_cloudwatch_metric_alarm.doorbell_dead.threshold == 0
    )
    error_message = "ctl:M2 one dead letter raises an alarm"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.doorbell_dead.alarm_actions == toset([run.names.topic_arns.alarms]) &&
      aws_cloudwatch_metric_alarm.doorbell_dead.insufficient_data_actions == toset([run.names.topic_arns.alarms])
    )
    error_message = "ctl:M2 the alarm reaches people"
  }
}

run "notices" {
  command = plan

  module {
    source = "./modules/messaging"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    notice_emails = ["office@example.org", "study@example.org"]
  }

  assert {
    condition = (
      aws_sns_topic.notices.name == run.names.topics.notices &&
      aws_sns_topic.notices.kms_master_key_id == var.keys.ops &&
      aws_sns_topic.notices.signature_version == 2
    )
    error_message = "ctl:M4 encrypted with the key ops, signed with SHA-256"
  }

  assert {
    condition = jsondecode(aws_sns_topic.notices.policy).Statement == [{
      Sid       = "DenyPlainHttp"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = ["sns:Publish", "sns:Subscribe"]
      Resource  = run.names.topic_arns.notices
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }, {
      Sid       = "DenySubscribersButMail"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "sns:Subscribe"
      Resource  = run.names.topic_arns.notices
      Condition = { StringNotEquals = { "sns:Protocol" = "email" } }
    }]
    error_message = "ctl:M4 refuses plain HTTP and subscribers but mail, and lets nobody in by itself"
  }

  assert {
    condition = (
      toset(keys(aws_sns_topic_subscription.notices)) == toset(var.notice_emails) &&
      alltrue([for address, subscription in aws_sns_topic_subscription.notices :
        subscription.protocol == "email" && subscription.endpoint == address
      ])
    )
    error_message = "ctl:M4 each address is told by e-mail"
  }

  assert {
    condition     = aws_sns_topic.notices.fifo_topic != true
    error_message = "ctl:M4 a FIFO topic takes no e-mail address"
  }
}
