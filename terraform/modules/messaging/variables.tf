variable "names" {
  type        = any
  description = "The outputs of ../names."
}

variable "keys" {
  type        = object({ data = string, ops = string, ticket = string })
  description = "Key ARNs, as the foundation gives them."
}

variable "notice_emails" {
  type        = list(string)
  description = "Who is told that work on protected data begins, and that it is done."
}
