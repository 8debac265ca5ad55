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

run "trail" {
  command = plan

  module {
    source = "./modules/trail"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    alarm_emails = ["officer@example.org"]
  }

  assert {
    condition     = aws_cloudtrail.account.name == run.names.trails.account && aws_cloudtrail.account.enable_logging
    error_message = "ctl:A1 the trail has the name that bucket and keys speak of, and is on"
  }

  assert {
    condition     = aws_cloudtrail.account.is_multi_region_trail && aws_cloudtrail.account.include_global_service_events
    error_message = "ctl:A1 every region is logged, the global services too"
  }

  assert {
    condition     = aws_cloudtrail.account.enable_log_file_validation
    error_message = "ctl:A1 a file that was changed is found out"
  }

  assert {
    condition     = aws_cloudtrail.account.kms_key_id == var.keys.ops
    error_message = "ctl:A1 encrypted with the key ops"
  }

  assert {
    condition     = aws_cloudtrail.account.s3_bucket_name == run.names.buckets.audit
    error_message = "ctl:A1 in the locked bucket"
  }

  assert {
    condition = (
      aws_cloudtrail.account.cloud_watch_logs_group_arn == "${run.names.log_group_arns.trail}:*" &&
      aws_cloudtrail.account.cloud_watch_logs_role_arn == run.names.role_arns.trail_log
    )
    error_message = "ctl:A1 also in a log group, by a role of its own"
  }

  assert {
    condition     = aws_cloudtrail.account.sns_topic_name == run.names.topics.trail && aws_sns_topic.trail.name == run.names.topics.trail
    error_message = "ctl:A1 tells of each file"
  }

  assert {
    condition = { for field in aws_cloudtrail.account.advanced_event_selector[0].field_selector : field.field => field.equals } == {
      eventCategory = tolist(["Management"])
    }
    error_message = "ctl:A1 every management event, reads and writes"
  }

  assert {
    condition = { for field in aws_cloudtrail.account.advanced_event_selector[1].field_selector : field.field => coalescelist(field.equals, field.starts_with) } == {
      eventCategory    = tolist(["Data"])
      "resources.type" = tolist(["AWS::S3::Object"])
      "resources.ARN"  = tolist(["${run.names.bucket_arns.input}/", "${run.names.bucket_arns.output}/"])
    }
    error_message = "ctl:A2 every read and write of an object in the input and the output bucket"
  }

  assert {
    condition     = toset(aws_cloudtrail.account.insight_selector[*].insight_type) == toset(["ApiCallRateInsight", "ApiErrorRateInsight"])
    error_message = "ctl:A1 unusual rates are told of"
  }

  assert {
    condition = (
      aws_cloudwatch_log_group.trail.name == run.names.log_groups.trail &&
      aws_cloudwatch_log_group.trail.kms_key_id == var.keys.ops &&
      aws_cloudwatch_log_group.trail.retention_in_days == 2192 &&
      aws_cloudwatch_log_group.trail.skip_destroy
    )
    error_message = "ctl:A9 the log group is encrypted with the key ops and kept for six years"
  }
}

run "role" {
  command = plan

  module {
    source = "./modules/trail"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    alarm_emails = ["officer@example.org"]
  }

  assert {
    condition     = aws_iam_role.log.name == run.names.roles.trail_log && aws_iam_role.log.max_session_duration == 3600
    error_message = "ctl:I8 sessions last an hour"
  }

  assert {
    condition = jsondecode(aws_iam_role.log.assume_role_policy).Statement == [{
      Sid       = "AllowCloudTrailForThisTrail"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEqualsIfExists = { "aws:SourceAccount" = "123456789012", "aws:SourceArn" = run.names.trail_arns.account }
      }
    }]
    error_message = "ctl:I8 one service, for this account and trail"
  }

  assert {
    condition = jsondecode(aws_iam_policy.log.policy).Statement == [{
      Sid      = "AllowWriteOfOwnStreams"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${run.names.log_group_arns.trail}:log-stream:123456789012_CloudTrail_*"
    }]
    error_message = "ctl:I1 it may write its streams and nothing else"
  }

  assert {
    condition     = aws_iam_role_policy_attachment.log.role == run.names.roles.trail_log
    error_message = "ctl:I1 by a managed policy"
  }
}

