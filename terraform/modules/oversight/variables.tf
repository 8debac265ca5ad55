variable "names" {
  type        = any
  description = "The outputs of ../names."
}

variable "keys" {
  type        = object({ data = string, ops = string, ticket = string })
  description = "Key ARNs."
}

variable "break_glass_principals" {
  type        = list(string)
  description = "Who may take break-glass, with MFA; nobody: there is no such role until somebody is named."
}

variable "auditor_principals" {
  type        = list(string)
  description = "Who may take the role of the auditor; nobody: there is no such role."
}
