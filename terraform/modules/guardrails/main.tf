# What holds in the whole account and region, for whatever is made there without saying so itself.

resource "aws_ebs_encryption_by_default" "account" {
  enabled = true
}

# A volume that nobody thought of is taken for one with protected data: few may open what this key closes.
resource "aws_ebs_default_kms_key" "account" {
  key_arn = var.keys.data
}

resource "aws_ebs_snapshot_block_public_access" "account" {
  state = "block-all-sharing"
}

resource "aws_ec2_image_block_public_access" "account" {
  state = "block-new-sharing"
}

resource "aws_ec2_instance_metadata_defaults" "account" {
  http_endpoint               = "enabled"
  http_tokens                 = "required"
  http_put_response_hop_limit = 1
  instance_metadata_tags      = "disabled"
}

resource "aws_ec2_serial_console_access" "account" {
  enabled = false
}

resource "aws_s3_account_public_access_block" "account" {
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_accessanalyzer_analyzer" "account" {
  analyzer_name = var.names.analyzers.account
  type          = "ACCOUNT"
}
