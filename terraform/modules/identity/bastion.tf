# The bastion orchestrates: launches from one template, carries sealed objects, keeps the ledger. It reads no PHI, signs no
# ticket, and cannot make itself somebody else. What it may do stands here, what it may never do in bastion-limits.tf.

locals {
  template = "${local.own_ec2}:launch-template/${var.worker_template_id}"
  workshop = "${local.own_ec2}:subnet/${var.subnet_ids.isolated}"

  # Not the key host: that is set up once by an administrator, and then has its one forced command.
  configured_hosts = ["bastion", "image-builder", "worker", "workstation"]

  bastion_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "LaunchFromTheTemplate"
        Effect   = "Allow"
        Action   = "ec2:RunInstances"
        Resource = local.template
      },
      {
        # What the template says stands: image, subnet and groups cannot be others.
        Sid    = "LaunchAsTheTemplateSays"
        Effect = "Allow"
        Action = "ec2:RunInstances"
        Resource = [
          "arn:${local.partition}:ec2:${var.names.region}::image/*", "arn:${local.partition}:ec2:${var.names.region}::snapshot/*",
          "${local.own_ec2}:security-group/*", "${local.own_ec2}:snapshot/*", local.workshop,
        ]
        Condition = {
          ArnEquals = { "ec2:LaunchTemplate" = local.template }
          Bool      = { "ec2:IsLaunchTemplateResource" = "true" }
        }
      },
      {
        Sid       = "LaunchWithInterface"
        Effect    = "Allow"
        Action    = "ec2:RunInstances"
        Resource  = "${local.own_ec2}:network-interface/*"
        Condition = { ArnEquals = { "ec2:LaunchTemplate" = local.template, "ec2:Subnet" = local.workshop } }
      },
      {
        Sid      = "LaunchTagged"
        Effect   = "Allow"
        Action   = "ec2:RunInstances"
        Resource = local.instance
        Condition = {
          ArnEquals    = { "ec2:LaunchTemplate" = local.template }
          StringEquals = { "aws:RequestTag/PIT" = var.names.pit, "aws:RequestTag/skep:role" = "worker" }
        }
      },
      {
        Sid      = "LaunchWithEncryptedDisks"
        Effect   = "Allow"
        Action   = "ec2:RunInstances"
        Resource = "${local.own_ec2}:volume/*"
        Condition = {
          ArnEquals    = { "ec2:LaunchTemplate" = local.template }
          Bool         = { "ec2:Encrypted" = "true" }
          StringEquals = { "aws:RequestTag/PIT" = var.names.pit }
        }
      },
      {
        Sid       = "TagWhatIsLaunched"
        Effect    = "Allow"
        Action    = "ec2:CreateTags"
        Resource  = [local.instance, "${local.own_ec2}:network-interface/*", "${local.own_ec2}:volume/*"]
        Condition = { StringEquals = { "ec2:CreateAction" = "RunInstances" } }
      },
      {
        Sid       = "PassRolesOfWhatIsLaunched"
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = [local.role.worker, local.role.image_builder]
        Condition = { StringEquals = { "iam:PassedToService" = "ec2.amazonaws.com" } }
      },
      {
        Sid      = "LookAtFleet"
        Effect   = "Allow"
        Action   = ["ec2:DescribeImages", "ec2:DescribeInstances", "ec2:DescribeInstanceStatus", "ec2:DescribeLaunchTemplateVersions"]
        Resource = "*"
      },
      {
        Sid       = "LookAtOwnHosts"
        Effect    = "Allow"
        Action    = ["ec2:DescribeInstanceAttribute", "ec2:GetConsoleOutput"]
        Resource  = local.instance
        Condition = { StringEquals = { "aws:ResourceTag/PIT" = var.names.pit } }
      },
      {
        Sid      = "SweepAsSweeper"
        Effect   = "Allow"
        Action   = "sts:AssumeRole"
        Resource = local.role.sweeper
      },
      {
        Sid    = "KeepLedger"
        Effect = "Allow"
        Action = [
          "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query",
          "dynamodb:UpdateItem",
        ]
        Resource = local.ledger
      },
      {
        Sid      = "CarryRelay"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = local.relay
      },
      {
        Sid       = "ListRelay"
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = local.bucket.ancillary
        Condition = { StringLike = { "s3:prefix" = "relay/*" } }
      },
      {
        Sid      = "ReadManifests"
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = concat(local.manifests, [local.report])
      },
      {
        Sid      = "WriteReport"
        Effect   = "Allow"
        Action   = "s3:PutObject"
        Resource = local.report
      },
      local.list_published,
      local.fetch_release,
      {
        Sid    = "AnswerDoorbell"
        Effect = "Allow"
        Action = [
          "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage",
          "sqs:SendMessage",
        ]
        Resource = [var.names.queue_arns.doorbell, var.names.queue_arns.doorbell_dead]
      },
      {
        Sid      = "SendNotices"
        Effect   = "Allow"
        Action   = "sns:Publish"
        Resource = var.names.topic_arns.notices
      },
      {
        Sid      = "ReadEnvironment"
        Effect   = "Allow"
        Action   = "ssm:GetParameter"
        Resource = var.names.parameter_arns.environment
      },
    ]
  })

  bastion_hosts_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "CommandByAmazonsDocuments"
          Effect   = "Allow"
          Action   = ["ssm:SendCommand", "ssm:StartSession"]
          Resource = [for document in ["AWS-RunShellScript", "AWS-StartSSHSession"] : "arn:${local.partition}:ssm:${var.names.region}::document/${document}"]
        },
        {
          Sid       = "CommandConfiguredHosts"
          Effect    = "Allow"
          Action    = ["ssm:SendCommand", "ssm:StartSession"]
          Resource  = local.instance
          Condition = { StringEquals = { "ssm:resourceTag/PIT" = var.names.pit, "ssm:resourceTag/skep:role" = local.configured_hosts } }
        },
        {
          Sid      = "LookAtCommands"
          Effect   = "Allow"
          Action   = ["ssm:DescribeInstanceInformation", "ssm:GetCommandInvocation", "ssm:ListCommandInvocations"]
          Resource = "*"
        },
        {
          Sid      = "GrantDisksToEc2"
          Effect   = "Allow"
          Action   = "kms:CreateGrant"
          Resource = [var.keys.data, var.keys.ops]
          Condition = {
            Bool         = { "kms:GrantIsForAWSResource" = "true" }
            StringEquals = { "kms:ViaService" = local.through.ec2 }
          }
        },
        {
          # Answered with a key that EC2 alone can open.
          Sid       = "HaveDiskKeysMade"
          Effect    = "Allow"
          Action    = ["kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptTo"]
          Resource  = [var.keys.data, var.keys.ops]
          Condition = { StringEquals = { "kms:ViaService" = local.through.ec2 } }
        },
        {
          Sid       = "HaveImagesCopied"
          Effect    = "Allow"
          Action    = "kms:ReEncryptFrom"
          Resource  = var.keys.ops
          Condition = { StringEquals = { "kms:ViaService" = local.through.ec2 } }
        },
        {
          Sid      = "UseOpsKey"
          Effect   = "Allow"
          Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource = var.keys.ops
          Condition = {
            StringEquals = { "kms:ViaService" = [local.through.dynamodb, local.through.s3, local.through.sns, local.through.sqs] }
          }
        },
        local.check_tickets,
        local.read_public_keys,
        local.publish_key["bastion"],
        local.ssm_sessions,
      ],
      local.append_audit,
    )
  })
}

