# What was asked for, in one place. Everything, the provider too, reads it from here: so every variable is checked
# before the first call to AWS is made, and a mistake is the only thing that is told.

locals {
  settings = {
    pit                  = var.pit
    region               = var.region
    protect              = var.protect
    availability_zone    = var.availability_zone
    vpc_cidr             = var.vpc_cidr
    subnet_cidrs         = var.subnet_cidrs
    ssh_networks         = var.ssh_networks
    tenancy              = var.tenancy
    images               = var.images
    instance_types       = var.instance_types
    admin_ssh_keys       = var.admin_ssh_keys
    uploader_principals  = var.uploader_principals
    recipient_principals = var.recipient_principals
    notice_emails        = var.notice_emails
    reference_snapshot   = var.reference_snapshot
    intake_bundle        = var.intake_bundle
    worker_disk_gib      = var.worker_disk_gib
    log_retention_days   = var.log_retention_days
  }
}

provider "aws" {
  region = local.settings.region

  default_tags {
    tags = { PIT = local.settings.pit, "skep:state" = "environment" }
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

# Written by the foundation: nobody copies an id by hand.
data "aws_ssm_parameter" "foundation" {
  name = module.names.parameters.foundation
}

locals {
  keys = jsondecode(nonsensitive(data.aws_ssm_parameter.foundation.value)).keys
}
