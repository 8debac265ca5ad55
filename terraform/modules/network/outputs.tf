output "vpc_id" {
  value       = aws_vpc.this.id
  description = "The network."
}

output "vpc_cidr" {
  value       = aws_vpc.this.cidr_block
  description = "Its addresses."
}

output "availability_zone" {
  value       = var.availability_zone
  description = "The one zone that everything is in."
}

output "subnet_ids" {
  value       = { for name, subnet in aws_subnet.this : name => subnet.id }
  description = "Subnets: public, private, isolated."
}

output "route_table_ids" {
  value       = { for name, table in aws_route_table.this : name => table.id }
  description = "Route tables: public, private, isolated."
}

output "security_group_ids" {
  value       = { for name, group in aws_security_group.this : name => group.id }
  description = "Groups: bastion, key_host, workers, workstations, builders, endpoints."
}

output "nat_address" {
  value       = aws_eip.nat.public_ip
  description = "The address that the private subnet has on the internet."
}
