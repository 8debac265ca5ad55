# An environment with everything said.

module "environment" {
  source = "../../../environment"

  pit     = var.pit
  region  = var.region
  protect = var.protect

  # The network: one zone by intent, addresses of your own.
  availability_zone = "${var.region}a"
  vpc_cidr          = "10.20.0.0/16"
  subnet_cidrs      = { public = "10.20.0.0/24", private = "10.20.1.0/24", isolated = "10.20.2.0/24" }
  ssh_networks      = ["203.0.113.0/24", "198.51.100.17/32"]
  tenancy           = "dedicated"

  # The hosts.
  images             = var.images
  instance_types     = { bastion = "m6i.large", key_host = "m6i.large", worker = "r6i.2xlarge" }
  admin_ssh_keys     = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDIJ6X5sRmMnvYyVtVPgj2nHpTHZ0bJtPYKlbzxLNFpe builder"]
  worker_disk_gib    = 200
  reference_snapshot = var.reference_snapshot

  # The people: a data owner's account that sends samples, one that fetches results, who is told.
  uploader_principals  = ["arn:aws:iam::210987654321:role/research-lab"]
  recipient_principals = ["arn:aws:iam::210987654321:role/research-lab"]
  notice_emails        = ["lab@example.org"]

  intake_bundle      = var.intake_bundle
  log_retention_days = 2192
}

output "skep" {
  value       = module.environment.skep
  description = "What skep reads: `terraform output -json skep`."
}