resource "aws_iam_role" "bastion" {
  name                 = var.names.roles.bastion
  description          = "The bastion: orchestrates, and sees no PHI."
  assume_role_policy   = local.trust.ec2
  max_session_duration = 3600

  tags = { "skep:s3-endpoint" = var.s3_endpoint_id }
}

resource "aws_iam_policy" "bastion" {
  name        = var.names.roles.bastion
  description = "Launching, carrying, keeping the ledger."
  policy      = local.bastion_policy
}

resource "aws_iam_policy" "bastion_hosts" {
  name        = "${var.names.roles.bastion}-hosts"
  description = "Keys, the audit chain, and configuring hosts."
  policy      = local.bastion_hosts_policy
}

resource "aws_iam_policy" "bastion_limits" {
  name        = "${var.names.roles.bastion}-limits"
  description = "What the bastion may never do."
  policy      = local.bastion_limits_policy
}

resource "aws_iam_role_policy_attachment" "bastion" {
  for_each = {
    work   = aws_iam_policy.bastion.arn
    hosts  = aws_iam_policy.bastion_hosts.arn
    limits = aws_iam_policy.bastion_limits.arn
  }

  role       = aws_iam_role.bastion.name
  policy_arn = each.value
}

resource "aws_iam_instance_profile" "bastion" {
  name = var.names.roles.bastion
  role = aws_iam_role.bastion.name
}
