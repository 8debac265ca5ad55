# The bastion orchestrates: launches from one template, carries sealed objects, keeps the ledger. It reads no PHI, signs no
# ticket, and cannot make itself somebody else. What it may do stands in bastion-launch.tf, bastion-work.tf and
# bastion-hosts.tf, what it may never do in bastion-limits.tf.

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
