mock_provider "aws" {}

run "names" {
  command = plan

  module {
    source = "./modules/names"
  }

  variables {
    pit       = "hipaa_vpc"
    account   = "123456789012"
    region    = "us-west-2"
    partition = "aws"
  }
}

run "protected" {
  command = plan

  module {
    source = "./modules/ledger"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    protect = true
  }

  assert {
    condition = (
      aws_dynamodb_table.ledger.name == run.names.tables.ledger &&
      aws_dynamodb_table.ledger.hash_key == "pk" &&
      aws_dynamodb_table.ledger.range_key == "sk" &&
      aws_dynamodb_table.ledger.attribute == toset([{ name = "pk", type = "S" }, { name = "sk", type = "S" }])
    )
    error_message = "ctl:M5 the table has the name that the roles speak of, and the keys that make a row unique"
  }

  assert {
    condition     = one(aws_dynamodb_table.ledger.server_side_encryption) == { enabled = true, kms_key_arn = var.keys.ops }
    error_message = "ctl:M5 encrypted with the key ops"
  }

  assert {
    condition     = one(aws_dynamodb_table.ledger.point_in_time_recovery).enabled
    error_message = "ctl:M5 can be set back to any second of the last weeks"
  }

  assert {
    condition     = aws_dynamodb_table.ledger.deletion_protection_enabled
    error_message = "ctl:M5 refuses to be deleted while it is protected"
  }

  assert {
    condition     = length(aws_dynamodb_table.ledger.ttl) == 0
    error_message = "ctl:M5 no row goes by itself"
  }
}

run "unprotected" {
  command = plan

  module {
    source = "./modules/ledger"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    protect = false
  }

  assert {
    condition     = !aws_dynamodb_table.ledger.deletion_protection_enabled
    error_message = "ctl:M5 may be deleted when it is not protected"
  }
}
