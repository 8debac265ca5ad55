variable "names" {
  type        = any
  description = "The outputs of ../names."
}

variable "network" {
  type        = any
  description = "The outputs of ../network."
}
