mock_provider "aws" {
  mock_data "aws_ami" {
    defaults = { id = "ami-0f0000000000000f3", owner_id = "137112412989", root_device_name = "/dev/xvda" }
  }
}

run "names" {
  command = plan

  module {
    source = "./modules/names"
  }

  variables {
    pit       = "hipaa_vpc"
    account   = "123456789012"
    region    = "us-west-2"
    partition = "aws"
  }
}

run "workers" {
  command = plan

  module {
    source = "./modules/workers"
  }

  variables {
    names              = run.names
    keys               = { data = "arn:aws:kms:us-west-2:123456789012:key/data", ops = "arn:aws:kms:us-west-2:123456789012:key/ops", ticket = "arn:aws:kms:us-west-2:123456789012:key/ticket" }
    network            = { subnet_ids = { public = "subnet-a", private = "subnet-b", isolated = "subnet-c" }, security_group_ids = { bastion = "sg-a", workers = "sg-c" } }
    image              = "ami-0f0000000000000f3"
    instance_type      = "m6i.xlarge"
    tenancy            = "dedicated"
    disk_gib           = 64
    reference_snapshot = "snap-0123456789abcdef0"
  }

  assert {
    condition     = aws_launch_template.worker.name == run.names.templates.worker && aws_launch_template.worker.instance_type == "m6i.xlarge" && aws_launch_template.worker.update_default_version
    error_message = "the template has the name that roles speak of, and its newest version is what is launched"
  }

  assert {
    condition     = one(aws_launch_template.worker.placement).tenancy == "dedicated"
    error_message = "ctl:N1 workers are dedicated"
  }

  assert {
    condition     = [for network in aws_launch_template.worker.network_interfaces : [network.associate_public_ip_address, network.subnet_id]] == [["false", "subnet-c"]]
    error_message = "ctl:N3 ctl:N5 a worker has no public address, and is in the subnet without a way out"
  }

  assert {
    condition     = one(aws_launch_template.worker.network_interfaces).security_groups == toset(["sg-c"])
    error_message = "ctl:N6 a worker is in the workers' group alone"
  }

  assert {
    condition     = [for options in aws_launch_template.worker.metadata_options : [options.http_endpoint, options.http_tokens, options.http_put_response_hop_limit, options.instance_metadata_tags]] == [["enabled", "required", 1, "disabled"]]
    error_message = "ctl:E1 metadata by IMDSv2, one hop, no tags"
  }

  assert {
    condition     = { for disk in aws_launch_template.worker.block_device_mappings : disk.device_name => [disk.ebs[0].encrypted, disk.ebs[0].kms_key_id] } == { for device in ["/dev/xvda", "/dev/sdf"] : device => ["true", "arn:aws:kms:us-west-2:123456789012:key/data"] }
    error_message = "ctl:E2 both disks are encrypted with the key data"
  }

  assert {
    condition     = [for disk in aws_launch_template.worker.block_device_mappings : disk.ebs[0].volume_size if disk.device_name == "/dev/xvda"] == [64] && [for disk in aws_launch_template.worker.block_device_mappings : disk.ebs[0].snapshot_id if disk.device_name == "/dev/sdf"] == ["snap-0123456789abcdef0"]
    error_message = "the disk has the size that was asked for, the reference volume comes from its snapshot"
  }

  assert {
    condition     = alltrue([for disk in aws_launch_template.worker.block_device_mappings : disk.ebs[0].delete_on_termination == "true"]) && alltrue([for network in aws_launch_template.worker.network_interfaces : network.delete_on_termination == "true"])
    error_message = "ctl:E3 disks and interface go with the worker"
  }

  assert {
    condition     = aws_launch_template.worker.instance_initiated_shutdown_behavior == "terminate" && !aws_launch_template.worker.disable_api_termination && !aws_launch_template.worker.disable_api_stop
    error_message = "ctl:E3 a worker that shuts down is terminated, and may be terminated"
  }

  assert {
    condition     = one(aws_launch_template.worker.maintenance_options).auto_recovery == "disabled" && length(aws_launch_template.worker.hibernation_options) == 0
    error_message = "ctl:E3 no worker is woken up again elsewhere, and none sleeps"
  }

  assert {
    condition     = length(aws_launch_template.worker.instance_market_options) == 0 && aws_launch_template.worker.key_name == null && aws_launch_template.worker.user_data == null
    error_message = "ctl:E4 the template has no key pair and no user data: each launch brings its own"
  }

  assert {
    condition     = data.aws_ami.worker.owners == tolist(["amazon", "self"]) && [for filter in data.aws_ami.worker.filter : [filter.name, filter.values]] == [["image-id", toset(["ami-0f0000000000000f3"])]] && aws_launch_template.worker.image_id == "ami-0f0000000000000f3"
    error_message = "ctl:E7 the image is the one on the list, and Amazon's or our own"
  }

  assert {
    condition     = one(aws_launch_template.worker.monitoring).enabled && aws_launch_template.worker.ebs_optimized == "true"
    error_message = "ctl:E9 detailed monitoring, EBS-optimised"
  }

  assert {
    condition     = one(aws_launch_template.worker.iam_instance_profile).name == run.names.roles.worker
    error_message = "a worker has the role worker"
  }

  assert {
    condition     = { for specification in aws_launch_template.worker.tag_specifications : specification.resource_type => specification.tags["PIT"] } == { instance = "hipaa_vpc", volume = "hipaa_vpc", network-interface = "hipaa_vpc" } && alltrue([for specification in aws_launch_template.worker.tag_specifications : specification.tags["skep:role"] == "worker"])
    error_message = "instance, disk and interface say whose they are: the sweep finds them by that"
  }
}

run "no_reference" {
  command = plan

  module {
    source = "./modules/workers"
  }

  variables {
    names              = run.names
    keys               = { data = "arn:aws:kms:us-west-2:123456789012:key/data", ops = "arn:aws:kms:us-west-2:123456789012:key/ops", ticket = "arn:aws:kms:us-west-2:123456789012:key/ticket" }
    network            = { subnet_ids = { isolated = "subnet-c" }, security_group_ids = { workers = "sg-c" } }
    image              = "ami-0f0000000000000f3"
    instance_type      = "m6i.xlarge"
    tenancy            = "dedicated"
    disk_gib           = 16
    reference_snapshot = null
  }

  assert {
    condition     = [for disk in aws_launch_template.worker.block_device_mappings : [disk.device_name, disk.ebs[0].volume_size]] == [["/dev/xvda", 16]]
    error_message = "without a snapshot there is one disk"
  }
}
