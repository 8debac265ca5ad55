# The least that an environment needs to be told: where, from where people log in, who they are, and which images.
# Without dedicated tenancy, which costs 2 USD an hour and region.

module "environment" {
  source = "../../../environment"

  pit               = "hipaa_vpc"
  region            = "us-west-2"
  availability_zone = "us-west-2a"
  ssh_networks      = ["203.0.113.0/24"]
  admin_ssh_keys    = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDIJ6X5sRmMnvYyVtVPgj2nHpTHZ0bJtPYKlbzxLNFpe builder"]
  tenancy           = "default"

  # Made up: `terraform/pin-images us-west-2 FILE` writes today's.
  images = {
    bastion  = "ami-0123456789abcdef0"
    key_host = "ami-0123456789abcdef0"
    worker   = "ami-0123456789abcdef0"
  }
}

output "skep" {
  value       = module.environment.skep
  description = "What skep reads: `terraform output -json skep`."
}
