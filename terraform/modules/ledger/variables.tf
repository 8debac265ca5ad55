variable "names" {
  type        = any
  description = "The outputs of ../names."
}

variable "keys" {
  type        = object({ data = string, ops = string, ticket = string })
  description = "Key ARNs, as the foundation gives them."
}

variable "protect" {
  type        = bool
  description = "Whether the table refuses to be deleted."
}
