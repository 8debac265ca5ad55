# What somebody has to be told of at once, found in the trail's lines.

locals {
  alarms = {
    break-glass = {
      says    = "Break-glass was used, or somebody tried to. Whoever did says why, in writing."
      atleast = 1
      # Taking the role, and whatever is done with it.
      pattern = join(" || ", [
        "{ ($.eventName = \"AssumeRole\" && $.requestParameters.roleArn = \"${var.names.role_arns.break_glass}\")",
        "$.userIdentity.sessionContext.sessionIssuer.arn = \"${var.names.role_arns.break_glass}\" }",
      ])
    }
    root = {
      says    = "The account's root was used. Nothing here needs it."
      atleast = 1
      pattern = "{ $.userIdentity.type = \"Root\" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != \"AwsServiceEvent\" }"
    }
    trail = {
      says    = "A trail was stopped, changed or deleted."
      atleast = 1
      pattern = "{ $.eventSource = \"cloudtrail.amazonaws.com\" && (${join(" || ", [
        for call in ["StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors", "PutInsightSelectors"] : "$.eventName = \"${call}\""
      ])}) }"
    }
    keys = {
      says    = "A key was disabled or is to be deleted. It can be taken back for 30 days: aws kms cancel-key-deletion."
      atleast = 1
      pattern = "{ $.eventSource = \"kms.amazonaws.com\" && ($.eventName = \"DisableKey\" || $.eventName = \"ScheduleKeyDeletion\") }"
    }
    refused = {
      says    = "Calls were refused, several in five minutes: a program that is set up wrongly, or somebody who tries doors."
      atleast = 5
      pattern = "{ $.errorCode = \"*UnauthorizedOperation\" || $.errorCode = \"AccessDenied*\" }"
    }
  }
}

resource "aws_cloudwatch_log_metric_filter" "alarm" {
  for_each       = local.alarms
  name           = "${var.names.pit}-${each.key}"
  log_group_name = aws_cloudwatch_log_group.trail.name
  pattern        = each.value.pattern

  metric_transformation {
    name      = each.key
    namespace = "skep/${var.names.pit}"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "alarm" {
  for_each          = local.alarms
  alarm_name        = "${var.names.pit}-${each.key}"
  alarm_description = each.value.says

  namespace           = "skep/${var.names.pit}"
  metric_name         = each.key
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value.atleast
  treat_missing_data  = "notBreaching" # no line, no number

  alarm_actions             = [var.names.topic_arns.alarms]
  insufficient_data_actions = [var.names.topic_arns.alarms]
}
