variable "pit" {
  type        = string
  description = "Project identifier tag: names and tags everything, such as hipaa_vpc. The same in both states."
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9_-]{1,16}[A-Za-z0-9]$", var.pit)) && !can(regex("(?i)[_-]{2}|^(aws|ssm|sg-|amzn|sthree|xn-)", var.pit))
    error_message = "pit: expected 3 to 18 letters, digits, single hyphens or underscores, a letter first, such as hipaa_vpc, but nothing that AWS keeps for itself (aws, ssm, sg-, amzn, sthree, xn- at the beginning); got \"${var.pit}\"."
  }
}

variable "region" {
  type        = string
  description = "AWS region, such as us-west-2."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[1-9]$", var.region))
    error_message = "region: expected a region such as us-west-2; got \"${var.region}\"."
  }
}

variable "protect" {
  type        = bool
  description = "Whether hosts and the ledger refuse to be stopped or deleted. Apply with false before a destroy."
  default     = true
  nullable    = false
}

variable "availability_zone" {
  type        = string
  description = "The one zone that everything is in, such as us-west-2a."
  nullable    = false

  validation {
    condition     = can(regex("^${var.region}[a-z]$", var.availability_zone))
    error_message = "availability_zone: expected one zone of ${var.region}, such as ${var.region}a; got \"${var.availability_zone}\"."
  }
}

variable "vpc_cidr" {
  type        = string
  description = "Addresses of the network."
  default     = "10.0.0.0/16"
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.vpc_cidr)) && try(cidrhost(var.vpc_cidr, 0) == split("/", var.vpc_cidr)[0], false) && try(tonumber(split("/", var.vpc_cidr)[1]) >= 16 && tonumber(split("/", var.vpc_cidr)[1]) <= 24, false)
    error_message = "vpc_cidr: expected an IPv4 network of /16 to /24 that begins at its first address, such as 10.0.0.0/16; got \"${var.vpc_cidr}\"."
  }
}

variable "subnet_cidrs" {
  type        = object({ public = string, private = string, isolated = string })
  description = "Addresses of the three subnets: public (bastion, NAT), private (workstation and image builder, out by NAT), isolated (workers and key host, no way out)."
  default     = { public = "10.0.0.0/24", private = "10.0.1.0/24", isolated = "10.0.2.0/24" }
  nullable    = false

  validation {
    condition = alltrue([for cidr in values(var.subnet_cidrs) :
      can(cidrnetmask(cidr)) && try(cidrhost(cidr, 0) == split("/", cidr)[0], false) && try(tonumber(split("/", cidr)[1]) <= 28, false) &&
      try(cidrhost("${split("/", cidr)[0]}/${split("/", var.vpc_cidr)[1]}", 0) == cidrhost(var.vpc_cidr, 0), false) &&
      try(tonumber(split("/", cidr)[1]) > tonumber(split("/", var.vpc_cidr)[1]), false)
      ]) && alltrue(flatten([for a, first in var.subnet_cidrs : [for b, second in var.subnet_cidrs :
        a == b || try(cidrhost("${split("/", first)[0]}/${min(tonumber(split("/", first)[1]), tonumber(split("/", second)[1]))}", 0) != cidrhost("${split("/", second)[0]}/${min(tonumber(split("/", first)[1]), tonumber(split("/", second)[1]))}", 0), true)
    ]]))
    error_message = "subnet_cidrs: expected three IPv4 networks that do not overlap, each smaller than and inside vpc_cidr ${var.vpc_cidr}, at most /28, that begin at their first address; got ${jsonencode(var.subnet_cidrs)}."
  }
}

variable "ssh_networks" {
  type        = list(string)
  description = "From where people may reach the bastion's port 22: IPv4 networks of /24 to /32, such as your office's."
  nullable    = false

  validation {
    condition = length(var.ssh_networks) > 0 && length(var.ssh_networks) <= 15 && alltrue([for cidr in var.ssh_networks :
    can(cidrnetmask(cidr)) && try(cidrhost(cidr, 0) == split("/", cidr)[0], false) && try(tonumber(split("/", cidr)[1]) >= 24, false)])
    error_message = "ssh_networks: expected one to fifteen IPv4 networks of /24 to /32 that begin at their first address, such as 203.0.113.0/24, no IPv6; got ${jsonencode(var.ssh_networks)}."
  }
}

variable "tenancy" {
  type        = string
  description = "dedicated: no other customer's machine on the same hardware, for 2 USD an hour and region while a host runs; or default. AWS has not asked for it since 2017."
  default     = "dedicated"
  nullable    = false

  validation {
    condition     = contains(["dedicated", "default"], var.tenancy)
    error_message = "tenancy: expected dedicated or default; got \"${var.tenancy}\"."
  }
}

