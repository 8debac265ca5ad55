variable "names" {
  type        = any
  description = "The outputs of ../names."
}

variable "keys" {
  type        = object({ data = string, ops = string, ticket = string })
  description = "ARNs of the three keys."
}

variable "network" {
  type        = any
  description = "The outputs of ../network."
}

variable "instance_profile" {
  type        = string
  description = "The host's instance profile, by name."
}

variable "image" {
  type        = string
  description = "The machine image, from the allow-list."
}

variable "instance_type" {
  type        = string
  description = "The instance type."
}

variable "tenancy" {
  type        = string
  description = "dedicated or default."
}

variable "admin_ssh_keys" {
  type        = list(string)
  description = "Public keys of the administrators."
}

variable "protect" {
  type        = bool
  description = "Whether the host refuses to be stopped and terminated."
}
