# How a worker is launched: in the isolated subnet, on hardware of its own, on disks that go with it. The agent adds the
# job's tags and the launch's SSH key, and may change nothing else.

# An image that is neither Amazon's nor this account's is not found here, and the plan ends.
data "aws_ami" "worker" {
  owners = ["amazon", "self"]

  filter {
    name   = "image-id"
    values = [var.image]
  }
}

locals {
  disks = merge(
    { (data.aws_ami.worker.root_device_name) = { size = var.disk_gib, snapshot = null } },
    { for snapshot in [var.reference_snapshot] : "/dev/sdf" => { size = null, snapshot = snapshot } if snapshot != null },
  )
}

resource "aws_launch_template" "worker" {
  name                                 = var.names.templates.worker
  description                          = "One sample, then gone."
  update_default_version               = true
  image_id                             = data.aws_ami.worker.id
  instance_type                        = var.instance_type
  instance_initiated_shutdown_behavior = "terminate"
  disable_api_stop                     = false
  disable_api_termination              = false
  ebs_optimized                        = true

  placement {
    tenancy = var.tenancy
  }

  iam_instance_profile {
    name = var.names.roles.worker
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    http_protocol_ipv6          = "disabled"
    instance_metadata_tags      = "disabled"
  }

  # A worker that AWS moved to other hardware would come back without its memory, which is where the key was.
  maintenance_options {
    auto_recovery = "disabled"
  }

  monitoring {
    enabled = true
  }

  network_interfaces {
    device_index                = 0
    subnet_id                   = var.network.subnet_ids.isolated
    security_groups             = [var.network.security_group_ids.workers]
    associate_public_ip_address = false
    delete_on_termination       = true
  }

  dynamic "block_device_mappings" {
    for_each = local.disks

    content {
      device_name = block_device_mappings.key

      ebs {
        encrypted             = true
        kms_key_id            = var.keys.data
        snapshot_id           = block_device_mappings.value.snapshot
        volume_size           = block_device_mappings.value.size
        volume_type           = "gp3"
        delete_on_termination = true
      }
    }
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume", "network-interface"]

    content {
      resource_type = tag_specifications.value
      tags          = { PIT = var.names.pit, Name = "${var.names.pit}-worker", "skep:role" = "worker" }
    }
  }
}
