mock_provider "aws" {}

override_resource {
  target          = aws_kms_key.data
  override_during = plan
  values          = { key_id = "00000000-0000-4000-8000-00000000000d", arn = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d" }
}

override_resource {
  target          = aws_kms_key.ops
  override_during = plan
  values          = { key_id = "00000000-0000-4000-8000-00000000000e", arn = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e" }
}

override_resource {
  target          = aws_kms_key.ticket
  override_during = plan
  values          = { key_id = "00000000-0000-4000-8000-00000000000f", arn = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f" }
}

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

run "keys" {
  command = plan

  module {
    source = "./modules/kms"
  }

  variables {
    names = run.names
  }

  assert {
    condition     = alltrue([for key in [aws_kms_key.data, aws_kms_key.ops] : key.enable_key_rotation && key.rotation_period_in_days == 365])
    error_message = "ctl:I6 the two keys that encrypt are new ones each year"
  }

  assert {
    condition     = alltrue([for key in [aws_kms_key.data, aws_kms_key.ops, aws_kms_key.ticket] : key.deletion_window_in_days == 30])
    error_message = "ctl:I6 a key that is to be deleted waits for 30 days"
  }

  assert {
    condition     = aws_kms_key.ticket.key_usage == "SIGN_VERIFY" && aws_kms_key.ticket.customer_master_key_spec == "ECC_NIST_P256"
    error_message = "ctl:I2 the ticket key signs, and closes nothing"
  }

  assert {
    condition     = alltrue([for key in [aws_kms_key.data, aws_kms_key.ops] : key.key_usage != "SIGN_VERIFY"])
    error_message = "ctl:I2 data and ops are keys to encrypt with"
  }

  assert {
    condition = output.arns == {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    error_message = "ctl:I2 each key is given on under its own name"
  }

  assert {
    condition = { for which, alias in aws_kms_alias.this : alias.name => alias.target_key_id } == {
      "alias/hipaa_vpc-data"   = "00000000-0000-4000-8000-00000000000d"
      "alias/hipaa_vpc-ops"    = "00000000-0000-4000-8000-00000000000e"
      "alias/hipaa_vpc-ticket" = "00000000-0000-4000-8000-00000000000f"
    }
    error_message = "ctl:I2 each key is found under its name"
  }

  assert {
    condition = alltrue([for key in [aws_kms_key.data, aws_kms_key.ops, aws_kms_key.ticket] : !anytrue([
      for statement in jsondecode(key.policy).Statement : statement.Effect == "Allow" && (statement.Principal == "*" || try(statement.Principal.AWS, run.names.root_arn) != run.names.root_arn)
    ])])
    error_message = "ctl:I6 nobody at large, and nobody of another account, is allowed anything"
  }

  assert {
    condition = alltrue([for key in [aws_kms_key.data, aws_kms_key.ops, aws_kms_key.ticket] : [
      for statement in jsondecode(key.policy).Statement : statement.Condition.ArnNotEquals["aws:PrincipalArn"] if statement.Sid == "AdministerWithoutUse"
    ] == [values(run.names.role_arns)]])
    error_message = "ctl:I6 none of the roles administers a key"
  }

  assert {
    condition = alltrue([for key in [aws_kms_key.data, aws_kms_key.ops, aws_kms_key.ticket] : !anytrue(flatten([
      for statement in jsondecode(key.policy).Statement : [for action in statement.Action :
        contains(["kms:Decrypt", "kms:Encrypt", "kms:Sign", "kms:GenerateDataKey", "kms:CreateGrant", "kms:ReEncryptFrom", "kms:*"], action)
      ] if statement.Sid == "AdministerWithoutUse"
    ]))])
    error_message = "ctl:I6 administering is not using"
  }

  assert {
    condition = alltrue([for statement in jsondecode(aws_kms_key.data.policy).Statement :
      statement.Effect == "Deny" || statement.Sid == "AdministerWithoutUse" || contains(["s3.us-west-2.amazonaws.com", "ec2.us-west-2.amazonaws.com"], try(statement.Condition.StringEquals["kms:ViaService"], "directly"))
    ])
    error_message = "ctl:I2 the data key is used through S3 and EC2 only"
  }

  assert {
    condition     = !anytrue([for statement in jsondecode(aws_kms_key.data.policy).Statement : can(statement.Principal.Service)])
    error_message = "ctl:I2 no service uses the data key as itself"
  }

  assert {
    condition = toset(flatten([for statement in jsondecode(aws_kms_key.data.policy).Statement : statement.Action
      if statement.Effect == "Allow" && contains(flatten([try(statement.Condition.ArnEquals["aws:PrincipalArn"], [])]), run.names.role_arns.bastion)
    ])) == toset(["kms:CreateGrant", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptTo"])
    error_message = "ctl:I2 of the data key the bastion has what EC2 needs for a worker's disk, and no key in the clear"
  }

  assert {
    condition = alltrue([for statement in jsondecode(aws_kms_key.data.policy).Statement :
      statement.Condition.Bool["kms:GrantIsForAWSResource"] == "true" && statement.Condition.StringEquals["kms:ViaService"] == "ec2.us-west-2.amazonaws.com" if statement.Action == "kms:CreateGrant"
    ])
    error_message = "ctl:I2 a grant on the data key is EC2's, for a disk"
  }

  assert {
    condition = toset(one([for statement in jsondecode(aws_kms_key.data.policy).Statement : statement.Condition.ArnEquals["aws:PrincipalArn"] if statement.Sid == "DenyUseByTools"])) == toset([
      for role, arn in run.names.role_arns : arn if !contains(["worker", "key_host", "uploader", "recipient", "break_glass"], role)
    ])
    error_message = "ctl:I2 tools are denied the data key, whatever they are allowed"
  }

  assert {
    condition = alltrue([for statement in jsondecode(aws_kms_key.data.policy).Statement :
      strcontains(try(statement.Condition.StringLike["kms:EncryptionContext:aws:s3:arn"], ""), "/incoming/*") || strcontains(try(statement.Condition.StringLike["kms:EncryptionContext:aws:s3:arn"], ""), "/runs/*")
      if statement.Effect == "Allow" && try(statement.Condition.StringEquals["kms:ViaService"], "") == "s3.us-west-2.amazonaws.com" && statement.Sid != "BreakGlassReads"
    ])
    error_message = "ctl:I2 ctl:S8 the data key opens samples and results, each by its name"
  }

  assert {
    condition = alltrue([for statement in jsondecode(aws_kms_key.ops.policy).Statement :
      !can(statement.Principal.Service) || can(statement.Condition.StringEquals["aws:SourceAccount"]) || can(statement.Condition.StringLike["kms:EncryptionContext:aws:logs:arn"])
    ])
    error_message = "ctl:I6 services use the ops key for this account only"
  }

  assert {
    condition     = toset([for statement in jsondecode(aws_kms_key.ops.policy).Statement : statement.Principal.Service if can(statement.Principal.Service)]) == toset(["cloudtrail.amazonaws.com", "delivery.logs.amazonaws.com", "logs.us-west-2.amazonaws.com", "cloudwatch.amazonaws.com", "config.amazonaws.com"])
    error_message = "ctl:I6 which services use the ops key as themselves"
  }

  assert {
    condition     = alltrue([for pattern in one([for statement in jsondecode(aws_kms_key.ops.policy).Statement : statement.Condition.StringLike["kms:EncryptionContext:aws:logs:arn"] if statement.Sid == "LogGroupsAreEncrypted"]) : strcontains(pattern, "hipaa_vpc")])
    error_message = "ctl:I6 CloudWatch Logs uses it for log groups of ours"
  }

  assert {
    condition = one([for statement in jsondecode(aws_kms_key.ticket.policy).Statement : statement if statement.Sid == "DenySignExceptIntake"]) == {
      Sid       = "DenySignExceptIntake"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "kms:Sign"
      Resource  = "*"
      Condition = { ArnNotEquals = { "aws:PrincipalArn" = run.names.role_arns.intake } }
    }
    error_message = "ctl:I3 nobody but intake signs a ticket"
  }

  assert {
    condition     = alltrue([for key in [aws_kms_key.data, aws_kms_key.ops, aws_kms_key.ticket] : length(jsonencode(jsondecode(key.policy))) <= 32768])
    error_message = "ctl:I6 AWS takes key policies of 32 KB"
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
    source = "./modules/kms"
  }

  variables {
    names = run.longest
  }

  assert {
    condition     = alltrue([for key in [aws_kms_key.data, aws_kms_key.ops, aws_kms_key.ticket] : length(jsonencode(jsondecode(key.policy))) <= 32768])
    error_message = "ctl:I6 AWS takes key policies of 32 KB, with the longest names too"
  }
}
