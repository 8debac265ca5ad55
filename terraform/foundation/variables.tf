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

variable "break_glass_principals" {
  type        = list(string)
  description = "Who may open what nobody may read, in an emergency, with MFA: IAM users who exist for this alone, since AWS tells of MFA for no others. Every use raises an alarm."
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.break_glass_principals : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:user/[A-Za-z0-9+=,.@_/-]+$", arn))])
    error_message = "break_glass_principals: expected ARNs of IAM users with MFA, such as arn:aws:iam::123456789012:user/break-glass, no roles (AWS tells of MFA for users alone); got ${jsonencode(var.break_glass_principals)}."
  }
}

variable "auditor_principals" {
  type        = list(string)
  description = "Who may read logs, the trail and the audit chain, and nothing else."
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.auditor_principals : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9+=,.@_/-]+$", arn))])
    error_message = "auditor_principals: expected ARNs of IAM roles or users, such as arn:aws:iam::123456789012:role/research, never *; got ${jsonencode(var.auditor_principals)}."
  }
}

variable "alarm_emails" {
  type        = list(string)
  description = "Who is told when an alarm goes off, such as the use of break-glass."
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alarm_emails : can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", address))])
    error_message = "alarm_emails: expected e-mail addresses such as office@example.org; got ${jsonencode(var.alarm_emails)}."
  }
}

variable "audit_lock_mode" {
  type        = string
  description = "Object Lock of the audit bucket: COMPLIANCE (nobody can shorten it, the account's root neither) or GOVERNANCE (for a trial)."
  default     = "COMPLIANCE"
  nullable    = false

  validation {
    condition     = contains(["COMPLIANCE", "GOVERNANCE"], var.audit_lock_mode)
    error_message = "audit_lock_mode: expected COMPLIANCE or GOVERNANCE; got \"${var.audit_lock_mode}\"."
  }
}

variable "audit_lock_days" {
  type        = number
  description = "Days that a record in the audit bucket can not be deleted. Six years by HIPAA."
  default     = 2192
  nullable    = false

  validation {
    condition     = var.audit_lock_days >= (var.audit_lock_mode == "COMPLIANCE" ? 2192 : 1) && var.audit_lock_days <= 36500 && floor(var.audit_lock_days) == var.audit_lock_days
    error_message = "audit_lock_days: expected a whole number from ${var.audit_lock_mode == "COMPLIANCE" ? "2192 (six years; from 1 with audit_lock_mode GOVERNANCE, for a trial)" : "1"} to 36500; got ${var.audit_lock_days}."
  }
}

variable "account_guardrails" {
  type        = bool
  description = "Whether this state also keeps the account's own settings (no public S3, encrypted volumes, IMDSv2). Set to false where an organisation keeps them."
  default     = true
  nullable    = false
}
