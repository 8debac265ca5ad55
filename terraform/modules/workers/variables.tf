variable "names" {
  type        = any
  description = "The outputs of ../names."
}

variable "keys" {
  type        = object({ data = string, ops = string, ticket = string })
  description = "ARNs of the three keys. Disks have the data key."
}

variable "network" {
  type        = any
  description = "The outputs of ../network."
}

variable "image" {
  type        = string
  description = "The machine image, from the allow-list."
}

variable "instance_type" {
  type        = string
  description = "The instance type, unless a launch names another."
}

variable "tenancy" {
  type        = string
  description = "dedicated or default."
}

variable "disk_gib" {
  type        = number
  description = "Size of the disk."
}

variable "reference_snapshot" {
  type        = string
  description = "Snapshot with reference data that every worker gets a copy of; null for none."
}
