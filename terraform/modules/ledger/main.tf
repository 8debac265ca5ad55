# The truth of every run, sample, worker and release. Rows are never expired by the table: what may go, the program deletes.

resource "aws_dynamodb_table" "ledger" {
  name         = var.names.tables.ledger
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"
  range_key    = "sk"

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "sk"
    type = "S"
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.keys.ops
  }

  point_in_time_recovery {
    enabled = true
  }

  deletion_protection_enabled = var.protect
}
