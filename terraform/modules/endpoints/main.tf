# How hosts reach AWS without the internet. A policy on each: even with somebody else's credentials in hand, or with a
# wide role, nothing gets through to what is not this account's.

locals {
  # Where a request names something of somebody's: nothing but our own. The others speak of Amazon's own documents and
  # images too, or of nothing that has an owner.
  own_resources_only = ["kms", "logs", "sns", "sqs"]

  interfaces = {
    ec2         = ["ec2:*"]
    ec2messages = ["ec2messages:*"]
    kms         = ["kms:*"]
    logs        = ["logs:*"]
    sns         = ["sns:*"]
    sqs         = ["sqs:*"]
    ssm         = ["ssm:*"]
    ssmmessages = ["ssmmessages:*"]
    sts         = ["sts:AssumeRole", "sts:GetCallerIdentity"]
  }

  # What may be done says each role. This says whose.
  interface_policies = {
    for service, actions in local.interfaces : service => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Sid       = "AllowOwnPrincipalsOnly"
        Effect    = "Allow"
        Principal = "*"
        Action    = actions
        Resource  = "*"
        Condition = {
          StringEquals = merge(
            { "aws:PrincipalAccount" = var.names.account },
            { for key in ["aws:ResourceAccount"] : key => var.names.account if contains(local.own_resources_only, service) },
          )
        }
      }]
    })
  }
}

resource "aws_vpc_endpoint" "interface" {
  for_each = local.interfaces

  vpc_id              = var.network.vpc_id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.${var.names.region}.${each.key}"
  subnet_ids          = [var.network.subnet_ids.isolated]
  security_group_ids  = [var.network.security_group_ids.endpoints]
  private_dns_enabled = true
  policy              = local.interface_policies[each.key]

  tags = { Name = "${var.names.pit}-${each.key}" }
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id            = var.network.vpc_id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${var.names.region}.s3"
  route_table_ids   = values(var.network.route_table_ids)
  policy            = local.s3_policy

  tags = { Name = "${var.names.pit}-s3" }
}

resource "aws_vpc_endpoint" "dynamodb" {
  vpc_id            = var.network.vpc_id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${var.names.region}.dynamodb"
  route_table_ids   = values(var.network.route_table_ids)
  policy            = local.dynamodb_policy

  tags = { Name = "${var.names.pit}-dynamodb" }
}
