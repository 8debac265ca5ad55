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

run "buckets" {
  command = plan

  module {
    source = "./modules/storage"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    audit_lock = { mode = "COMPLIANCE", days = 2192 }
  }

  assert {
    condition     = { for purpose, bucket in aws_s3_bucket.this : purpose => bucket.bucket } == run.names.buckets
    error_message = "ctl:S1 there are seven buckets, under their names"
  }

  assert {
    condition     = keys(aws_s3_bucket_public_access_block.this) == keys(run.names.buckets) && alltrue([for block in aws_s3_bucket_public_access_block.this : block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets])
    error_message = "ctl:S1 public access is blocked in four ways, on every bucket"
  }

  assert {
    condition     = { for purpose, controls in aws_s3_bucket_ownership_controls.this : purpose => one(controls.rule).object_ownership } == { for purpose in keys(run.names.buckets) : purpose => "BucketOwnerEnforced" }
    error_message = "ctl:S1 the account owns every object, and access lists count for nothing"
  }

  assert {
    condition = { for purpose, encryption in aws_s3_bucket_server_side_encryption_configuration.this : purpose => [
      for default in one(encryption.rule).apply_server_side_encryption_by_default : join(" ", compact([default.sse_algorithm, default.kms_master_key_id]))
      ] } == {
      input       = ["aws:kms ${var.keys.data}"]
      output      = ["aws:kms ${var.keys.data}"]
      ancillary   = ["aws:kms ${var.keys.ops}"]
      state       = ["aws:kms ${var.keys.ops}"]
      audit       = ["aws:kms ${var.keys.ops}"]
      config      = ["aws:kms ${var.keys.ops}"]
      access_logs = ["AES256"]
    }
    error_message = "ctl:S3 ctl:S11 samples and results lie under the key data, the rest under ops; access logs under S3's own, as S3 wants it"
  }

  assert {
    condition     = alltrue([for purpose in ["input", "output"] : one(aws_s3_bucket_server_side_encryption_configuration.this[purpose].rule).bucket_key_enabled == false])
    error_message = "ctl:S8 buckets with PHI use no bucket key: KMS is asked for each object by name"
  }

  assert {
    condition     = keys(aws_s3_bucket_versioning.this) == keys(run.names.buckets) && alltrue([for versioning in aws_s3_bucket_versioning.this : one(versioning.versioning_configuration).status == "Enabled"])
    error_message = "ctl:S10 every bucket keeps versions"
  }

  assert {
    condition     = { for purpose, bucket in aws_s3_bucket.this : purpose => bucket.object_lock_enabled } == { for purpose in keys(run.names.buckets) : purpose => purpose == "audit" }
    error_message = "ctl:S10 the audit bucket has a lock, and no other: S3 and AWS Config cannot write into one"
  }

  assert {
    condition     = [for rule in aws_s3_bucket_object_lock_configuration.audit.rule : [one(rule.default_retention).mode, one(rule.default_retention).days]] == [["COMPLIANCE", 2192]]
    error_message = "ctl:S10 a record is locked for six years, for everybody"
  }

  assert {
    condition     = { for purpose, logging in aws_s3_bucket_logging.this : purpose => logging.target_prefix } == { for purpose in keys(run.names.buckets) : purpose => "${purpose}/" if purpose != "access_logs" }
    error_message = "ctl:S11 requests to the other six buckets are logged, each under its name"
  }

  assert {
    condition     = alltrue([for bucket in aws_s3_bucket.this : bucket.force_destroy == false])
    error_message = "ctl:S12 a bucket with objects in it is not deleted"
  }

  assert {
    condition     = alltrue(flatten([for lifecycle in aws_s3_bucket_lifecycle_configuration.this : [for rule in lifecycle.rule : rule.status == "Enabled" && one(rule.abort_incomplete_multipart_upload).days_after_initiation == 1]])) && keys(aws_s3_bucket_lifecycle_configuration.this) == keys(run.names.buckets)
    error_message = "ctl:S9 what was begun in parts and left is gone after a day, in every bucket"
  }

  assert {
    condition     = jsonencode([for rule in aws_s3_bucket_lifecycle_configuration.this["input"].rule : [rule.expiration[*].days, rule.noncurrent_version_expiration[*].noncurrent_days, rule.filter[*].prefix]]) == jsonencode([[[30], [1], [""]]])
    error_message = "ctl:S9 samples expire, and a deleted one is gone after a day"
  }

  assert {
    condition     = jsonencode([for rule in aws_s3_bucket_lifecycle_configuration.this["output"].rule : [rule.expiration[*].days, rule.noncurrent_version_expiration[*].noncurrent_days]]) == jsonencode([[[], [1]]])
    error_message = "ctl:S9 results stay, and a deleted one is gone after a day"
  }

  assert {
    condition     = alltrue([for rule in aws_s3_bucket_lifecycle_configuration.this["audit"].rule : length(rule.expiration) + length(rule.noncurrent_version_expiration) == 0])
    error_message = "ctl:S10 no record expires"
  }

  assert {
    condition     = { for rule in aws_s3_bucket_lifecycle_configuration.this["ancillary"].rule : one(rule.filter).prefix => length(rule.expiration) } == { "" = 0, "relay/" = 1, "release/" = 0 }
    error_message = "ctl:S9 relay objects expire, releases do not"
  }
}

