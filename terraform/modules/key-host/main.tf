# The host that keeps HomerKey. No public address, no way out but to AWS endpoints; its disk has the data key.

# An image that is neither Amazon's nor this account's is not found here, and the plan ends.
data "aws_ami" "key_host" {
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

resource "aws_instance" "key_host" {
  ami                         = data.aws_ami.key_host.id
  instance_type               = var.instance_type
  tenancy                     = var.tenancy
  subnet_id                   = var.network.subnet_ids.isolated
  vpc_security_group_ids      = [var.network.security_group_ids.key_host]
  associate_public_ip_address = false
  iam_instance_profile        = var.instance_profile

  # A new key of an administrator is no reason to lose HomerKey: the host is kept, and the key is put there by hand.
  user_data                   = local.user_data
  user_data_replace_on_change = false

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
    kms_key_id            = var.keys.data
    delete_on_termination = true
    volume_type           = "gp3"
    volume_size           = 16
  }

  tags        = { Name = "${var.names.pit}-key-host", "skep:role" = "key-host" }
  volume_tags = { Name = "${var.names.pit}-key-host", PIT = var.names.pit }

  lifecycle {
    precondition {
      condition     = length(local.user_data) < 16384
      error_message = "admin_ssh_keys: expected less than 16 KB of user data, which is all that EC2 takes; got ${length(local.user_data)} bytes. Give fewer keys."
    }
  }
}
