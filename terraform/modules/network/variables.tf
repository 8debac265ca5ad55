variable "names" {
  type        = any
  description = "The outputs of ../names."
}

variable "keys" {
  type        = object({ data = string, ops = string, ticket = string })
  description = "ARNs of the three keys. Log groups are encrypted with ops."
}

variable "availability_zone" {
  type        = string
  description = "The one zone that everything is in."
}

variable "vpc_cidr" {
  type        = string
  description = "Addresses of the network."
}

variable "subnet_cidrs" {
  type        = object({ public = string, private = string, isolated = string })
  description = "Addresses of the three subnets."
}

variable "ssh_networks" {
  type        = list(string)
  description = "From where people may reach the bastion's port 22."
}

variable "tenancy" {
  type        = string
  description = "dedicated or default."
}

variable "log_retention_days" {
  type        = number
  description = "Days that the two log groups keep their lines."
}
