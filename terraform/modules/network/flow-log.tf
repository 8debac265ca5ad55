# Every packet's header, twice: to the locked bucket, where nobody can take it away, and to a log group, where alarms read it.

locals {
  flow_format = join(" ", [for field in [
    "version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes",
    "start", "end", "action", "log-status", "vpc-id", "subnet-id", "instance-id", "tcp-flags", "pkt-srcaddr", "pkt-dstaddr",
    "pkt-dst-aws-service", "flow-direction", "traffic-path",
  ] : format("$${%s}", field)])
}

resource "aws_cloudwatch_log_group" "flow" {
  name              = var.names.log_groups.flow
  kms_key_id        = var.keys.ops
  retention_in_days = var.log_retention_days
}

resource "aws_flow_log" "bucket" {
  vpc_id                   = aws_vpc.this.id
  traffic_type             = "ALL"
  max_aggregation_interval = 60
  log_format               = local.flow_format
  log_destination_type     = "s3"
  log_destination          = var.names.bucket_arns.audit

  destination_options {
    file_format        = "parquet"
    per_hour_partition = true
  }

  tags = { Name = "${var.names.pit}-bucket" }
}

resource "aws_flow_log" "group" {
  vpc_id                   = aws_vpc.this.id
  traffic_type             = "ALL"
  max_aggregation_interval = 60
  log_format               = local.flow_format
  log_destination_type     = "cloud-watch-logs"
  log_destination          = aws_cloudwatch_log_group.flow.arn
  iam_role_arn             = aws_iam_role.flow_log.arn

  tags = { Name = "${var.names.pit}-group" }

  depends_on = [aws_iam_role_policy_attachment.flow_log]
}
