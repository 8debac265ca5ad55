variable "names" {
  type        = any
  description = "The outputs of ../names."
}

variable "keys" {
  type        = object({ data = string, ops = string, ticket = string })
  description = "Key ARNs."
}

variable "alarm_emails" {
  type        = list(string)
  description = "Who is told when an alarm goes off."
}
