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

run "roles" {
  command = plan

  module {
    source = "./modules/identity"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    vpc_id               = "vpc-0a1b2c3d4e5f60718"
    subnet_ids           = { public = "subnet-0000000000000000a", private = "subnet-0000000000000000b", isolated = "subnet-0000000000000000c" }
    s3_endpoint_id       = "vpce-00000000000000053"
    worker_template_id   = "lt-00000000000000001"
    uploader_principals  = ["arn:aws:iam::210987654321:role/research"]
    recipient_principals = ["arn:aws:iam::210987654321:user/owner"]
  }

  assert {
    condition = toset([for role in concat(aws_iam_role.uploader, aws_iam_role.recipient, [
      aws_iam_role.bastion, aws_iam_role.image_builder, aws_iam_role.intake, aws_iam_role.key_host, aws_iam_role.patch_service,
      aws_iam_role.reaper, aws_iam_role.sweeper, aws_iam_role.worker, aws_iam_role.workstation,
    ]) : role.name]) == toset([for name, role in run.names.roles : role if !contains(["break_glass", "auditor", "flow_log", "trail_log"], name)])
    error_message = "ctl:I5 each part of the system is a role of its own"
  }

  assert {
    condition = alltrue([for role in concat(aws_iam_role.uploader, aws_iam_role.recipient, [
      aws_iam_role.bastion, aws_iam_role.image_builder, aws_iam_role.intake, aws_iam_role.key_host, aws_iam_role.patch_service,
      aws_iam_role.reaper, aws_iam_role.sweeper, aws_iam_role.worker, aws_iam_role.workstation,
    ]) : role.max_session_duration == 3600])
    error_message = "ctl:I8 a session lasts an hour at most"
  }

  assert {
    condition = { for role in [aws_iam_role.bastion, aws_iam_role.image_builder, aws_iam_role.key_host, aws_iam_role.worker, aws_iam_role.workstation] :
      role.name => jsondecode(role.assume_role_policy).Statement } == { for role in ["bastion", "image-builder", "key-host", "worker", "workstation"] : "hipaa_vpc-${role}" => [{
        Sid       = "AllowServiceForThisAccount"
        Effect    = "Allow"
        Principal = { Service = "ec2.amazonaws.com" }
        Action    = "sts:AssumeRole"
        Condition = { StringEqualsIfExists = { "aws:SourceAccount" = "123456789012" } }
    }] }
    error_message = "ctl:I8 a host's role is taken by EC2, for this account"
  }

  assert {
    condition = { for role in [aws_iam_role.intake, aws_iam_role.patch_service, aws_iam_role.reaper] : role.name => [for statement in jsondecode(role.assume_role_policy).Statement :
      [statement.Principal.Service, statement.Condition.StringEqualsIfExists["aws:SourceAccount"]]
      ] } == {
      "hipaa_vpc-intake"        = [["lambda.amazonaws.com", "123456789012"]]
      "hipaa_vpc-patch-service" = [["ssm.amazonaws.com", "123456789012"]]
      "hipaa_vpc-reaper"        = [["lambda.amazonaws.com", "123456789012"]]
    }
    error_message = "ctl:I8 the roles of functions and of the maintenance window are taken by one service each, for this account"
  }

  assert {
    condition = jsondecode(aws_iam_role.sweeper.assume_role_policy).Statement == [{
      Sid       = "AllowBastion"
      Effect    = "Allow"
      Principal = { AWS = run.names.root_arn }
      Action    = "sts:AssumeRole"
      Condition = { ArnEquals = { "aws:PrincipalArn" = run.names.role_arns.bastion } }
    }]
    error_message = "ctl:I8 the sweeper is the bastion, and nobody else"
  }

  assert {
    condition     = [for role in concat(aws_iam_role.uploader, aws_iam_role.recipient) : one(jsondecode(role.assume_role_policy).Statement).Principal.AWS] == [["arn:aws:iam::210987654321:role/research"], ["arn:aws:iam::210987654321:user/owner"]]
    error_message = "ctl:I5 the data owner's roles are taken by those who were named"
  }

  assert {
    condition = !anytrue([for role in concat(aws_iam_role.uploader, aws_iam_role.recipient, [
      aws_iam_role.bastion, aws_iam_role.image_builder, aws_iam_role.intake, aws_iam_role.key_host, aws_iam_role.patch_service,
      aws_iam_role.reaper, aws_iam_role.sweeper, aws_iam_role.worker, aws_iam_role.workstation,
    ]) : strcontains(role.assume_role_policy, "TagSession")])
    error_message = "ctl:S5 nobody sets session tags, which would count before the role's own"
  }

  assert {
    condition = { for role in concat(aws_iam_role.uploader, aws_iam_role.recipient, [
      aws_iam_role.bastion, aws_iam_role.image_builder, aws_iam_role.intake, aws_iam_role.key_host, aws_iam_role.patch_service,
      aws_iam_role.reaper, aws_iam_role.sweeper, aws_iam_role.worker, aws_iam_role.workstation,
    ]) : role.name => role.tags["skep:s3-endpoint"] if can(role.tags["skep:s3-endpoint"]) } == { for role in ["bastion", "key-host", "worker"] : "hipaa_vpc-${role}" => "vpce-00000000000000053" }
    error_message = "ctl:S5 the roles that read through our endpoint say which it is, and no other role does"
  }

  assert {
    condition = { for profile in [aws_iam_instance_profile.bastion, aws_iam_instance_profile.image_builder, aws_iam_instance_profile.key_host, aws_iam_instance_profile.worker, aws_iam_instance_profile.workstation] :
    profile.name => profile.role } == { for role in ["bastion", "image-builder", "key-host", "worker", "workstation"] : "hipaa_vpc-${role}" => "hipaa_vpc-${role}" }
    error_message = "ctl:I5 a profile has the name of its role, and that role"
  }

  assert {
    condition = toset([for attachment in concat(
      [for name, attachment in aws_iam_role_policy_attachment.ssm_agent : attachment], [for name, attachment in aws_iam_role_policy_attachment.bastion : attachment],
      [aws_iam_role_policy_attachment.image_builder, aws_iam_role_policy_attachment.intake, aws_iam_role_policy_attachment.key_host, aws_iam_role_policy_attachment.patch_service, aws_iam_role_policy_attachment.reaper, aws_iam_role_policy_attachment.sweeper, aws_iam_role_policy_attachment.worker, aws_iam_role_policy_attachment.workstation],
      [for name, attachment in aws_iam_role_policy_attachment.uploader : attachment], [for name, attachment in aws_iam_role_policy_attachment.recipient : attachment],
      ) : attachment.role]) == toset([for role in concat(aws_iam_role.uploader, aws_iam_role.recipient, [
        aws_iam_role.bastion, aws_iam_role.image_builder, aws_iam_role.intake, aws_iam_role.key_host, aws_iam_role.patch_service,
        aws_iam_role.reaper, aws_iam_role.sweeper, aws_iam_role.worker, aws_iam_role.workstation,
    ]) : role.name])
    error_message = "ctl:I1 each role has its policies attached"
  }
}

