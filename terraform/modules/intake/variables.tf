variable "names" {
  type        = any
  description = "The outputs of ../names."
}

variable "keys" {
  type        = object({ data = string, ops = string, ticket = string })
  description = "Key ARNs, as the foundation gives them."
}

variable "role_arn" {
  type        = string
  description = "The role that the function runs as."
}

variable "bundle" {
  type        = string
  description = "The zip that `npm run bundle:intake` makes; null for its usual place, build/intake.zip."
}

variable "log_retention_days" {
  type        = number
  description = "Days that the function's log keeps its lines."
}
