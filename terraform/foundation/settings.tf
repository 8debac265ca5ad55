# What was asked for, in one place. Everything, the provider too, reads it from here: so every variable is checked
# before the first call to AWS is made, and a mistake is the only thing that is told.

locals {
  settings = {
    pit                    = var.pit
    region                 = var.region
    break_glass_principals = var.break_glass_principals
    auditor_principals     = var.auditor_principals
    alarm_emails           = var.alarm_emails
    audit_lock             = { mode = var.audit_lock_mode, days = var.audit_lock_days }
    account_guardrails     = var.account_guardrails
  }
}

provider "aws" {
  region = local.settings.region

  default_tags {
    tags = { PIT = local.settings.pit, "skep:state" = "foundation" }
  }
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

module "names" {
  source = "../modules/names"

  pit       = local.settings.pit
  region    = local.settings.region
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
}
