mock_provider "aws" {
  mock_data "aws_ami" {
    defaults = { id = "ami-0b0000000000000b1", owner_id = "137112412989" }
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

run "bastion" {
  module {
    source = "./modules/bastion"
  }

  variables {
    names            = run.names
    keys             = { data = "arn:aws:kms:us-west-2:123456789012:key/data", ops = "arn:aws:kms:us-west-2:123456789012:key/ops", ticket = "arn:aws:kms:us-west-2:123456789012:key/ticket" }
    network          = { subnet_ids = { public = "subnet-a", private = "subnet-b", isolated = "subnet-c" }, security_group_ids = { bastion = "sg-a", key_host = "sg-b" } }
    instance_profile = "hipaa_vpc-bastion"
    image            = "ami-0b0000000000000b1"
    instance_type    = "m6i.large"
    tenancy          = "dedicated"
    admin_ssh_keys   = ["ssh-ed25519 AAAA first", "ssh-ed25519 BBBB second"]
    protect          = true
  }

  assert {
    condition     = aws_instance.bastion.tenancy == "dedicated"
    error_message = "ctl:N1 the bastion is dedicated"
  }

  assert {
    condition     = aws_instance.bastion.subnet_id == "subnet-a" && aws_instance.bastion.vpc_security_group_ids == toset(["sg-a"]) && aws_instance.bastion.iam_instance_profile == "hipaa_vpc-bastion"
    error_message = "the bastion stands in the public subnet, in its group, with its role"
  }

  assert {
    condition     = aws_eip_association.bastion.instance_id == aws_instance.bastion.id && aws_eip_association.bastion.allocation_id == aws_eip.bastion.id
    error_message = "ctl:N3 the bastion holds an Elastic IP"
  }

  assert {
    condition     = [for options in aws_instance.bastion.metadata_options : [options.http_endpoint, options.http_tokens, options.http_put_response_hop_limit, options.instance_metadata_tags]] == [["enabled", "required", 1, "disabled"]]
    error_message = "ctl:E1 metadata by IMDSv2, one hop, no tags"
  }

  assert {
    condition     = [for disk in aws_instance.bastion.root_block_device : [disk.encrypted, disk.kms_key_id, disk.delete_on_termination]] == [[true, "arn:aws:kms:us-west-2:123456789012:key/ops", true]]
    error_message = "ctl:E2 its disk is encrypted with the key ops, and goes with it"
  }

  assert {
    condition     = aws_instance.bastion.disable_api_termination && aws_instance.bastion.disable_api_stop
    error_message = "protected, it is neither stopped nor terminated"
  }

  assert {
    condition     = data.aws_ami.bastion.owners == tolist(["amazon", "self"]) && [for filter in data.aws_ami.bastion.filter : [filter.name, filter.values]] == [["image-id", toset(["ami-0b0000000000000b1"])]] && aws_instance.bastion.ami == "ami-0b0000000000000b1"
    error_message = "ctl:E7 its image is the one on the list, and Amazon's or our own"
  }

  assert {
    condition     = aws_instance.bastion.monitoring && aws_instance.bastion.ebs_optimized
    error_message = "ctl:E9 detailed monitoring, EBS-optimised"
  }

  assert {
    condition     = startswith(aws_instance.bastion.user_data, "#cloud-config\n") && yamldecode(aws_instance.bastion.user_data) == { ssh_authorized_keys = ["ssh-ed25519 AAAA first", "ssh-ed25519 BBBB second"] }
    error_message = "ctl:E4 user data are the administrators' public keys, and nothing else"
  }

  assert {
    condition     = aws_instance.bastion.tags["skep:role"] == "bastion" && aws_instance.bastion.volume_tags["PIT"] == "hipaa_vpc"
    error_message = "host and disk say whose they are"
  }
}

run "unprotected" {
  command = plan

  module {
    source = "./modules/bastion"
  }

  variables {
    names            = run.names
    keys             = { data = "arn:aws:kms:us-west-2:123456789012:key/data", ops = "arn:aws:kms:us-west-2:123456789012:key/ops", ticket = "arn:aws:kms:us-west-2:123456789012:key/ticket" }
    network          = { subnet_ids = { public = "subnet-a" }, security_group_ids = { bastion = "sg-a" } }
    instance_profile = "hipaa_vpc-bastion"
    image            = "ami-0b0000000000000b1"
    instance_type    = "m6i.large"
    tenancy          = "default"
    admin_ssh_keys   = ["ssh-ed25519 AAAA first"]
    protect          = false
  }

  assert {
    condition     = !aws_instance.bastion.disable_api_termination && !aws_instance.bastion.disable_api_stop && aws_instance.bastion.tenancy == "default"
    error_message = "with protect = false it may go; tenancy is what was asked for"
  }
}

run "too_many_keys" {
  command = plan

  module {
    source = "./modules/bastion"
  }

  variables {
    names            = run.names
    keys             = { data = "arn:aws:kms:us-west-2:123456789012:key/data", ops = "arn:aws:kms:us-west-2:123456789012:key/ops", ticket = "arn:aws:kms:us-west-2:123456789012:key/ticket" }
    network          = { subnet_ids = { public = "subnet-a" }, security_group_ids = { bastion = "sg-a" } }
    instance_profile = "hipaa_vpc-bastion"
    image            = "ami-0b0000000000000b1"
    instance_type    = "m6i.large"
    tenancy          = "dedicated"
    admin_ssh_keys   = [for number in range(40) : "ssh-rsa ${format("%0400d", number)} admin"]
    protect          = true
  }

  expect_failures = [aws_instance.bastion]
}
