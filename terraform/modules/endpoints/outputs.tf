output "s3_endpoint_id" {
  value       = aws_vpc_endpoint.s3.id
  description = "Samples and results are read through this endpoint only."
}

output "dynamodb_endpoint_id" {
  value       = aws_vpc_endpoint.dynamodb.id
  description = "The gateway endpoint of DynamoDB."
}

output "interface_endpoint_ids" {
  value       = { for service, endpoint in aws_vpc_endpoint.interface : service => endpoint.id }
  description = "Interface endpoints by service."
}
