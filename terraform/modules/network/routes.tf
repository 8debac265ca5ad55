# Routes are resources of their own and no table lists any inline. A gateway endpoint adds its own routes to a table later:
# a table that claims to know all its routes would take them away, or lose the way to the NAT gateway to them.

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.names.pit }
}

resource "aws_eip" "nat" {
  domain = "vpc"

  tags = { Name = "${var.names.pit}-nat" }
}

resource "aws_nat_gateway" "this" {
  allocation_id = aws_eip.nat.id
  subnet_id     = aws_subnet.this["public"].id

  tags = { Name = var.names.pit }

  depends_on = [aws_internet_gateway.this]
}

resource "aws_route_table" "this" {
  for_each = aws_subnet.this

  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.names.pit}-${each.key}" }
}

resource "aws_route_table_association" "this" {
  for_each = aws_subnet.this

  subnet_id      = each.value.id
  route_table_id = aws_route_table.this[each.key].id
}

resource "aws_route" "public_internet" {
  route_table_id         = aws_route_table.this["public"].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

# The isolated subnet has no such route, and gets none: what must not leave has no way out.
resource "aws_route" "private_nat" {
  route_table_id         = aws_route_table.this["private"].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this.id
}
