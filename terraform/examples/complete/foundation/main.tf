# A foundation with everything said.

module "foundation" {
  source = "../../../foundation"

  pit    = var.pit
  region = var.region

  break_glass_principals = ["arn:aws:iam::${var.account}:user/break-glass"]
  auditor_principals     = ["arn:aws:iam::${var.account}:role/privacy-office"]
  alarm_emails           = ["security@example.org"]

  audit_lock_mode    = var.audit_lock_mode
  audit_lock_days    = var.audit_lock_days
  account_guardrails = true
}

output "skep" {
  value       = module.foundation
  description = "All that the foundation tells, the two backends included."
}
