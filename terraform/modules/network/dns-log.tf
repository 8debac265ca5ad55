# Every name that a host here asks for: data can leave in the names of questions, too.

resource "aws_cloudwatch_log_group" "dns" {
  name              = var.names.log_groups.dns
  kms_key_id        = var.keys.ops
  retention_in_days = var.log_retention_days
}

resource "aws_cloudwatch_log_resource_policy" "dns" {
  policy_name = var.names.query_logs.dns
  policy_document = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AllowDeliveryOfOwnQueryLog"
      Effect    = "Allow"
      Principal = { Service = "delivery.logs.amazonaws.com" }
      Action    = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource  = "${var.names.log_group_arns.dns}:log-stream:*"
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.names.account }
        ArnLike      = { "aws:SourceArn" = "arn:${var.names.partition}:logs:${var.names.region}:${var.names.account}:*" }
      }
    }]
  })
}

resource "aws_route53_resolver_query_log_config" "this" {
  name            = var.names.query_logs.dns
  destination_arn = aws_cloudwatch_log_group.dns.arn

  depends_on = [aws_cloudwatch_log_resource_policy.dns]
}

resource "aws_route53_resolver_query_log_config_association" "this" {
  resolver_query_log_config_id = aws_route53_resolver_query_log_config.this.id
  resource_id                  = aws_vpc.this.id
}
