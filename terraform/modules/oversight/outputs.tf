output "role_arns" {
  value = {
    break_glass = one(aws_iam_role.break_glass[*].arn)
    auditor     = one(aws_iam_role.auditor[*].arn)
  }
  description = "Role ARNs; null where nobody may take the role."
}