variable "images" {
  type        = object({ bastion = string, key_host = string, worker = string })
  description = "The allow-list of machine images, one a kind of host, by id. `terraform/pin-images` writes it; the images must be Amazon's or this account's own."
  nullable    = false

  validation {
    condition     = alltrue([for id in values(var.images) : can(regex("^ami-([0-9a-f]{8}|[0-9a-f]{17})$", id))])
    error_message = "images: expected ids such as ami-0123456789abcdef0 for bastion, key_host and worker; got ${jsonencode(var.images)}."
  }
}

variable "instance_types" {
  type        = object({ bastion = string, key_host = string, worker = string })
  description = "Instance types. T types can not be dedicated and are refused."
  default     = { bastion = "m6i.large", key_host = "m6i.large", worker = "m6i.xlarge" }
  nullable    = false

  validation {
    condition     = alltrue([for type in values(var.instance_types) : can(regex("^[a-z][a-z0-9-]*[.][a-z0-9-]+$", type)) && !can(regex("^t[0-9]", type))])
    error_message = "instance_types: expected types such as m6i.large, no T types (they can not be dedicated); got ${jsonencode(var.instance_types)}."
  }
}

variable "admin_ssh_keys" {
  type        = list(string)
  description = "Public keys of the administrators, as in authorized_keys. They log in to the bastion, and once through it to the key host to set it up."
  nullable    = false

  validation {
    condition     = length(var.admin_ssh_keys) > 0 && alltrue([for key in var.admin_ssh_keys : can(regex("^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh[.]com|sk-ecdsa-sha2-nistp256@openssh[.]com) [A-Za-z0-9+/]+={0,3}( [ -~]*)?$", key))])
    error_message = "admin_ssh_keys: expected at least one public key on one line, such as \"ssh-ed25519 AAAA... name\", never a private one; got ${length(var.admin_ssh_keys)} keys, one of them of another form or none at all."
  }
}

variable "uploader_principals" {
  type        = list(string)
  description = "Who may put encrypted samples: roles or users of the data owners, here or in another account."
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.uploader_principals : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9+=,.@_/-]+$", arn))])
    error_message = "uploader_principals: expected ARNs of IAM roles or users, such as arn:aws:iam::123456789012:role/research, never *; got ${jsonencode(var.uploader_principals)}."
  }
}

variable "recipient_principals" {
  type        = list(string)
  description = "Who may fetch encrypted results."
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.recipient_principals : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9+=,.@_/-]+$", arn))])
    error_message = "recipient_principals: expected ARNs of IAM roles or users, such as arn:aws:iam::123456789012:role/research, never *; got ${jsonencode(var.recipient_principals)}."
  }
}

variable "notice_emails" {
  type        = list(string)
  description = "Who is told that work on protected data begins, and that it is done."
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.notice_emails : can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", address))])
    error_message = "notice_emails: expected e-mail addresses such as office@example.org; got ${jsonencode(var.notice_emails)}."
  }
}

variable "worker_disk_gib" {
  type        = number
  description = "Size of a worker's encrypted disk."
  default     = 64
  nullable    = false

  validation {
    condition     = var.worker_disk_gib >= 16 && var.worker_disk_gib <= 16384 && floor(var.worker_disk_gib) == var.worker_disk_gib
    error_message = "worker_disk_gib: expected a whole number of GiB from 16 to 16384; got ${var.worker_disk_gib}."
  }
}

variable "reference_snapshot" {
  type        = string
  description = "Snapshot of the encrypted volume with reference data (no PHI) that every worker gets a copy of; null for none."
  default     = null

  validation {
    condition     = var.reference_snapshot == null || can(regex("^snap-([0-9a-f]{8}|[0-9a-f]{17})$", var.reference_snapshot))
    error_message = "reference_snapshot: expected null or an id such as snap-0123456789abcdef0; got \"${coalesce(var.reference_snapshot, "null")}\"."
  }
}

variable "intake_bundle" {
  type        = string
  description = "The zip that `npm run bundle:intake` makes; null for its usual place."
  default     = null

  validation {
    condition     = var.intake_bundle == null || can(filebase64sha256(var.intake_bundle))
    error_message = "intake_bundle: expected null or the path of a file, as npm run bundle:intake makes it; there is none at \"${coalesce(var.intake_bundle, "null")}\"."
  }
}

variable "log_retention_days" {
  type        = number
  description = "Days that log groups keep their lines: a number that CloudWatch Logs allows, a year or more."
  default     = 2192
  nullable    = false

  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days: expected 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653; got ${var.log_retention_days}."
  }
}
