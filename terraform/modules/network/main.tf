# One network in one zone. What AWS makes by itself (group, NACL, route table) is emptied, so that nothing works by accident.

resource "aws_vpc" "this" {
  cidr_block           = var.vpc_cidr
  instance_tenancy     = var.tenancy
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = var.names.pit }
}

resource "aws_subnet" "this" {
  for_each = var.subnet_cidrs

  vpc_id                  = aws_vpc.this.id
  cidr_block              = each.value
  availability_zone       = var.availability_zone
  map_public_ip_on_launch = false

  tags = { Name = "${var.names.pit}-${each.key}" }
}

resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.names.pit}-default-closed" }
}

resource "aws_default_network_acl" "closed" {
  default_network_acl_id = aws_vpc.this.default_network_acl_id

  tags = { Name = "${var.names.pit}-default-closed" }
}

resource "aws_default_route_table" "empty" {
  default_route_table_id = aws_vpc.this.default_route_table_id
  route                  = []

  tags = { Name = "${var.names.pit}-default-empty" }
}
