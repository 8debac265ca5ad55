# Three keys. `data` closes what holds PHI: samples, results, the disks of workers and key host. `ops` closes the rest.
# `ticket` signs what intake took in; whoever holds a ticket may check it.

resource "aws_kms_key" "data" {
  description             = "${var.names.pit}: samples, results, and the disks of hosts that see them."
  enable_key_rotation     = true
  rotation_period_in_days = 365
  deletion_window_in_days = 30
  policy                  = jsonencode({ Version = "2012-10-17", Statement = local.data_statements })

  tags = { Name = "${var.names.pit}-data" }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_key" "ops" {
  description             = "${var.names.pit}: everything that holds no PHI: ledger, messages, relay, logs, state."
  enable_key_rotation     = true
  rotation_period_in_days = 365
  deletion_window_in_days = 30
  policy                  = jsonencode({ Version = "2012-10-17", Statement = concat(local.ops_statements, local.ops_service_statements) })

  tags = { Name = "${var.names.pit}-ops" }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_key" "ticket" {
  description              = "${var.names.pit}: intake signs with it that a sample may be worked on."
  key_usage                = "SIGN_VERIFY"
  customer_master_key_spec = "ECC_NIST_P256"
  deletion_window_in_days  = 30
  policy                   = jsonencode({ Version = "2012-10-17", Statement = local.ticket_statements })

  tags = { Name = "${var.names.pit}-ticket" }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "this" {
  for_each = {
    data   = aws_kms_key.data.key_id
    ops    = aws_kms_key.ops.key_id
    ticket = aws_kms_key.ticket.key_id
  }

  name          = var.names.keys[each.key]
  target_key_id = each.value
}
