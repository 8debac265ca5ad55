variable "pit" {
  type        = string
  description = "Project identifier tag, the prefix of every name, such as hipaa_vpc."
}

variable "account" {
  type        = string
  description = "The account's twelve digits."
}

variable "region" {
  type        = string
  description = "Such as us-west-2."
}

variable "partition" {
  type        = string
  description = "aws, aws-us-gov or aws-cn."
}
