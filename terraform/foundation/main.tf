# What outlives every environment: the keys, the buckets, the trail, the account's own settings. A destroy is refused.

module "kms" {
  source = "../modules/kms"
  names  = module.names
}

module "storage" {
  source     = "../modules/storage"
  names      = module.names
  keys       = module.kms.arns
  audit_lock = local.settings.audit_lock
}

module "oversight" {
  source                 = "../modules/oversight"
  names                  = module.names
  keys                   = module.kms.arns
  break_glass_principals = local.settings.break_glass_principals
  auditor_principals     = local.settings.auditor_principals
}

module "trail" {
  source       = "../modules/trail"
  names        = module.names
  keys         = module.kms.arns
  alarm_emails = local.settings.alarm_emails

  # CloudTrail asks the bucket whether it may write there.
  depends_on = [module.storage]
}

module "guardrails" {
  count  = local.settings.account_guardrails ? 1 : 0
  source = "../modules/guardrails"
  names  = module.names
  keys   = module.kms.arns
}

# What the environment needs to know and cannot reckon from names: the keys' ids.
resource "aws_ssm_parameter" "foundation" {
  name        = module.names.parameters.foundation
  description = "What the foundation of ${module.names.pit} gives to its environment."
  type        = "String"
  value       = jsonencode({ schema = 1, pit = module.names.pit, keys = module.kms.arns })
}
