variable "names" {
  type        = any
  description = "The outputs of ../names."
}

variable "keys" {
  type        = object({ data = string, ops = string, ticket = string })
  description = "Key ARNs, as the foundation gives them."
}

variable "vpc_id" {
  type        = string
  description = "The network outside of which no instance's credentials are good."
}

variable "subnet_ids" {
  type        = object({ public = string, private = string, isolated = string })
  description = "Workers are launched in the isolated one only."
}

variable "s3_endpoint_id" {
  type        = string
  description = "The gateway endpoint that samples and results are read through. The roles that read carry it as a tag, and the buckets compare."
}

variable "worker_template_id" {
  type        = string
  description = "The one launch template that the bastion may launch from."
}

variable "uploader_principals" {
  type        = list(string)
  description = "Who may take the role of the uploader; nobody: there is no such role."
}

variable "recipient_principals" {
  type        = list(string)
  description = "Who may take the role of the recipient; nobody: there is no such role."
}
