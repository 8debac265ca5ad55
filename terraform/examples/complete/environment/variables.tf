variable "pit" {
  type        = string
  description = "Project identifier tag, the foundation's."
  default     = "hipaa_vpc"
}

variable "region" {
  type        = string
  description = "AWS region, the foundation's."
  default     = "us-west-2"
}

variable "protect" {
  type        = bool
  description = "Whether hosts and the ledger refuse to be stopped or deleted. Apply with false before a destroy."
  default     = true
}

variable "images" {
  type        = object({ bastion = string, key_host = string, worker = string })
  description = "Ids of the machine images; `terraform/pin-images` writes them."
}

variable "reference_snapshot" {
  type        = string
  description = "Snapshot with reference data for every worker, or null."
  default     = null
}

variable "intake_bundle" {
  type        = string
  description = "The zip that `npm run bundle:intake` makes; null for its usual place."
  default     = null
}
