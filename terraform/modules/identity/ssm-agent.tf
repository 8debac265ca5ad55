# What the SSM agent on a host needs for Run Command and patching, in one policy of every host's: so much of
# AmazonSSMManagedInstanceCore, which would also let every host read every parameter.

locals {
  ssm_agent_policy = jsonencode({ Version = "2012-10-17", Statement = [
    {
      Sid    = "AgentSaysItIsThere"
      Effect = "Allow"
      Action = [
        "ssm:ListInstanceAssociations", "ssm:PutComplianceItems", "ssm:UpdateInstanceAssociationStatus", "ssm:UpdateInstanceInformation",
      ]
      Resource = [local.instance, "arn:${local.partition}:ssm:${local.own}:association/*"]
    },
    {
      Sid    = "AgentTakesCommands"
      Effect = "Allow"
      Action = [
        "ec2messages:AcknowledgeMessage", "ec2messages:DeleteMessage", "ec2messages:FailMessage", "ec2messages:GetEndpoint",
        "ec2messages:GetMessages", "ec2messages:SendReply", "ssm:GetDeployablePatchSnapshotForInstance", "ssm:GetManifest",
        "ssm:ListAssociations", "ssm:PutInventory",
        "ssmmessages:CreateControlChannel", "ssmmessages:OpenControlChannel",
      ]
      Resource = "*"
    },
    {
      Sid      = "AgentReadsAmazonsDocuments"
      Effect   = "Allow"
      Action   = ["ssm:DescribeDocument", "ssm:GetDocument"]
      Resource = "arn:${local.partition}:ssm:${var.names.region}::document/AWS-*"
    },
  ] })

  # Sessions, which the key host does not have: nobody gets a shell there by SSM.
  ssm_sessions = {
    Sid      = "AgentOpensSessions"
    Effect   = "Allow"
    Action   = ["ssmmessages:CreateDataChannel", "ssmmessages:OpenDataChannel"]
    Resource = "*"
  }
}

resource "aws_iam_policy" "ssm_agent" {
  name        = "${var.names.pit}-ssm-agent"
  description = "What the SSM agent on a host needs."
  policy      = local.ssm_agent_policy
}

resource "aws_iam_role_policy_attachment" "ssm_agent" {
  for_each = {
    bastion       = aws_iam_role.bastion.name
    image_builder = aws_iam_role.image_builder.name
    key_host      = aws_iam_role.key_host.name
    worker        = aws_iam_role.worker.name
    workstation   = aws_iam_role.workstation.name
  }

  role       = each.value
  policy_arn = aws_iam_policy.ssm_agent.arn
}
