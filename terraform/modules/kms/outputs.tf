output "arns" {
  value       = { data = aws_kms_key.data.arn, ops = aws_kms_key.ops.arn, ticket = aws_kms_key.ticket.arn }
  description = "Key ARNs: data (PHI), ops (everything else), ticket (signs)."
}
