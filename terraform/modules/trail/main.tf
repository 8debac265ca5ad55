# Who called what in this account, in every region, and who touched an object that holds protected data.

resource "aws_cloudtrail" "account" {
  name           = var.names.trails.account
  s3_bucket_name = var.names.buckets.audit
  sns_topic_name = var.names.topics.trail
  kms_key_id     = var.keys.ops

  is_multi_region_trail         = true
  include_global_service_events = true
  enable_logging                = true
  enable_log_file_validation    = true

  cloud_watch_logs_group_arn = "${var.names.log_group_arns.trail}:*"
  cloud_watch_logs_role_arn  = var.names.role_arns.trail_log

  advanced_event_selector {
    name = "Every management event"

    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }
  }

  # No selector on readOnly: reads and writes are told of.
  advanced_event_selector {
    name = "Every touch of an object with protected data"

    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }

    field_selector {
      field  = "resources.type"
      equals = ["AWS::S3::Object"]
    }

    field_selector {
      field       = "resources.ARN"
      starts_with = ["${var.names.bucket_arns.input}/", "${var.names.bucket_arns.output}/"]
    }
  }

  insight_selector {
    insight_type = "ApiCallRateInsight"
  }

  insight_selector {
    insight_type = "ApiErrorRateInsight"
  }

  lifecycle {
    prevent_destroy = true
  }

  # CloudTrail tries all three before it takes the trail.
  depends_on = [aws_cloudwatch_log_group.trail, aws_iam_role_policy_attachment.log, aws_sns_topic.trail]
}

resource "aws_cloudwatch_log_group" "trail" {
  name              = var.names.log_groups.trail
  kms_key_id        = var.keys.ops
  retention_in_days = 2192
  skip_destroy      = true
}
