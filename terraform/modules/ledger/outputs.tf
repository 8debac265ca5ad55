output "table" {
  value       = aws_dynamodb_table.ledger.name
  description = "Name of the table, once it is there."
}