run "documents" {
  command = plan

  module {
    source = "./modules/identity"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    vpc_id               = "vpc-0a1b2c3d4e5f60718"
    subnet_ids           = { public = "subnet-0000000000000000a", private = "subnet-0000000000000000b", isolated = "subnet-0000000000000000c" }
    s3_endpoint_id       = "vpce-00000000000000053"
    worker_template_id   = "lt-00000000000000001"
    uploader_principals  = ["arn:aws:iam::210987654321:role/research"]
    recipient_principals = ["arn:aws:iam::210987654321:user/owner"]
  }

  assert {
    condition = alltrue([for policy in [
      aws_iam_policy.bastion, aws_iam_policy.bastion_hosts, aws_iam_policy.bastion_limits, aws_iam_policy.image_builder,
      aws_iam_policy.intake, aws_iam_policy.key_host, aws_iam_policy.patch_service, aws_iam_policy.reaper, aws_iam_policy.recipient,
      aws_iam_policy.ssm_agent, aws_iam_policy.sweeper, aws_iam_policy.uploader, aws_iam_policy.worker, aws_iam_policy.workstation,
    ] : length(jsonencode(jsondecode(policy.policy))) <= 6144])
    error_message = "ctl:I1 AWS takes policies of 6,144 characters"
  }

  assert {
    condition = alltrue([for policy in [aws_iam_policy.bastion_limits, aws_iam_policy.image_builder, aws_iam_policy.key_host, aws_iam_policy.worker, aws_iam_policy.workstation] : [for statement in jsondecode(policy.policy).Statement : statement if statement.Sid == "DenyOutsideOurNetwork"] == [{
      Sid      = "DenyOutsideOurNetwork"
      Effect   = "Deny"
      Action   = "*"
      Resource = "*"
      Condition = {
        Null            = { "ec2:SourceInstanceARN" = "false" }
        StringNotEquals = { "aws:SourceVpc" = "vpc-0a1b2c3d4e5f60718" }
        BoolIfExists    = { "aws:ViaAWSService" = "false" }
      }
    }]])
    error_message = "ctl:I4 a host's credentials are no good outside of the network"
  }

  assert {
    condition = alltrue([for policy in [aws_iam_policy.bastion_limits, aws_iam_policy.image_builder, aws_iam_policy.key_host, aws_iam_policy.worker, aws_iam_policy.workstation] : one([for statement in jsondecode(policy.policy).Statement : statement.Condition.StringNotEquals if statement.Sid == "DenyOnOtherHost"]) == {
      "aws:Ec2InstanceSourcePrivateIPv4" = "$${aws:VpcSourceIp, 'none'}"
    }])
    error_message = "ctl:I4 nor on another host in it"
  }

  assert {
    condition     = one([for statement in jsondecode(aws_iam_policy.sweeper.policy).Statement : statement.Condition if statement.Sid == "DenyOutsideOurNetwork"]) == { StringNotEquals = { "aws:SourceVpc" = "vpc-0a1b2c3d4e5f60718" }, BoolIfExists = { "aws:ViaAWSService" = "false" } }
    error_message = "ctl:I4 nor are the sweeper's"
  }

  assert {
    condition = length(setsubtract(flatten([for policy in [aws_iam_policy.bastion, aws_iam_policy.bastion_hosts, aws_iam_policy.image_builder, aws_iam_policy.key_host, aws_iam_policy.ssm_agent, aws_iam_policy.worker, aws_iam_policy.workstation] :
      [for statement in jsondecode(policy.policy).Statement : [for action in flatten([statement.Action]) : split(":", action)[0]] if statement.Effect == "Allow"]
    ]), ["dynamodb", "ec2", "ec2messages", "kms", "logs", "s3", "sns", "sqs", "ssm", "ssmmessages", "sts", "iam"])) == 0
    error_message = "ctl:I4 hosts use services that have an endpoint in the network, and no other (a role is passed in a call to EC2)"
  }

  assert {
    condition = alltrue([for policy in [aws_iam_policy.bastion_limits, aws_iam_policy.intake, aws_iam_policy.key_host, aws_iam_policy.patch_service, aws_iam_policy.reaper, aws_iam_policy.recipient, aws_iam_policy.sweeper, aws_iam_policy.uploader, aws_iam_policy.worker, aws_iam_policy.workstation] : [
      for statement in jsondecode(policy.policy).Statement : length(setsubtract(["ec2:CreateSnapshot", "ec2:CreateImage", "ec2:CopySnapshot", "ec2:GetPasswordData"], statement.Action)) if statement.Effect == "Deny" && statement.Sid == "DenyCopiesOfDisks"
    ] == [0]])
    error_message = "ctl:E5 no role copies a disk or reads a password"
  }

  assert {
    condition     = length(setsubtract(["ec2:CreateSnapshot", "ec2:CopySnapshot", "ec2:GetPasswordData"], one([for statement in jsondecode(aws_iam_policy.image_builder.policy).Statement : statement.Action if statement.Sid == "DenyOtherCopiesOfDisks"]))) == 0
    error_message = "ctl:E5 the image builder makes images, and no other copies"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_policy.uploader.policy).Statement : statement.Action if statement.Effect == "Allow"] == ["s3:PutObject", ["kms:Decrypt", "kms:GenerateDataKey"]]
    error_message = "ctl:S4 the uploader puts, and neither gets, lists nor deletes"
  }

  assert {
    condition     = !anytrue(flatten([for statement in jsondecode(aws_iam_policy.intake.policy).Statement : [for action in flatten([statement.Action]) : startswith(action, "s3:GetObject")] if statement.Effect == "Allow"])) && one([for statement in jsondecode(aws_iam_policy.intake.policy).Statement : statement.Action if statement.Sid == "DenyReadOfObjects"]) == "s3:GetObject*"
    error_message = "ctl:M6 ctl:S5 intake reads no object, and is denied to"
  }

  assert {
    condition     = one([for statement in jsondecode(aws_iam_policy.intake.policy).Statement : statement.Resource if statement.Sid == "DenyDataKey"]) == var.keys.data
    error_message = "ctl:I2 intake has nothing to do with the data key"
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_policy.bastion.policy).Statement : [statement.Resource, statement.Condition.StringEquals["iam:PassedToService"]] if contains(flatten([statement.Action]), "iam:PassRole")] == [[
      [run.names.role_arns.worker, run.names.role_arns.image_builder], "ec2.amazonaws.com"
    ]]
    error_message = "ctl:I3 the bastion passes the roles of workers and image builders to EC2"
  }

  assert {
    condition     = one([for statement in jsondecode(aws_iam_policy.bastion_limits.policy).Statement : statement.NotResource if statement.Sid == "DenyPassOtherRoles"]) == [run.names.role_arns.worker, run.names.role_arns.image_builder]
    error_message = "ctl:I3 and is denied to pass any other"
  }

  assert {
    condition = length(setsubtract([
      "ec2:ModifyInstanceAttribute", "ec2:AssociateIamInstanceProfile", "ec2:ReplaceIamInstanceProfileAssociation", "ec2:ModifyInstanceMetadataOptions",
    ], one([for statement in jsondecode(aws_iam_policy.bastion_limits.policy).Statement : statement.Action if statement.Sid == "DenyChangeOfHosts"]))) == 0
    error_message = "ctl:I3 the bastion is denied to change a host, its role or its metadata"
  }

  assert {
    condition     = one([for statement in jsondecode(aws_iam_policy.bastion_limits.policy).Statement : statement.Action if statement.Sid == "DenySign"]) == "kms:Sign"
    error_message = "ctl:I3 the bastion is denied to sign"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_policy.bastion_limits.policy).Statement : [statement.Action, statement.Condition] if statement.Sid == "DenySsmOnKeyHost"] == [["ssm:*", { StringEquals = { "ssm:resourceTag/skep:role" = "key-host" } }]]
    error_message = "ctl:I3 the bastion is denied SSM on the key host"
  }

  assert {
    condition = alltrue([for statement in jsondecode(aws_iam_policy.bastion.policy).Statement :
      try(statement.Condition.ArnEquals["ec2:LaunchTemplate"], statement.Resource) == "arn:aws:ec2:us-west-2:123456789012:launch-template/lt-00000000000000001" if statement.Action == "ec2:RunInstances"
    ])
    error_message = "ctl:I3 the bastion launches from the one template"
  }

  assert {
    condition     = toset([for statement in jsondecode(aws_iam_policy.bastion_limits.policy).Statement : statement.Sid if statement.Action == "ec2:RunInstances"]) == toset(["DenyLaunchWithoutTemplate", "DenyLaunchInOtherRole", "DenyLaunchElsewhere", "DenyLaunchUntagged", "DenyLaunchWithoutJob"])
    error_message = "ctl:I3 and is denied to launch without it, in another role, elsewhere, untagged or for no job"
  }

  assert {
    condition     = !anytrue([for policy in [aws_iam_policy.key_host, aws_iam_policy.ssm_agent] : strcontains(policy.policy, "DataChannel")])
    error_message = "ctl:I3 nobody opens a session on the key host by SSM"
  }

  assert {
    condition = alltrue([for policy in [aws_iam_policy.sweeper, aws_iam_policy.reaper] : [
      for statement in jsondecode(policy.policy).Statement : statement.Condition if contains(flatten([statement.Action]), "ec2:TerminateInstances")
    ] == [{ StringEquals = { "aws:ResourceTag/PIT" = "hipaa_vpc", "aws:ResourceTag/skep:role" = ["image-builder", "worker"] } }]])
    error_message = "ctl:I3 sweeper and reaper end workers and builders, and no other host"
  }
}

