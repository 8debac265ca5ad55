# Administrators are whoever the account lets, by its own policies, and never one of the roles made here. They keep the
# keys and cannot use them. A principal is always the account, with a condition on the role: a role that is named itself
# has to exist before the key does, and leaves a dead id behind when it goes.

locals {
  own_account = { AWS = var.names.root_arn }
  role        = var.names.role_arns
  every_role  = values(var.names.role_arns)

  # What a service does for whoever asked it, in this region.
  through = { for service in ["dynamodb", "ec2", "lambda", "s3", "sns", "sqs", "ssm"] : service => "${service}.${var.names.region}.amazonaws.com" }

  administer = {
    Sid       = "AdministerWithoutUse"
    Effect    = "Allow"
    Principal = local.own_account
    Action = [
      "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey", "kms:EnableKey",
      "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListGrants",
      "kms:ListKeyPolicies", "kms:ListKeyRotations", "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:RevokeGrant",
      "kms:RotateKeyOnDemand", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias",
      "kms:UpdateKeyDescription",
    ]
    Resource  = "*"
    Condition = local.administrators
  }

  administrators = { ArnNotEquals = { "aws:PrincipalArn" = local.every_role } }

  # Who starts hosts: administrators bastion and key host, the bastion workers.
  starters = {
    Administrators = local.administrators
    Bastion        = { ArnEquals = { "aws:PrincipalArn" = local.role.bastion } }
  }

  # An encrypted disk is EC2's to open. Whoever starts a host has a key made for it and lets EC2 use it: none of these
  # calls gives a key to its caller.
  disks = flatten([for who, condition in local.starters : [
    {
      Sid       = "${who}GrantDisksToEc2"
      Effect    = "Allow"
      Principal = local.own_account
      Action    = "kms:CreateGrant"
      Resource  = "*"
      Condition = merge(condition, {
        Bool         = { "kms:GrantIsForAWSResource" = "true" }
        StringEquals = { "kms:ViaService" = local.through.ec2 }
      })
    },
    {
      Sid       = "${who}HaveDiskKeysMade"
      Effect    = "Allow"
      Principal = local.own_account
      Action    = ["kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptTo"]
      Resource  = "*"
      Condition = merge(condition, { StringEquals = { "kms:ViaService" = local.through.ec2 } })
    },
  ]])
}
