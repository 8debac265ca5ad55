# The ways from the groups to S3 and DynamoDB. They stand here because the prefix lists come with the endpoints: no host
# is let out towards S3 before the endpoint with its policy is in the way.

locals {
  gateway_doors = merge(
    {
      for host, why in {
        bastion      = "Relay objects and manifests; packages."
        key_host     = "First packets of samples, heads of the audit chain; packages."
        workers      = "One sample in, one result out; packages."
        workstations = "Packages, by the endpoint and not by NAT."
        builders     = "Packages and the release."
      } : "${host}-s3" => { host = host, list = aws_vpc_endpoint.s3.prefix_list_id, why = why }
    },
    {
      for host, why in {
        bastion  = "The ledger."
        key_host = "Rows of key releases."
      } : "${host}-dynamodb" => { host = host, list = aws_vpc_endpoint.dynamodb.prefix_list_id, why = why }
    },
  )
}

resource "aws_vpc_security_group_egress_rule" "gateway" {
  for_each = local.gateway_doors

  security_group_id = var.network.security_group_ids[each.value.host]
  prefix_list_id    = each.value.list
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  description       = each.value.why
}
