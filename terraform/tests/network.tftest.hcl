mock_provider "aws" {}

override_resource {
  target = aws_cloudwatch_log_group.flow
  values = { arn = "arn:aws:logs:us-west-2:123456789012:log-group:/hipaa_vpc/flow" }
}

override_resource {
  target = aws_cloudwatch_log_group.dns
  values = { arn = "arn:aws:logs:us-west-2:123456789012:log-group:/hipaa_vpc/dns" }
}

override_resource {
  target = aws_iam_role.flow_log
  values = { arn = "arn:aws:iam::123456789012:role/hipaa_vpc-flow-log" }
}

override_resource {
  target = aws_iam_policy.flow_log
  values = { arn = "arn:aws:iam::123456789012:policy/hipaa_vpc-flow-log" }
}

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

# Applied, not planned: who speaks of whom is an id, and a plan knows none.
run "network" {
  module {
    source = "./modules/network"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    availability_zone  = "us-west-2a"
    vpc_cidr           = "10.0.0.0/16"
    subnet_cidrs       = { public = "10.0.0.0/24", private = "10.0.1.0/24", isolated = "10.0.2.0/24" }
    ssh_networks       = ["203.0.113.0/24", "198.51.100.7/32"]
    tenancy            = "dedicated"
    log_retention_days = 2192
  }

  assert {
    condition     = aws_vpc.this.instance_tenancy == "dedicated"
    error_message = "ctl:N1 the VPC is dedicated"
  }

  assert {
    condition     = aws_vpc.this.cidr_block == "10.0.0.0/16" && aws_vpc.this.enable_dns_support && aws_vpc.this.enable_dns_hostnames && aws_vpc.this.tags["Name"] == "hipaa_vpc"
    error_message = "the VPC has the PIT's name, its addresses, and DNS, without which endpoints have no names"
  }

  assert {
    condition     = length(aws_default_security_group.closed.ingress) == 0 && length(aws_default_security_group.closed.egress) == 0 && aws_default_security_group.closed.vpc_id == aws_vpc.this.id
    error_message = "ctl:N2 the default group lets nothing in or out"
  }

  assert {
    condition     = length(aws_default_network_acl.closed.ingress) == 0 && length(aws_default_network_acl.closed.egress) == 0 && aws_default_network_acl.closed.default_network_acl_id == aws_vpc.this.default_network_acl_id
    error_message = "ctl:N2 the default NACL lets nothing in or out"
  }

  assert {
    condition     = length(aws_default_route_table.empty.route) == 0 && aws_default_route_table.empty.default_route_table_id == aws_vpc.this.default_route_table_id
    error_message = "ctl:N2 the default route table leads nowhere"
  }

  assert {
    condition     = { for name, subnet in aws_subnet.this : name => subnet.cidr_block } == { public = "10.0.0.0/24", private = "10.0.1.0/24", isolated = "10.0.2.0/24" } && alltrue([for subnet in aws_subnet.this : subnet.availability_zone == "us-west-2a" && subnet.vpc_id == aws_vpc.this.id])
    error_message = "the three subnets are in the one zone, with their addresses"
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.this : subnet.map_public_ip_on_launch == false])
    error_message = "ctl:N3 no subnet gives out public addresses"
  }

  assert {
    condition     = aws_nat_gateway.this.allocation_id == aws_eip.nat.id
    error_message = "ctl:N3 the public address here is the NAT gateway's"
  }

  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.people : "${rule.cidr_ipv4} ${rule.security_group_id} ${rule.ip_protocol} ${rule.from_port}-${rule.to_port}"]) == toset([for network in ["203.0.113.0/24", "198.51.100.7/32"] : "${network} ${aws_security_group.this["bastion"].id} tcp 22-22"])
    error_message = "ctl:N4 people reach port 22 of the bastion, from their networks only"
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.door : rule.cidr_ipv4 == null && rule.cidr_ipv6 == null && rule.prefix_list_id == null]) && alltrue([for rule in aws_vpc_security_group_ingress_rule.people : rule.cidr_ipv6 == null])
    error_message = "ctl:N4 every other door is from a group, and there is no IPv6"
  }

  assert {
    condition     = toset([for rule in aws_network_acl_rule.this : rule.cidr_block if !rule.egress && rule.from_port <= 22 && rule.to_port >= 22]) == toset(["203.0.113.0/24", "198.51.100.7/32", "10.0.0.0/24"])
    error_message = "ctl:N4 no NACL lets port 22 in but from those networks, and from the public subnet"
  }

  assert {
    condition     = [for rule in concat(values(aws_vpc_security_group_egress_rule.door), values(aws_vpc_security_group_egress_rule.internet)) : [coalesce(rule.referenced_security_group_id, rule.cidr_ipv4, "nobody"), rule.from_port, rule.to_port] if rule.security_group_id == aws_security_group.this["workers"].id] == [[aws_security_group.this["endpoints"].id, 443, 443]]
    error_message = "ctl:N5 workers get out to the endpoints only"
  }

  assert {
    condition     = aws_route.private_nat.route_table_id == aws_route_table.this["private"].id && aws_route.private_nat.nat_gateway_id == aws_nat_gateway.this.id && aws_route_table.this["private"].id != aws_route_table.this["isolated"].id
    error_message = "ctl:N5 the way to the NAT gateway is the private subnet's, not that of workers and key host"
  }

  assert {
    condition     = [for rule in aws_vpc_security_group_egress_rule.internet : rule.security_group_id if rule.security_group_id != aws_security_group.this["workstations"].id && rule.security_group_id != aws_security_group.this["builders"].id] == []
    error_message = "ctl:N5 only workstations and builders may go to the internet"
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_egress_rule.internet : rule.from_port == 443 && rule.to_port == 443 && rule.ip_protocol == "tcp"])
    error_message = "ctl:N5 and there to port 443 only"
  }

  assert {
    condition     = [for rule in aws_vpc_security_group_ingress_rule.door : [rule.referenced_security_group_id, rule.from_port, rule.to_port, rule.ip_protocol] if rule.security_group_id == aws_security_group.this["key_host"].id] == [[aws_security_group.this["bastion"].id, 22, 22, "tcp"]]
    error_message = "ctl:N6 the key host is reached from the bastion, on port 22, and by nobody else"
  }

  assert {
    condition     = [for rule in aws_vpc_security_group_egress_rule.door : [rule.referenced_security_group_id, rule.from_port] if rule.security_group_id == aws_security_group.this["key_host"].id] == [[aws_security_group.this["endpoints"].id, 443]]
    error_message = "ctl:N6 the key host gets out to the endpoints only"
  }

  assert {
    condition     = [for rule in aws_vpc_security_group_ingress_rule.door : [rule.referenced_security_group_id, rule.from_port] if rule.security_group_id == aws_security_group.this["workers"].id] == [[aws_security_group.this["bastion"].id, 22]]
    error_message = "ctl:N6 a worker is reached from the bastion, on port 22, and by no other worker"
  }

  assert {
    condition     = { for name, acl in aws_network_acl.this : name => acl.subnet_ids } == { for name, subnet in aws_subnet.this : name => toset([subnet.id]) }
    error_message = "ctl:N7 each subnet has a NACL of its own"
  }

  assert {
    condition     = alltrue([for rule in aws_network_acl_rule.this : rule.protocol == "tcp" && rule.ipv6_cidr_block == null && (rule.egress || rule.cidr_block != "0.0.0.0/0" || rule.from_port >= 1024)])
    error_message = "ctl:N7 no NACL lets everything in, and from everywhere only what may be an answer"
  }

  assert {
    condition     = [for rule in aws_network_acl_rule.this : rule.cidr_block if !rule.egress && rule.from_port <= 3389 && rule.to_port >= 3389] == []
    error_message = "ctl:N7 no NACL lets a remote desktop in"
  }

  assert {
    condition = alltrue([for rule in concat(
      values(aws_vpc_security_group_ingress_rule.door), values(aws_vpc_security_group_ingress_rule.people),
      values(aws_vpc_security_group_egress_rule.door), values(aws_vpc_security_group_egress_rule.internet),
    ) : can(regex("^[a-zA-Z0-9 ._:/()#,@+=&;{}!$*-]{10,255}$", rule.description))])
    error_message = "ctl:N7 every rule of a group says what it is for, in the letters that EC2 takes"
  }

  assert {
    condition     = alltrue([for log in [aws_flow_log.bucket, aws_flow_log.group] : log.vpc_id == aws_vpc.this.id && log.traffic_type == "ALL" && log.max_aggregation_interval == 60 && strcontains(log.log_format, "$${pkt-srcaddr}")])
    error_message = "ctl:N8 both flow logs see all traffic of the VPC, every minute"
  }

  assert {
    condition     = aws_flow_log.bucket.log_destination_type == "s3" && aws_flow_log.bucket.log_destination == run.names.bucket_arns.audit
    error_message = "ctl:N8 one flow log goes to the audit bucket"
  }

  assert {
    condition     = aws_flow_log.group.log_destination_type == "cloud-watch-logs" && aws_flow_log.group.log_destination == aws_cloudwatch_log_group.flow.arn && aws_flow_log.group.iam_role_arn == aws_iam_role.flow_log.arn && aws_cloudwatch_log_group.flow.name == run.names.log_groups.flow
    error_message = "ctl:N8 the other goes to the log group, by its own role"
  }

  assert {
    condition     = alltrue([for group in [aws_cloudwatch_log_group.flow, aws_cloudwatch_log_group.dns] : group.retention_in_days == 2192 && endswith(group.kms_key_id, "0e")])
    error_message = "ctl:N8 log groups are kept, and encrypted with ops"
  }

  assert {
    condition     = jsondecode(aws_iam_role.flow_log.assume_role_policy).Statement[0].Principal == { Service = "vpc-flow-logs.amazonaws.com" } && jsondecode(aws_iam_role.flow_log.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012" && aws_iam_role.flow_log.max_session_duration == 3600
    error_message = "ctl:N8 ctl:I8 the flow log's role is for flow logs of this account"
  }

  assert {
    condition     = jsondecode(aws_iam_policy.flow_log.policy).Statement[0].Resource == ["${run.names.log_group_arns.flow}:*"]
    error_message = "ctl:N8 the flow log's role writes to the flow log's group"
  }

  assert {
    condition     = aws_route.public_internet.route_table_id == aws_route_table.this["public"].id && aws_route.public_internet.gateway_id == aws_internet_gateway.this.id && aws_route.public_internet.destination_cidr_block == "0.0.0.0/0" && aws_route.private_nat.gateway_id == null
    error_message = "ctl:N11 only the public route table leads to the internet gateway"
  }

  assert {
    condition     = { for name, association in aws_route_table_association.this : name => [association.subnet_id, association.route_table_id] } == { for name, subnet in aws_subnet.this : name => [subnet.id, aws_route_table.this[name].id] }
    error_message = "ctl:N11 each subnet has its own route table"
  }

  assert {
    condition     = aws_route53_resolver_query_log_config_association.this.resource_id == aws_vpc.this.id && aws_route53_resolver_query_log_config_association.this.resolver_query_log_config_id == aws_route53_resolver_query_log_config.this.id && aws_route53_resolver_query_log_config.this.destination_arn == aws_cloudwatch_log_group.dns.arn && aws_cloudwatch_log_group.dns.name == run.names.log_groups.dns
    error_message = "ctl:N11 questions to DNS are logged"
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_log_resource_policy.dns.policy_document).Statement[0].Resource == "${run.names.log_group_arns.dns}:log-stream:*" && jsondecode(aws_cloudwatch_log_resource_policy.dns.policy_document).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "ctl:N11 and may be written to their group, for this account"
  }

  assert {
    condition     = alltrue([for table in aws_route_table.this : length(table.route) == 0])
    error_message = "no route table lists routes of its own: it would take away those of the S3 endpoint, or the one to the NAT gateway"
  }
}

# The field notes lost the NAT gateway's route when the S3 endpoint came to its table. test/terraform/reachability and the
# apply on moto see that both are there.
run "endpoints_come" {
  module {
    source = "./modules/endpoints"
  }

  variables {
    names   = run.names
    network = run.network
  }

  assert {
    condition     = aws_vpc_endpoint.s3.route_table_ids == toset(values(run.network.route_table_ids)) && length(aws_vpc_endpoint.s3.route_table_ids) == 3
    error_message = "the S3 endpoint is on the private route table too, where the NAT gateway's route is"
  }
}
