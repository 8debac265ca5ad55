# Which of the input bucket's events reach the function. S3 asks again and again while it cannot be reached.

resource "aws_lambda_permission" "input" {
  statement_id   = "AllowInputBucket"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.intake.function_name
  principal      = "s3.amazonaws.com"
  source_arn     = var.names.bucket_arns.input
  source_account = var.names.account
}

# The bucket is the foundation's; its notification comes and goes with the function.
resource "aws_s3_bucket_notification" "input" {
  bucket = var.names.buckets.input

  dynamic "lambda_function" {
    for_each = { sample = ".pgp", seal = ".seal" }

    content {
      id                  = "intake-${lambda_function.key}"
      lambda_function_arn = aws_lambda_function.intake.arn
      events              = ["s3:ObjectCreated:*"]
      filter_prefix       = "incoming/"
      filter_suffix       = lambda_function.value
    }
  }

  depends_on = [aws_lambda_permission.input]
}
