# What the bastion may never do, whatever is added to it later.

locals {
  bastion_limits_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid         = "DenyReadExceptManifestsAndRelay"
          Effect      = "Deny"
          Action      = "s3:GetObject*"
          NotResource = concat(local.manifests, [local.report, local.relay, local.releases])
        },
        {
          Sid      = "DenyUseOfDataKey"
          Effect   = "Deny"
          Action   = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair*", "kms:ReEncryptFrom"]
          Resource = var.keys.data
        },
        {
          Sid      = "DenySign"
          Effect   = "Deny"
          Action   = "kms:Sign"
          Resource = "*"
        },
        {
          Sid         = "DenyPassOtherRoles"
          Effect      = "Deny"
          Action      = "iam:PassRole"
          NotResource = [local.role.worker, local.role.image_builder]
        },
        {
          Sid       = "DenyLaunchWithoutTemplate"
          Effect    = "Deny"
          Action    = "ec2:RunInstances"
          Resource  = local.instance
          Condition = { ArnNotEquals = { "ec2:LaunchTemplate" = local.template } }
        },
        {
          # It may pass the image builder's role too, which is for a template of its own.
          Sid      = "DenyLaunchInOtherRole"
          Effect   = "Deny"
          Action   = "ec2:RunInstances"
          Resource = local.instance
          Condition = {
            ArnNotEquals = { "ec2:InstanceProfile" = local.worker_profile }
            Null         = { "ec2:InstanceProfile" = "false" }
          }
        },
        {
          Sid    = "DenyLaunchElsewhere"
          Effect = "Deny"
          Action = "ec2:RunInstances"
          NotResource = [
            "arn:${local.partition}:ec2:${var.names.region}::image/*", "arn:${local.partition}:ec2:${var.names.region}::snapshot/*",
            local.instance, local.template, local.workshop, "${local.own_ec2}:image/*", "${local.own_ec2}:network-interface/*",
            "${local.own_ec2}:security-group/*", "${local.own_ec2}:snapshot/*", "${local.own_ec2}:volume/*",
          ]
        },
        {
          Sid       = "DenyLaunchUntagged"
          Effect    = "Deny"
          Action    = "ec2:RunInstances"
          Resource  = [local.instance, "${local.own_ec2}:volume/*"]
          Condition = { StringNotEquals = { "aws:RequestTag/PIT" = var.names.pit } }
        },
        {
          # The key host asks the tags which job an instance is for.
          Sid       = "DenyLaunchWithoutJob"
          Effect    = "Deny"
          Action    = "ec2:RunInstances"
          Resource  = local.instance
          Condition = { Null = { "aws:RequestTag/job" = "true" } }
        },
        {
          Sid    = "DenyChangeOfHosts"
          Effect = "Deny"
          Action = [
            "ec2:AssociateIamInstanceProfile", "ec2:AttachVolume", "ec2:CreateLaunchTemplate*", "ec2:DeleteTags",
            "ec2:DisassociateIamInstanceProfile", "ec2:ModifyInstanceAttribute", "ec2:ModifyInstanceMetadataOptions",
            "ec2:ModifyLaunchTemplate", "ec2:ReplaceIamInstanceProfileAssociation", "ec2-instance-connect:*",
          ]
          Resource = "*"
        },
        {
          Sid       = "DenyTagLater"
          Effect    = "Deny"
          Action    = "ec2:CreateTags"
          Resource  = "*"
          Condition = { StringNotEquals = { "ec2:CreateAction" = "RunInstances" } }
        },
        {
          Sid       = "DenySsmOnKeyHost"
          Effect    = "Deny"
          Action    = "ssm:*"
          Resource  = "*"
          Condition = { StringEquals = { "ssm:resourceTag/skep:role" = "key-host" } }
        },
        local.deny_release_rows,
        local.deny_replace_keys,
      ],
      local.instance_limits,
    )
  })
}
