# What the bastion launches: workers, as the one template says, in the isolated subnet, and tagged.

locals {
  template = "${local.own_ec2}:launch-template/${var.worker_template_id}"
  workshop = "${local.own_ec2}:subnet/${var.subnet_ids.isolated}"

  worker_profile = "arn:${local.partition}:iam::${var.names.account}:instance-profile/${var.names.roles.worker}"

  bastion_launch_statements = [
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
  ]
}
