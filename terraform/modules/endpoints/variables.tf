variable "names" {
  type        = any
  description = "The outputs of ../names."
}
