# One group a kind of host. A door is a port between two groups, shut but for the rule on either side of it.
# The ways to S3 and DynamoDB stand in ../endpoints, where their prefix lists are known.

locals {
  groups = {
    bastion      = "The one host that people reach from outside."
    key_host     = "Keeps HomerKey."
    workers      = "One host a sample, and gone after it."
    workstations = "Where researchers work."
    builders     = "Where machine images are made."
    endpoints    = "The interface endpoints of AWS services."
  }

  doors = merge(
    {
      for host, why in {
        workers      = "Configure a worker before it is locked."
        key_host     = "Administration, and the one forced command."
        workstations = "Researchers, on their way through the bastion."
        builders     = "Patch and test an image."
      } : "bastion-${host}" => { from = "bastion", to = host, port = 22, why = why }
    },
    {
      for host in ["bastion", "key_host", "workers", "workstations", "builders"] :
      "${host}-endpoints" => { from = host, to = "endpoints", port = 443, why = "AWS services, by interface endpoint." }
    },
  )
}

resource "aws_security_group" "this" {
  for_each = local.groups

  name        = var.names.security_groups[each.key]
  description = each.value
  vpc_id      = aws_vpc.this.id

  tags = { Name = var.names.security_groups[each.key] }
}

resource "aws_vpc_security_group_egress_rule" "door" {
  for_each = local.doors

  security_group_id            = aws_security_group.this[each.value.from].id
  referenced_security_group_id = aws_security_group.this[each.value.to].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  description                  = each.value.why
}

resource "aws_vpc_security_group_ingress_rule" "door" {
  for_each = local.doors

  security_group_id            = aws_security_group.this[each.value.to].id
  referenced_security_group_id = aws_security_group.this[each.value.from].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  description                  = each.value.why
}

resource "aws_vpc_security_group_ingress_rule" "people" {
  for_each = toset(var.ssh_networks)

  security_group_id = aws_security_group.this["bastion"].id
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  description       = "People, from a network that is on the list."
}

resource "aws_vpc_security_group_egress_rule" "internet" {
  for_each = {
    workstations = "Packages and libraries, through the NAT gateway."
    builders     = "Packages for the image, through the NAT gateway."
  }

  security_group_id = aws_security_group.this[each.key].id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  description       = each.value
}
