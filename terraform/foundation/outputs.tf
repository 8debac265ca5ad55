output "buckets" {
  value       = module.names.buckets
  description = "Bucket names by purpose."
}

output "keys" {
  value       = module.kms.arns
  description = "Key ARNs: data, ops, ticket."
}

output "parameter" {
  value       = aws_ssm_parameter.foundation.name
  description = "Where the environment reads what it needs of this state."
}

# Each state lies in the state bucket, locked by an object beside it. Ready-made, since nobody copies names.

locals {
  backend = {
    for state in ["foundation", "environment"] : state => <<-EOT
      terraform {
        backend "s3" {
          bucket       = "${module.names.buckets.state}"
          key          = "${state}.tfstate"
          region       = "${module.names.region}"
          encrypt      = true
          kms_key_id   = "${module.kms.arns.ops}"
          use_lockfile = true
        }
      }
    EOT
  }
}

output "backend" {
  value       = local.backend["foundation"]
  description = "This state's own backend.tf: terraform output -raw backend > backend.tf, then terraform init -migrate-state."
}

output "environment_backend" {
  value       = local.backend["environment"]
  description = "The environment's backend.tf: terraform -chdir=../foundation output -raw environment_backend > backend.tf."
}
