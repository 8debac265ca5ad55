# The trigger: S3 tells the function that an object was put, and it writes a row. It sees names and sizes, never bytes.

locals {
  bundle = var.bundle == null ? "${path.module}/../../../build/intake.zip" : var.bundle
  made   = fileexists(local.bundle)
}

resource "aws_lambda_function" "intake" {
  function_name = var.names.functions.intake
  description   = "Turns what is put under incoming/ into rows of the ledger. Never reads an object."
  role          = var.role_arn

  filename         = local.bundle
  source_code_hash = local.made ? filebase64sha256(local.bundle) : null
  handler          = "index.handler"
  runtime          = "nodejs22.x"
  architectures    = ["arm64"]
  memory_size      = 512
  timeout          = 60

  # A flood of uploads waits its turn with Lambda, and leaves the account's other functions theirs.
  reserved_concurrent_executions = 5

  # No secret: where to read the environment's document, which has none either.
  environment {
    variables = { SKEP_ENV = "ssm:${var.names.parameters.environment}" }
  }
  kms_key_arn = var.keys.ops

  dead_letter_config {
    target_arn = var.names.queue_arns.intake_dead
  }

  logging_config {
    log_group             = var.names.log_groups.intake
    log_format            = "JSON"
    application_log_level = "INFO"
    system_log_level      = "INFO"
  }

  tracing_config {
    mode = "Active"
  }

  lifecycle {
    precondition {
      condition     = local.made
      error_message = "intake: there is no bundle at ${local.bundle}; make it with: npm run bundle:intake"
    }
  }

  # Named by reckoned ARNs and names, which say nothing of the order.
  depends_on = [aws_sqs_queue.dead, aws_cloudwatch_log_group.intake]
}

resource "aws_cloudwatch_log_group" "intake" {
  name              = var.names.log_groups.intake
  kms_key_id        = var.keys.ops
  retention_in_days = var.log_retention_days
}