run "policies" {
  command = plan

  module {
    source = "./modules/storage"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    audit_lock = { mode = "COMPLIANCE", days = 2192 }
  }

  assert {
    condition     = keys(aws_s3_bucket_policy.this) == keys(run.names.buckets)
    error_message = "ctl:S2 every bucket has a policy"
  }

  assert {
    condition     = alltrue([for policy in aws_s3_bucket_policy.this : slice([for statement in jsondecode(policy.policy).Statement : statement.Sid], 0, 2) == ["DenyPlainHttp", "DenyOldTls"]])
    error_message = "ctl:S2 which begins with plain HTTP and old TLS"
  }

  assert {
    condition = alltrue([for purpose, policy in aws_s3_bucket_policy.this : alltrue([for statement in slice(jsondecode(policy.policy).Statement, 0, 2) :
      statement.Effect == "Deny" && statement.Action == "s3:*" && toset(statement.Resource) == toset([run.names.bucket_arns[purpose], "${run.names.bucket_arns[purpose]}/*"])
    ])])
    error_message = "ctl:S2 both of the bucket itself and of every object, whatever is asked"
  }

  assert {
    condition     = [for statement in jsondecode(aws_s3_bucket_policy.this["input"].policy).Statement : statement.Sid] == ["DenyPlainHttp", "DenyOldTls", "DenyNotKms", "DenyWrongKey", "DenyNameNotOpaque", "DenyOverwrite", "DenyReadExceptWorkerAndKeyHost", "DenyReadOutsideOurEndpoint", "DenyListToOtherRoles", "DenyListVersionsExceptIntakeAndSweeper", "DenyDeleteExceptSweeperAndIntake", "DenyOtherAccounts"]
    error_message = "ctl:S3 ctl:S4 ctl:S5 ctl:S6 ctl:S7 what the input bucket denies, in this order"
  }

  assert {
    condition     = [for statement in jsondecode(aws_s3_bucket_policy.this["output"].policy).Statement : statement.Sid] == ["DenyPlainHttp", "DenyOldTls", "DenyNotKms", "DenyWrongKeyForResults", "DenyWrongKeyForManifests", "DenyNameNotOpaque", "DenyOverwrite", "DenyReadExceptWorkerKeyHostAndRecipient", "DenyReadOfManifestsExceptWhoMust", "DenyReadOutsideOurEndpoint", "DenyListToOtherRoles", "DenyListVersionsExceptSweeper", "DenyDeleteExceptSweeper", "DenyOtherAccounts"]
    error_message = "ctl:S3 ctl:S5 ctl:S6 ctl:S7 what the output bucket denies, in this order"
  }

  assert {
    condition     = !anytrue(flatten([for policy in aws_s3_bucket_policy.this : [for statement in jsondecode(policy.policy).Statement : statement.Effect == "Allow" && !can(statement.Principal.Service)]]))
    error_message = "ctl:S5 a bucket allows services only; a role needs its own policy"
  }

  assert {
    condition     = alltrue(flatten([for policy in aws_s3_bucket_policy.this : [for statement in jsondecode(policy.policy).Statement : statement.Condition.StringEquals["aws:SourceAccount"] == "123456789012" if statement.Effect == "Allow"]]))
    error_message = "ctl:S11 and services for this account only"
  }

  assert {
    condition = [for statement in jsondecode(aws_s3_bucket_policy.this["access_logs"].policy).Statement : statement if statement.Effect == "Allow"] == [{
      Sid       = "AccessLogsAreDelivered"
      Effect    = "Allow"
      Principal = { Service = "logging.s3.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${run.names.bucket_arns.access_logs}/*"
      Condition = {
        StringEquals = { "aws:SourceAccount" = "123456789012" }
        ArnLike      = { "aws:SourceArn" = [for purpose, arn in run.names.bucket_arns : arn if purpose != "access_logs"] }
      }
    }]
    error_message = "ctl:S11 access logs are written by S3, for our six other buckets"
  }

  assert {
    condition     = !anytrue(flatten([for policy in aws_s3_bucket_policy.this : [for statement in jsondecode(policy.policy).Statement : anytrue([for action in flatten([statement.Action]) : contains(["s3:*", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:*Bucket*", "s3:Put*", "s3:Get*", "s3:List*"], action)]) if !contains(["DenyPlainHttp", "DenyOldTls", "DenyOtherAccounts"], statement.Sid)]]))
    error_message = "ctl:S12 no policy keeps an administrator from looking after its bucket"
  }

  assert {
    condition     = alltrue([for policy in aws_s3_bucket_policy.this : length(jsonencode(jsondecode(policy.policy))) <= 20480])
    error_message = "ctl:S2 AWS takes bucket policies of 20 KB"
  }
}

run "trial" {
  command = plan

  module {
    source = "./modules/storage"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    audit_lock = { mode = "GOVERNANCE", days = 1 }
  }

  assert {
    condition     = one(one(aws_s3_bucket_object_lock_configuration.audit.rule).default_retention).mode == "GOVERNANCE" && one(one(aws_s3_bucket_object_lock_configuration.audit.rule).default_retention).days == 1
    error_message = "ctl:S10 a trial has the lock that was asked for"
  }
}

run "longest" {
  command = plan

  module {
    source = "./modules/names"
  }

  variables {
    pit       = "an_eighteen_letter"
    account   = "123456789012"
    region    = "ap-southeast-1"
    partition = "aws-us-gov"
  }
}

run "longest_policies" {
  command = plan

  module {
    source = "./modules/storage"
  }

  variables {
    names = run.longest
    keys = {
      data   = "arn:aws-us-gov:kms:ap-southeast-1:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws-us-gov:kms:ap-southeast-1:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws-us-gov:kms:ap-southeast-1:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    audit_lock = { mode = "COMPLIANCE", days = 2192 }
  }

  assert {
    condition     = alltrue([for policy in aws_s3_bucket_policy.this : length(jsonencode(jsondecode(policy.policy))) <= 20480])
    error_message = "ctl:S2 AWS takes bucket policies of 20 KB, with the longest names too"
  }
}
