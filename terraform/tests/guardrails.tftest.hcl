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

run "account" {
  command = plan

  module {
    source = "./modules/guardrails"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
  }

  assert {
    condition = (
      aws_s3_account_public_access_block.account.block_public_acls &&
      aws_s3_account_public_access_block.account.block_public_policy &&
      aws_s3_account_public_access_block.account.ignore_public_acls &&
      aws_s3_account_public_access_block.account.restrict_public_buckets
    )
    error_message = "ctl:S1 no bucket of the account is public"
  }

  assert {
    condition = (
      aws_ec2_instance_metadata_defaults.account.http_endpoint == "enabled" &&
      aws_ec2_instance_metadata_defaults.account.http_tokens == "required" &&
      aws_ec2_instance_metadata_defaults.account.http_put_response_hop_limit == 1 &&
      aws_ec2_instance_metadata_defaults.account.instance_metadata_tags == "disabled"
    )
    error_message = "ctl:E1 IMDSv2 alone, one hop, no tags, for an instance that says nothing of it"
  }

  assert {
    condition     = aws_ebs_encryption_by_default.account.enabled
    error_message = "ctl:E2 every volume is encrypted"
  }

  assert {
    condition     = aws_ebs_default_kms_key.account.key_arn == var.keys.data
    error_message = "ctl:E2 with the key data where none is named"
  }

  assert {
    condition     = aws_ebs_snapshot_block_public_access.account.state == "block-all-sharing"
    error_message = "ctl:E5 no snapshot is public"
  }

  assert {
    condition     = aws_ec2_image_block_public_access.account.state == "block-new-sharing"
    error_message = "ctl:E5 no image becomes public"
  }

  assert {
    condition     = aws_ec2_serial_console_access.account.enabled == false
    error_message = "ctl:E6 no serial console"
  }

  assert {
    condition     = aws_accessanalyzer_analyzer.account.type == "ACCOUNT" && aws_accessanalyzer_analyzer.account.analyzer_name == run.names.analyzers.account
    error_message = "ctl:S1 what is shared with others is found"
  }
}
