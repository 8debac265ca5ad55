# The one host with a public address. It orchestrates and sees no PHI: its disk has the ops key.

# An image that is neither Amazon's nor this account's is not found here, and the plan ends.
data "aws_ami" "bastion" {
  owners = ["amazon", "self"]

  filter {
    name   = "image-id"
    values = [var.image]
  }
}

locals {
  # Public material only: anybody who may describe the instance can read it.
  user_data = "#cloud-config\n${jsonencode({ ssh_authorized_keys = var.admin_ssh_keys })}\n"
}

resource "aws_instance" "bastion" {
  ami                    = data.aws_ami.bastion.id
  instance_type          = var.instance_type
  tenancy                = var.tenancy
  subnet_id              = var.network.subnet_ids.public
  vpc_security_group_ids = [var.network.security_group_ids.bastion]
  iam_instance_profile   = var.instance_profile

  user_data                   = local.user_data
  user_data_replace_on_change = true

  # Against Terraform it is the first that helps: before a destroy the provider (version 5) lifts the other by itself, and
  # AWS refuses to terminate what must not be stopped.
  disable_api_stop        = var.protect
  disable_api_termination = var.protect
  ebs_optimized           = true
  monitoring              = true

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    http_protocol_ipv6          = "disabled"
    instance_metadata_tags      = "disabled"
  }

  root_block_device {
    encrypted             = true
    kms_key_id            = var.keys.ops
    delete_on_termination = true
    volume_type           = "gp3"
    volume_size           = 16
  }

  tags        = { Name = "${var.names.pit}-bastion", "skep:role" = "bastion" }
  volume_tags = { Name = "${var.names.pit}-bastion", PIT = var.names.pit }

  lifecycle {
    precondition {
      condition     = length(local.user_data) < 16384
      error_message = "admin_ssh_keys: expected less than 16 KB of user data, which is all that EC2 takes; got ${length(local.user_data)} bytes. Give fewer keys."
    }
  }
}

resource "aws_eip" "bastion" {
  domain = "vpc"

  tags = { Name = "${var.names.pit}-bastion" }
}

resource "aws_eip_association" "bastion" {
  instance_id   = aws_instance.bastion.id
  allocation_id = aws_eip.bastion.id
}
