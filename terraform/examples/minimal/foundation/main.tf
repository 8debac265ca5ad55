# The least that a foundation needs to be told. For a trial: the audit lock can be lifted, once the bucket's policy is gone.

module "foundation" {
  source = "../../../foundation"

  pit             = "hipaa_vpc"
  region          = "us-west-2"
  audit_lock_mode = "GOVERNANCE"
  audit_lock_days = 1
}

output "skep" {
  value       = module.foundation
  description = "All that the foundation tells, the two backends included."
}
