# Each run makes one mistake in every variable that is named. Which words are said is shown in test/terraform/mistakes.ts.

mock_provider "aws" {}

override_data {
  target = data.aws_ssm_parameter.foundation
  values = { value = "{\"keys\":{\"data\":\"arn:aws:kms:us-west-2:123456789012:key/1\",\"ops\":\"arn:aws:kms:us-west-2:123456789012:key/2\",\"ticket\":\"arn:aws:kms:us-west-2:123456789012:key/3\"}}" }
}

variables {
  pit               = "hipaa_vpc"
  region            = "us-west-2"
  availability_zone = "us-west-2a"
  ssh_networks      = ["203.0.113.0/24"]
  images            = { bastion = "ami-0123456789abcdef0", key_host = "ami-0123456789abcdef0", worker = "ami-0123456789abcdef0" }
  admin_ssh_keys    = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDIJ6X5sRmMnvYyVtVPgj2nHpTHZ0bJtPYKlbzxLNFpe admin"]
}

run "foundation_refuses" {
  command = plan
  module {
    source = "./foundation"
  }

  variables {
    pit                    = "x"
    region                 = "us-west"
    break_glass_principals = ["*"]
    auditor_principals     = ["*"]
    alarm_emails           = ["office"]
    audit_lock_mode        = "compliance"
  }

  expect_failures = [
    var.pit, var.region, var.break_glass_principals, var.auditor_principals, var.alarm_emails, var.audit_lock_mode,
  ]
}

run "foundation_refuses_less_obvious_mistakes" {
  command = plan
  module {
    source = "./foundation"
  }

  variables {
    pit                    = "aws_hipaa"
    region                 = "US-WEST-2"
    break_glass_principals = ["arn:aws:iam::123456789012:root"]
    auditor_principals     = ["arn:aws:iam::123456789012:role/fine", "123456789012"]
    alarm_emails           = ["fine@example.org", "a b@example.org"]
    audit_lock_days        = 2191
  }

  expect_failures = [
    var.pit, var.region, var.break_glass_principals, var.auditor_principals, var.alarm_emails, var.audit_lock_days,
  ]
}

run "foundation_refuses_days_that_are_none" {
  command = plan
  module {
    source = "./foundation"
  }

  variables {
    pit             = "a__b"
    region          = "us-west-2a"
    audit_lock_mode = "GOVERNANCE"
    audit_lock_days = 1.5
  }

  expect_failures = [var.pit, var.region, var.audit_lock_days]
}

run "environment_refuses" {
  command = plan
  module {
    source = "./environment"
  }

  variables {
    pit                  = "9lives"
    region               = "us-west"
    vpc_cidr             = "10.0.0.0/8"
    ssh_networks         = ["0.0.0.0/0"] # ctl:N4
    tenancy              = "host"
    images               = { bastion = "ami-0123456789abcdef0", key_host = "ami-0123456789abcdef0", worker = "al2023" }
    instance_types       = { bastion = "t3.micro", key_host = "m6i.large", worker = "m6i.large" }
    admin_ssh_keys       = []
    uploader_principals  = ["*"]
    recipient_principals = ["*"]
    notice_emails        = ["office"]
    worker_disk_gib      = 8
    reference_snapshot   = "vol-0123456789abcdef0"
    intake_bundle        = "no/such.zip"
    log_retention_days   = 30
  }

  expect_failures = [
    var.pit, var.region, var.vpc_cidr, var.ssh_networks, var.tenancy, var.images, var.instance_types, var.admin_ssh_keys, var.uploader_principals,
    var.recipient_principals, var.notice_emails, var.worker_disk_gib, var.reference_snapshot, var.intake_bundle, var.log_retention_days,
  ]
}

run "environment_refuses_less_obvious_mistakes" {
  command = plan
  module {
    source = "./environment"
  }

  variables {
    pit                  = "abcdefghijklmnopqrs"
    availability_zone    = "us-east-1a"
    subnet_cidrs         = { public = "10.1.0.0/24", private = "10.0.1.0/24", isolated = "10.0.2.0/24" }
    ssh_networks         = ["203.0.112.0/23"]
    images               = { bastion = "ami-012345678", key_host = "ami-0123456789abcdef0", worker = "ami-0123456789abcdef0" }
    instance_types       = { bastion = "m6i.large", key_host = "m6i.large", worker = "large" }
    admin_ssh_keys       = ["-----BEGIN OPENSSH PRIVATE KEY-----"]
    uploader_principals  = ["arn:aws:sts::123456789012:assumed-role/x/y"]
    recipient_principals = ["arn:aws:iam::123456789012:role/fine", "arn:aws:iam::123456789012:root"]
    worker_disk_gib      = 64.5
    log_retention_days   = 366
  }

  expect_failures = [
    var.pit, var.availability_zone, var.subnet_cidrs, var.ssh_networks, var.images, var.instance_types, var.admin_ssh_keys,
    var.uploader_principals, var.recipient_principals, var.worker_disk_gib, var.log_retention_days,
  ]
}

run "environment_refuses_networks_that_overlap" {
  command = plan
  module {
    source = "./environment"
  }

  variables {
    pit               = "a-"
    availability_zone = "us-west-2a,us-west-2b"
    subnet_cidrs      = { public = "10.0.0.0/24", private = "10.0.0.128/25", isolated = "10.0.2.0/24" }
    ssh_networks      = ["2001:db8::/64"]
    admin_ssh_keys    = ["ssh-dss AAAAB3NzaC1kc3M= old"]
    worker_disk_gib   = 20000
  }

  expect_failures = [var.pit, var.availability_zone, var.subnet_cidrs, var.ssh_networks, var.admin_ssh_keys, var.worker_disk_gib]
}

run "environment_refuses_a_subnet_that_is_the_whole" {
  command = plan
  module {
    source = "./environment"
  }

  variables {
    pit          = "hipaa.vpc"
    subnet_cidrs = { public = "10.0.0.0/16", private = "10.0.1.0/24", isolated = "10.0.2.0/24" }
    ssh_networks = ["203.0.113.7/24"]
  }

  expect_failures = [var.pit, var.subnet_cidrs, var.ssh_networks]
}

run "environment_refuses_a_subnet_that_is_too_small" {
  command = plan
  module {
    source = "./environment"
  }

  variables {
    pit          = "SSM-x"
    subnet_cidrs = { public = "10.0.0.0/24", private = "10.0.1.0/29", isolated = "10.0.2.0/24" }
    ssh_networks = []
  }

  expect_failures = [var.pit, var.subnet_cidrs, var.ssh_networks]
}

run "environment_refuses_a_subnet_that_begins_in_the_middle" {
  command = plan
  module {
    source = "./environment"
  }

  variables {
    pit          = "sg-hipaa"
    subnet_cidrs = { public = "10.0.0.0/24", private = "10.0.1.0/24", isolated = "10.0.2.7/24" }
    ssh_networks = ["203.0.113.7"]
  }

  expect_failures = [var.pit, var.subnet_cidrs, var.ssh_networks]
}

run "environment_refuses_a_network_that_is_not_v4" {
  command = plan
  module {
    source = "./environment"
  }

  variables {
    vpc_cidr = "2001:db8::/56"
  }

  expect_failures = [var.vpc_cidr]
}

run "environment_refuses_a_network_that_begins_in_the_middle" {
  command = plan
  module {
    source = "./environment"
  }

  variables {
    vpc_cidr = "10.0.0.5/16"
  }

  expect_failures = [var.vpc_cidr]
}
