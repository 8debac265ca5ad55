# What comes and goes: the network and the hosts in it, the ledger, the queue, the trigger, and who may do what.

module "network" {
  source             = "../modules/network"
  names              = module.names
  keys               = local.keys
  availability_zone  = local.settings.availability_zone
  vpc_cidr           = local.settings.vpc_cidr
  subnet_cidrs       = local.settings.subnet_cidrs
  ssh_networks       = local.settings.ssh_networks
  tenancy            = local.settings.tenancy
  log_retention_days = local.settings.log_retention_days
}

module "endpoints" {
  source  = "../modules/endpoints"
  names   = module.names
  network = module.network
}

module "identity" {
  source               = "../modules/identity"
  names                = module.names
  keys                 = local.keys
  vpc_id               = module.network.vpc_id
  subnet_ids           = module.network.subnet_ids
  s3_endpoint_id       = module.endpoints.s3_endpoint_id
  worker_template_id   = module.workers.template_id
  uploader_principals  = local.settings.uploader_principals
  recipient_principals = local.settings.recipient_principals
}

module "ledger" {
  source  = "../modules/ledger"
  names   = module.names
  keys    = local.keys
  protect = local.settings.protect
}

module "messaging" {
  source        = "../modules/messaging"
  names         = module.names
  keys          = local.keys
  notice_emails = local.settings.notice_emails
}

module "intake" {
  source             = "../modules/intake"
  names              = module.names
  keys               = local.keys
  role_arn           = module.identity.role_arns.intake
  bundle             = local.settings.intake_bundle
  log_retention_days = local.settings.log_retention_days
}

module "bastion" {
  source           = "../modules/bastion"
  names            = module.names
  keys             = local.keys
  network          = module.network
  instance_profile = module.identity.instance_profiles.bastion
  image            = local.settings.images.bastion
  instance_type    = local.settings.instance_types.bastion
  tenancy          = local.settings.tenancy
  admin_ssh_keys   = local.settings.admin_ssh_keys
  protect          = local.settings.protect
}

module "key_host" {
  source           = "../modules/key-host"
  names            = module.names
  keys             = local.keys
  network          = module.network
  instance_profile = module.identity.instance_profiles.key_host
  image            = local.settings.images.key_host
  instance_type    = local.settings.instance_types.key_host
  tenancy          = local.settings.tenancy
  admin_ssh_keys   = local.settings.admin_ssh_keys
  protect          = local.settings.protect
}

module "workers" {
  source             = "../modules/workers"
  names              = module.names
  keys               = local.keys
  network            = module.network
  image              = local.settings.images.worker
  instance_type      = local.settings.instance_types.worker
  tenancy            = local.settings.tenancy
  disk_gib           = local.settings.worker_disk_gib
  reference_snapshot = local.settings.reference_snapshot
}
