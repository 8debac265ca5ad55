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

run "function" {
  command = plan

  module {
    source = "./modules/intake"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    role_arn           = run.names.role_arns.intake
    bundle             = "./tests/intake.tftest.hcl" # any file will do: nobody runs it
    log_retention_days = 2192
  }

  assert {
    condition     = aws_lambda_function.intake.function_name == run.names.functions.intake && aws_lambda_function.intake.role == run.names.role_arns.intake
    error_message = "ctl:M6 the function has its own name and role"
  }

  assert {
    condition     = aws_lambda_function.intake.filename == var.bundle && aws_lambda_function.intake.source_code_hash == filebase64sha256(var.bundle)
    error_message = "ctl:M6 the code is the bundle, and a change of it is a change of the function"
  }

  assert {
    condition     = aws_lambda_function.intake.reserved_concurrent_executions == 5
    error_message = "ctl:M6 a flood waits its turn"
  }

  assert {
    condition     = one(aws_lambda_function.intake.dead_letter_config).target_arn == run.names.queue_arns.intake_dead && aws_sqs_queue.dead.name == run.names.queues.intake_dead
    error_message = "ctl:M6 an event that fails is kept"
  }

  assert {
    condition = (
      aws_lambda_function.intake.kms_key_arn == var.keys.ops &&
      one(aws_lambda_function.intake.environment).variables == tomap({ SKEP_ENV = "ssm:/hipaa_vpc/environment" })
    )
    error_message = "ctl:M6 its environment is encrypted with the key ops and holds no secret, only where to read"
  }

  assert {
    condition     = length(aws_lambda_function.intake.vpc_config) == 0
    error_message = "ctl:M6 it is not attached to the VPC"
  }

  assert {
    condition     = one(aws_lambda_function.intake.tracing_config).mode == "Active"
    error_message = "ctl:M6 its calls are traced"
  }

  assert {
    condition = (
      one(aws_lambda_function.intake.logging_config).log_format == "JSON" &&
      one(aws_lambda_function.intake.logging_config).log_group == run.names.log_groups.intake &&
      aws_cloudwatch_log_group.intake.name == run.names.log_groups.intake
    )
    error_message = "ctl:A9 its log is JSON, in the group that is there for it"
  }

  assert {
    condition     = aws_cloudwatch_log_group.intake.kms_key_id == var.keys.ops && aws_cloudwatch_log_group.intake.retention_in_days == 2192
    error_message = "ctl:A9 its log is encrypted with the key ops and kept"
  }
}

run "trigger" {
  command = plan

  module {
    source = "./modules/intake"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    role_arn           = run.names.role_arns.intake
    bundle             = "./tests/intake.tftest.hcl" # any file will do: nobody runs it
    log_retention_days = 2192
  }

  assert {
    condition = (
      aws_lambda_permission.input.action == "lambda:InvokeFunction" &&
      aws_lambda_permission.input.function_name == run.names.functions.intake &&
      aws_lambda_permission.input.principal == "s3.amazonaws.com"
    )
    error_message = "ctl:M6 S3 may call it"
  }

  assert {
    condition     = aws_lambda_permission.input.source_arn == run.names.bucket_arns.input
    error_message = "ctl:M6 only for the input bucket"
  }

  assert {
    condition     = aws_lambda_permission.input.source_account == "123456789012"
    error_message = "ctl:M6 only while that bucket is of this account"
  }

  assert {
    condition = (
      aws_s3_bucket_notification.input.bucket == run.names.buckets.input &&
      toset(aws_s3_bucket_notification.input.lambda_function[*].filter_suffix) == toset([".pgp", ".seal"]) &&
      alltrue([for rule in aws_s3_bucket_notification.input.lambda_function :
        rule.events == toset(["s3:ObjectCreated:*"]) && rule.filter_prefix == "incoming/"
      ])
    )
    error_message = "ctl:M6 it is told of samples and seals that are put under incoming/, and of nothing else"
  }
}

run "dead_letters" {
  command = plan

  module {
    source = "./modules/intake"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    role_arn           = run.names.role_arns.intake
    bundle             = "./tests/intake.tftest.hcl" # any file will do: nobody runs it
    log_retention_days = 2192
  }

  assert {
    condition     = aws_sqs_queue.dead.kms_master_key_id == var.keys.ops && aws_sqs_queue.dead.kms_data_key_reuse_period_seconds == 300
    error_message = "ctl:M1 encrypted with the key ops"
  }

  assert {
    condition = jsondecode(aws_sqs_queue.dead.policy).Statement == [{
      Sid       = "DenyPlainHttp"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "sqs:*"
      Resource  = run.names.queue_arns.intake_dead
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "ctl:M1 refuses plain HTTP, and lets nobody in by itself"
  }

  assert {
    condition     = aws_sqs_queue.dead.max_message_size == 262144 && aws_sqs_queue.dead.message_retention_seconds == 1209600
    error_message = "ctl:M6 takes a whole event, and keeps it as long as SQS allows"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.dead.namespace == "AWS/SQS" &&
      aws_cloudwatch_metric_alarm.dead.metric_name == "ApproximateNumberOfMessagesVisible" &&
      aws_cloudwatch_metric_alarm.dead.dimensions == tomap({ QueueName = run.names.queues.intake_dead }) &&
      aws_cloudwatch_metric_alarm.dead.comparison_operator == "GreaterThanThreshold" &&
      aws_cloudwatch_metric_alarm.dead.threshold == 0
    )
    error_message = "ctl:M6 one dead letter raises an alarm"
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.dead.alarm_actions == toset([run.names.topic_arns.alarms]) &&
      aws_cloudwatch_metric_alarm.dead.insufficient_data_actions == toset([run.names.topic_arns.alarms])
    )
    error_message = "ctl:M6 the alarm reaches people"
  }
}

run "without_bundle" {
  command = plan

  module {
    source = "./modules/intake"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    role_arn           = run.names.role_arns.intake
    bundle             = "./tests/there-is-none.zip"
    log_retention_days = 2192
  }

  expect_failures = [aws_lambda_function.intake]
}
