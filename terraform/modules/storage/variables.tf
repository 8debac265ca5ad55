variable "names" {
  type        = any
  description = "The outputs of ../names."
}

variable "keys" {
  type        = object({ data = string, ops = string, ticket = string })
  description = "Key ARNs: data closes samples and results, ops the rest."
}

variable "audit_lock" {
  type        = object({ mode = string, days = number })
  description = "Object Lock of the audit bucket: mode COMPLIANCE or GOVERNANCE, and for how many days."
}