run "topics" {
  command = plan

  module {
    source = "./modules/trail"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    alarm_emails = ["officer@example.org"]
  }

  assert {
    condition = alltrue([for topic in [aws_sns_topic.alarms, aws_sns_topic.trail] :
      topic.kms_master_key_id == var.keys.ops && topic.signature_version == 2
    ])
    error_message = "ctl:M4 both are encrypted with the key ops, and signed with SHA-256"
  }

  assert {
    condition = jsondecode(aws_sns_topic.alarms.policy).Statement == [{
      Sid       = "DenyPlainHttp"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = ["sns:Publish", "sns:Subscribe"]
      Resource  = run.names.topic_arns.alarms
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }, {
      Sid       = "DenySubscribersButMail"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "sns:Subscribe"
      Resource  = run.names.topic_arns.alarms
      Condition = { StringNotEquals = { "sns:Protocol" = "email" } }
      }, {
      Sid       = "AllowAlarmsOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = run.names.topic_arns.alarms
      Condition = {
        StringEquals = { "aws:SourceAccount" = "123456789012" }
        ArnLike      = { "aws:SourceArn" = "arn:aws:cloudwatch:us-west-2:123456789012:alarm:*" }
      }
    }]
    error_message = "ctl:M4 alarms refuses plain HTTP and subscribers but mail, and takes from alarms of this account alone"
  }

  assert {
    condition = jsondecode(aws_sns_topic.trail.policy).Statement == [{
      Sid       = "DenyPlainHttp"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = ["sns:Publish", "sns:Subscribe"]
      Resource  = run.names.topic_arns.trail
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }, {
      Sid       = "AllowThisTrail"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = run.names.topic_arns.trail
      Condition = {
        StringEquals = { "aws:SourceAccount" = "123456789012", "aws:SourceArn" = run.names.trail_arns.account }
      }
    }]
    error_message = "ctl:M4 trail refuses plain HTTP, and takes from this trail alone"
  }

  assert {
    condition = { for address, subscription in aws_sns_topic_subscription.alarms : address => [subscription.protocol, subscription.endpoint] } == {
      "officer@example.org" = ["email", "officer@example.org"]
    }
    error_message = "ctl:M4 people are told of alarms by e-mail"
  }
}

run "alarms" {
  command = plan

  module {
    source = "./modules/trail"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    alarm_emails = ["officer@example.org"]
  }

  assert {
    condition = aws_cloudwatch_log_metric_filter.alarm["break-glass"].pattern == join(" || ", [
      "{ ($.eventName = \"AssumeRole\" && $.requestParameters.roleArn = \"${run.names.role_arns.break_glass}\")",
      "$.userIdentity.sessionContext.sessionIssuer.arn = \"${run.names.role_arns.break_glass}\" }",
    ])
    error_message = "ctl:I7 taking break-glass is seen, and whatever is done with it"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.alarm["break-glass"].statistic == "Sum" &&
      aws_cloudwatch_metric_alarm.alarm["break-glass"].comparison_operator == "GreaterThanOrEqualToThreshold" &&
      aws_cloudwatch_metric_alarm.alarm["break-glass"].threshold == 1
    )
    error_message = "ctl:I7 one use of it raises the alarm"
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.alarm)) == toset(["break-glass", "root", "trail", "keys", "refused"])
    error_message = "ctl:I7 what raises an alarm"
  }

  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.alarm : name => [alarm.namespace, alarm.metric_name] } == {
      for name, filter in aws_cloudwatch_log_metric_filter.alarm :
      name => [one(filter.metric_transformation).namespace, one(filter.metric_transformation).name]
    }
    error_message = "ctl:I7 each alarm counts what its own filter finds"
  }

  assert {
    condition = alltrue([for filter in aws_cloudwatch_log_metric_filter.alarm :
      filter.log_group_name == run.names.log_groups.trail && one(filter.metric_transformation).value == "1"
    ])
    error_message = "ctl:I7 each filter looks at the log of the trail"
  }

  assert {
    condition = alltrue([for alarm in aws_cloudwatch_metric_alarm.alarm :
      alarm.alarm_actions == toset([run.names.topic_arns.alarms]) &&
      alarm.insufficient_data_actions == toset([run.names.topic_arns.alarms])
    ])
    error_message = "ctl:I7 every alarm reaches people, also when it has no data"
  }

  assert {
    condition = alltrue([for call in ["StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors", "PutInsightSelectors"] :
      strcontains(aws_cloudwatch_log_metric_filter.alarm["trail"].pattern, "$.eventName = \"${call}\"")
    ])
    error_message = "ctl:A1 a trail that is stopped, changed or deleted raises an alarm"
  }

  assert {
    condition = alltrue([for call in ["DisableKey", "ScheduleKeyDeletion"] :
      strcontains(aws_cloudwatch_log_metric_filter.alarm["keys"].pattern, "$.eventName = \"${call}\"")
    ])
    error_message = "ctl:I6 a key that is disabled or to be deleted raises an alarm"
  }

  assert {
    condition     = strcontains(aws_cloudwatch_log_metric_filter.alarm["root"].pattern, "$.userIdentity.type = \"Root\"")
    error_message = "ctl:I5 the use of root raises an alarm"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.alarm["refused"].threshold == 5
    error_message = "ctl:I1 calls that are refused again and again raise an alarm"
  }
}
