# The worker: reads ciphertext, writes results, talks to the key host by the relay. Which sample and which attempt are its
# own is not to be said in a policy: see README.md.

locals {
  worker_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "ReadSamples"
          Effect   = "Allow"
          Action   = ["s3:GetObject", "s3:GetObjectVersion"]
          Resource = local.samples
        },
        {
          Sid      = "ReadPublished"
          Effect   = "Allow"
          Action   = ["s3:GetObject", "s3:GetObjectVersion"]
          Resource = concat(local.results, local.manifests)
        },
        local.list_published,
        {
          Sid      = "WriteResults"
          Effect   = "Allow"
          Action   = "s3:PutObject"
          Resource = concat(local.results, local.manifests)
        },
        {
          Sid      = "TalkByRelay"
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
        local.fetch_release,
        {
          Sid      = "Ring"
          Effect   = "Allow"
          Action   = ["sqs:GetQueueUrl", "sqs:SendMessage"]
          Resource = var.names.queue_arns.doorbell
        },
        {
          Sid       = "UseDataKey"
          Effect    = "Allow"
          Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource  = var.keys.data
          Condition = { StringEquals = { "kms:ViaService" = local.through.s3 } }
        },
        {
          Sid       = "UseOpsKey"
          Effect    = "Allow"
          Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource  = var.keys.ops
          Condition = { StringEquals = { "kms:ViaService" = [local.through.s3, local.through.sqs] } }
        },
        local.check_tickets,
        local.read_public_keys,
        local.ssm_sessions,
      ],
      local.instance_limits,
    )
  })
}

resource "aws_iam_role" "worker" {
  name                 = var.names.roles.worker
  description          = "A worker: one sample, then gone."
  assume_role_policy   = local.trust.ec2
  max_session_duration = 3600

  tags = { "skep:s3-endpoint" = var.s3_endpoint_id }
}

resource "aws_iam_policy" "worker" {
  name        = var.names.roles.worker
  description = "Ciphertext in, results out, through our own endpoints."
  policy      = local.worker_policy
}

resource "aws_iam_role_policy_attachment" "worker" {
  role       = aws_iam_role.worker.name
  policy_arn = aws_iam_policy.worker.arn
}

resource "aws_iam_instance_profile" "worker" {
  name = var.names.roles.worker
  role = aws_iam_role.worker.name
}