run "nobody" {
  command = plan

  module {
    source = "./modules/identity"
  }

  variables {
    names = run.names
    keys = {
      data   = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    vpc_id               = "vpc-0a1b2c3d4e5f60718"
    subnet_ids           = { public = "subnet-0000000000000000a", private = "subnet-0000000000000000b", isolated = "subnet-0000000000000000c" }
    s3_endpoint_id       = "vpce-00000000000000053"
    worker_template_id   = "lt-00000000000000001"
    uploader_principals  = []
    recipient_principals = []
  }

  assert {
    condition     = length(aws_iam_role.uploader) + length(aws_iam_role.recipient) + length(aws_iam_role_policy_attachment.uploader) + length(aws_iam_role_policy_attachment.recipient) == 0
    error_message = "ctl:I5 where nobody is named there is no role of an uploader or recipient"
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

run "longest_documents" {
  command = plan

  module {
    source = "./modules/identity"
  }

  variables {
    names = run.longest
    keys = {
      data   = "arn:aws-us-gov:kms:ap-southeast-1:123456789012:key/00000000-0000-4000-8000-00000000000d"
      ops    = "arn:aws-us-gov:kms:ap-southeast-1:123456789012:key/00000000-0000-4000-8000-00000000000e"
      ticket = "arn:aws-us-gov:kms:ap-southeast-1:123456789012:key/00000000-0000-4000-8000-00000000000f"
    }
    vpc_id               = "vpc-0a1b2c3d4e5f60718"
    subnet_ids           = { public = "subnet-0000000000000000a", private = "subnet-0000000000000000b", isolated = "subnet-0000000000000000c" }
    s3_endpoint_id       = "vpce-00000000000000053"
    worker_template_id   = "lt-00000000000000001"
    uploader_principals  = ["arn:aws:iam::210987654321:role/research"]
    recipient_principals = ["arn:aws:iam::210987654321:user/owner"]
  }

  assert {
    condition = alltrue([for policy in [
      aws_iam_policy.bastion, aws_iam_policy.bastion_hosts, aws_iam_policy.bastion_limits, aws_iam_policy.image_builder,
      aws_iam_policy.intake, aws_iam_policy.key_host, aws_iam_policy.patch_service, aws_iam_policy.reaper, aws_iam_policy.recipient,
      aws_iam_policy.ssm_agent, aws_iam_policy.sweeper, aws_iam_policy.uploader, aws_iam_policy.worker, aws_iam_policy.workstation,
    ] : length(jsonencode(jsondecode(policy.policy))) <= 6144])
    error_message = "ctl:I1 AWS takes policies of 6,144 characters, with the longest names too"
  }
}
