variable "pit" {
  type        = string
  description = "Project identifier tag."
  default     = "hipaa_vpc"
}

variable "region" {
  type        = string
  description = "AWS region."
  default     = "us-west-2"
}

variable "account" {
  type        = string
  description = "The account in which the user of break-glass and the role of the privacy office are."
  default     = "123456789012"
}

variable "audit_lock_mode" {
  type        = string
  description = "COMPLIANCE, or GOVERNANCE for a trial."
  default     = "COMPLIANCE"
}

variable "audit_lock_days" {
  type        = number
  description = "Days that the audit bucket's records are locked."
  default     = 2192
}
