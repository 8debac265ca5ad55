# What no role may do, whatever it is allowed elsewhere.

locals {
  # A disk holds what its host has seen.
  copies = [
    "ebs:GetSnapshotBlock", "ec2:CopyImage", "ec2:CopySnapshot", "ec2:CreateImage", "ec2:CreateSnapshot", "ec2:CreateSnapshots",
    "ec2:CreateStoreImageTask", "ec2:ExportImage", "ec2:GetPasswordData", "ec2:ModifyImageAttribute", "ec2:ModifySnapshotAttribute",
  ]

  deny_copies = {
    Sid      = "DenyCopiesOfDisks"
    Effect   = "Deny"
    Action   = local.copies
    Resource = "*"
  }

  # An instance's credentials are good on that instance, in this network. Every service that these roles use has its
  # endpoint, in each subnet; what a service asks of another for the caller comes from no network of ours.
  deny_elsewhere = [
    {
      Sid      = "DenyOutsideOurNetwork"
      Effect   = "Deny"
      Action   = "*"
      Resource = "*"
      Condition = {
        Null            = { "ec2:SourceInstanceARN" = "false" }
        StringNotEquals = { "aws:SourceVpc" = var.vpc_id }
        BoolIfExists    = { "aws:ViaAWSService" = "false" }
      }
    },
    {
      Sid      = "DenyOnOtherHost"
      Effect   = "Deny"
      Action   = "*"
      Resource = "*"
      Condition = {
        Null            = { "ec2:SourceInstanceARN" = "false" }
        StringNotEquals = { "aws:Ec2InstanceSourcePrivateIPv4" = "$${aws:VpcSourceIp, 'none'}" }
        BoolIfExists    = { "aws:ViaAWSService" = "false" }
      }
    },
  ]

  instance_limits = concat([local.deny_copies], local.deny_elsewhere)
}
