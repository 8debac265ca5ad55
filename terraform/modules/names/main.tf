# Every name and ARN, from four facts. Pure arithmetic: no resource, no data source, no provider.
# Both states and all modules read names from here, so that one part can speak of another without depending on it,
# and a module that comes later adds its files and nothing else.

locals {
  # What S3 and DNS allow: lower case and hyphens.
  slug = lower(replace(var.pit, "_", "-"))

  arn = "arn:${var.partition}"
  own = "${var.region}:${var.account}"

  buckets = {
    for purpose in ["state", "input", "output", "ancillary", "audit", "access-logs", "config"] :
    replace(purpose, "-", "_") => "${local.slug}-${purpose}-${var.account}-${var.region}"
  }

  roles = {
    for role in [
      "worker", "bastion", "key-host", "intake", "uploader", "recipient", "sweeper", "reaper", "image-builder",
      "patch-service", "workstation", "break-glass", "auditor", "flow-log", "trail-log",
    ] : replace(role, "-", "_") => "${var.pit}-${role}"
  }

  keys       = { for key in ["data", "ops", "ticket"] : key => "alias/${var.pit}-${key}" }
  tables     = { ledger = "${var.pit}-ledger" }
  queues     = { doorbell = "${var.pit}-doorbell.fifo", doorbell_dead = "${var.pit}-doorbell-dead.fifo", intake_dead = "${var.pit}-intake-dead" }
  topics     = { notices = "${var.pit}-notices", alarms = "${var.pit}-alarms", trail = "${var.pit}-trail" }
  functions  = { intake = "${var.pit}-intake", reaper = "${var.pit}-reaper" }
  trails     = { account = "${var.pit}-trail" }
  analyzers  = { account = "${var.pit}-analyzer" }
  templates  = { worker = "${var.pit}-worker" }
  parameters = { foundation = "/${var.pit}/foundation", environment = "/${var.pit}/environment" }

  # Kept by the programs themselves: intake's own secrets, and public keys, each below the name of its role.
  parameter_paths = { intake = "/${var.pit}/intake", public = "/${var.pit}/public" }

  security_groups = {
    for group in ["bastion", "key-host", "workers", "workstations", "builders", "endpoints"] :
    replace(group, "-", "_") => "${var.pit}-${group}"
  }
  query_logs = { dns = "${var.pit}-dns" }
  log_groups = {
    flow   = "/${var.pit}/flow"
    dns    = "/${var.pit}/dns"
    trail  = "/${var.pit}/trail"
    intake = "/aws/lambda/${var.pit}-intake"
    reaper = "/aws/lambda/${var.pit}-reaper"
  }
}
