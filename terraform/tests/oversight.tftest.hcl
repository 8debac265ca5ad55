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

run "named" {
  command = plan

  module {
    source = "./modules/oversight"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    break_glass_principals = ["arn:aws:iam::123456789012:user/officer"]
    auditor_principals     = ["arn:aws:iam::210987654321:role/auditor"]
  }

  assert {
    condition = one([for role in aws_iam_role.break_glass : jsondecode(role.assume_role_policy).Statement]) == [{
      Sid       = "AllowNamedWithMfa"
      Effect    = "Allow"
      Principal = { AWS = ["arn:aws:iam::123456789012:user/officer"] }
      Action    = "sts:AssumeRole"
      Condition = {
        Bool            = { "aws:MultiFactorAuthPresent" = "true" }
        NumericLessThan = { "aws:MultiFactorAuthAge" = "3600" }
      }
    }]
    error_message = "ctl:I7 break-glass is taken by those who are named, with MFA of the last hour"
  }

  assert {
    condition     = [for role in concat(aws_iam_role.break_glass, aws_iam_role.auditor) : role.name] == [run.names.roles.break_glass, run.names.roles.auditor]
    error_message = "ctl:I7 break-glass and auditor are roles of their own"
  }

  assert {
    condition     = alltrue([for role in concat(aws_iam_role.break_glass, aws_iam_role.auditor) : role.max_session_duration == 3600])
    error_message = "ctl:I8 a session lasts an hour at most"
  }

  assert {
    condition     = toset(flatten([for statement in jsondecode(aws_iam_policy.break_glass.policy).Statement : statement.Action])) == toset(["s3:ListBucket", "s3:ListBucketVersions", "s3:GetObject", "s3:GetObjectVersion", "kms:Decrypt"])
    error_message = "ctl:I7 break-glass reads, and does nothing else"
  }

  assert {
    condition     = one([for statement in jsondecode(aws_iam_policy.break_glass.policy).Statement : statement.Resource if statement.Sid == "ReadObjects"]) == [for arn in values(run.names.bucket_arns) : "${arn}/*"]
    error_message = "ctl:I7 break-glass reads every bucket"
  }

  assert {
    condition     = one([for statement in jsondecode(aws_iam_policy.break_glass.policy).Statement : [statement.Resource, statement.Condition] if statement.Sid == "OpenObjects"]) == [[var.keys.data, var.keys.ops], { StringEquals = { "kms:ViaService" = "s3.us-west-2.amazonaws.com" } }]
    error_message = "ctl:I7 break-glass opens objects, by S3"
  }

  assert {
    condition = alltrue([for statement in jsondecode(aws_iam_policy.auditor.policy).Statement :
      length(setintersection([for arn in flatten([statement.Resource]) : split("/", arn)[0]], [for purpose in ["input", "output", "ancillary", "state"] : run.names.bucket_arns[purpose]])) == 0
      if statement.Effect == "Allow" && statement.Sid != "LookAtBuckets"
    ])
    error_message = "ctl:I6 ctl:S5 the auditor has no object of samples, results, relay or state"
  }

  assert {
    condition     = one([for statement in jsondecode(aws_iam_policy.auditor.policy).Statement : statement.Resource if statement.Sid == "DenyPhi"]) == [for purpose in ["ancillary", "input", "output", "state"] : "${run.names.bucket_arns[purpose]}/*"]
    error_message = "ctl:S5 and is denied to read one"
  }

  assert {
    condition     = one([for statement in jsondecode(aws_iam_policy.auditor.policy).Statement : statement.Resource if statement.Sid == "DenyDataKey"]) == var.keys.data && one([for statement in jsondecode(aws_iam_policy.auditor.policy).Statement : statement.Resource if statement.Sid == "OpenRecords"]) == var.keys.ops
    error_message = "ctl:I2 the auditor uses the ops key, and is denied the data key"
  }

  assert {
    condition     = toset([for attachment in concat(values(aws_iam_role_policy_attachment.break_glass), values(aws_iam_role_policy_attachment.auditor)) : attachment.role]) == toset([run.names.roles.break_glass, run.names.roles.auditor])
    error_message = "ctl:I1 each has its policy attached"
  }

  assert {
    condition     = alltrue([for policy in [aws_iam_policy.break_glass, aws_iam_policy.auditor] : length(jsonencode(jsondecode(policy.policy))) <= 6144])
    error_message = "ctl:I1 AWS takes policies of 6,144 characters"
  }
}

run "nobody" {
  command = plan

  module {
    source = "./modules/oversight"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    break_glass_principals = []
    auditor_principals     = []
  }

  assert {
    condition     = length(aws_iam_role.break_glass) + length(aws_iam_role.auditor) + length(aws_iam_role_policy_attachment.break_glass) + length(aws_iam_role_policy_attachment.auditor) == 0
    error_message = "ctl:I7 where nobody is named there is no role to take"
  }

  assert {
    condition     = output.role_arns == { auditor = null, break_glass = null }
    error_message = "ctl:I7 and the outputs say so"
  }
}
