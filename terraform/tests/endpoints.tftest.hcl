mock_provider "aws" {}

override_resource {
  target = aws_vpc_endpoint.s3
  values = { id = "vpce-0000000000000053", prefix_list_id = "pl-00000053" }
}

override_resource {
  target = aws_vpc_endpoint.dynamodb
  values = { id = "vpce-00000000000000db", prefix_list_id = "pl-000000db" }
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

run "endpoints" {
  module {
    source = "./modules/endpoints"
  }

  variables {
    names = run.names
    network = {
      vpc_id          = "vpc-00000000000000001"
      subnet_ids      = { public = "subnet-0000000000000000a", private = "subnet-0000000000000000b", isolated = "subnet-0000000000000000c" }
      route_table_ids = { public = "rtb-0000000000000000a", private = "rtb-0000000000000000b", isolated = "rtb-0000000000000000c" }
      security_group_ids = {
        bastion  = "sg-0000000000000000a", key_host = "sg-0000000000000000b", workers = "sg-0000000000000000c", workstations = "sg-0000000000000000d",
        builders = "sg-0000000000000000e", endpoints = "sg-0000000000000000f",
      }
    }
  }

  assert {
    condition     = toset(keys(aws_vpc_endpoint.interface)) == toset(["kms", "sqs", "sts", "ssm", "ssmmessages", "ec2messages", "ec2", "logs", "sns"])
    error_message = "ctl:N10 there are nine interface endpoints"
  }

  assert {
    condition     = alltrue([for service, endpoint in aws_vpc_endpoint.interface : endpoint.service_name == "com.amazonaws.us-west-2.${service}" && endpoint.vpc_endpoint_type == "Interface" && endpoint.private_dns_enabled && endpoint.vpc_id == "vpc-00000000000000001"])
    error_message = "ctl:N10 each has its service, and the service's own name in DNS"
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.security_group_ids == toset(["sg-0000000000000000f"])])
    error_message = "ctl:N10 each lets in by the endpoints group"
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.subnet_ids == toset(["subnet-0000000000000000c"])])
    error_message = "ctl:N10 each lies in the isolated subnet"
  }

  assert {
    condition     = alltrue([for endpoint in [aws_vpc_endpoint.s3, aws_vpc_endpoint.dynamodb] : endpoint.vpc_endpoint_type == "Gateway" && endpoint.route_table_ids == toset(["rtb-0000000000000000a", "rtb-0000000000000000b", "rtb-0000000000000000c"])]) && aws_vpc_endpoint.s3.service_name == "com.amazonaws.us-west-2.s3" && aws_vpc_endpoint.dynamodb.service_name == "com.amazonaws.us-west-2.dynamodb"
    error_message = "ctl:N10 S3 and DynamoDB are reached by gateway endpoints from every subnet"
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : length(jsondecode(endpoint.policy).Statement) == 1 && alltrue([for statement in jsondecode(endpoint.policy).Statement : try(statement.Condition.StringEquals["aws:PrincipalAccount"], "any") == "123456789012"])])
    error_message = "ctl:N10 each has a policy: this account's principals only"
  }

  assert {
    condition     = toset([for service, endpoint in aws_vpc_endpoint.interface : service if try(jsondecode(endpoint.policy).Statement[0].Condition.StringEquals["aws:ResourceAccount"], "any") == "123456789012"]) == toset(["kms", "logs", "sns", "sqs"])
    error_message = "ctl:N10 keys, queues, topics and log groups are this account's only"
  }

  assert {
    condition     = jsondecode(aws_vpc_endpoint.interface["sts"].policy).Statement[0].Action == ["sts:AssumeRole", "sts:GetCallerIdentity"]
    error_message = "ctl:N10 of STS there is what hosts need"
  }

  assert {
    condition     = [for statement in jsondecode(aws_vpc_endpoint.s3.policy).Statement : statement.Sid] == ["AllowOwnPrincipalsToOwnBuckets", "AllowReadAmazonsPackages"] && alltrue([for statement in jsondecode(aws_vpc_endpoint.s3.policy).Statement : statement.Effect == "Allow"])
    error_message = "ctl:N9 the S3 endpoint's policy allows two things"
  }

  assert {
    condition     = toset(jsondecode(aws_vpc_endpoint.s3.policy).Statement[0].Resource) == toset(flatten([for purpose in ["input", "output", "ancillary", "audit"] : [run.names.bucket_arns[purpose], "${run.names.bucket_arns[purpose]}/*"]]))
    error_message = "ctl:N9 hosts reach their four buckets"
  }

  assert {
    condition     = jsondecode(aws_vpc_endpoint.s3.policy).Statement[0].Condition.StringEquals == { "aws:PrincipalAccount" = "123456789012", "aws:ResourceAccount" = "123456789012" }
    error_message = "ctl:N9 as principals of this account, to buckets of this account"
  }

  assert {
    condition     = !anytrue([for action in jsondecode(aws_vpc_endpoint.s3.policy).Statement[0].Action : strcontains(action, "*") || strcontains(action, "Acl") || strcontains(action, "Policy")])
    error_message = "ctl:N9 and there they do what is named"
  }

  assert {
    condition     = jsondecode(aws_vpc_endpoint.s3.policy).Statement[1].Action == "s3:GetObject"
    error_message = "ctl:N9 of Amazon's buckets objects are read, and nothing else"
  }

  assert {
    condition     = contains(jsondecode(aws_vpc_endpoint.s3.policy).Statement[1].Resource, "arn:aws:s3:::al2023-repos-us-west-2-de612dc2/*") && contains(jsondecode(aws_vpc_endpoint.s3.policy).Statement[1].Resource, "arn:aws:s3:::aws-patch-manager-us-west-2-34d7f99f8/*")
    error_message = "ctl:N9 Amazon Linux's packages and what patches it are among them"
  }

  assert {
    condition     = alltrue([for arn in jsondecode(aws_vpc_endpoint.s3.policy).Statement[1].Resource : can(regex("^arn:aws:s3:::[a-z0-9-]+/\\*$", arn))])
    error_message = "ctl:N9 each is named to its last letter"
  }

  assert {
    condition     = toset(jsondecode(aws_vpc_endpoint.dynamodb.policy).Statement[0].Resource) == toset([run.names.table_arns.ledger, "${run.names.table_arns.ledger}/index/*"]) && jsondecode(aws_vpc_endpoint.dynamodb.policy).Statement[0].Condition.StringEquals == { "aws:PrincipalAccount" = "123456789012", "aws:ResourceAccount" = "123456789012" }
    error_message = "ctl:N9 of DynamoDB there is our ledger, for this account's principals"
  }

  assert {
    condition = toset([for rule in aws_vpc_security_group_egress_rule.gateway : "${rule.security_group_id} ${rule.prefix_list_id} ${rule.ip_protocol} ${rule.from_port}-${rule.to_port}"]) == toset(concat(
      [for group in ["a", "b", "c", "d", "e"] : "sg-0000000000000000${group} pl-00000053 tcp 443-443"],
      [for group in ["a", "b"] : "sg-0000000000000000${group} pl-000000db tcp 443-443"],
    ))
    error_message = "ctl:N5 all hosts get out to S3, bastion and key host to DynamoDB, and workers to S3 alone"
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_egress_rule.gateway : can(regex("^[a-zA-Z0-9 ._:/()#,@+=&;{}!$*-]{10,255}$", rule.description))])
    error_message = "ctl:N7 every rule says what it is for, in the letters that EC2 takes"
  }

  assert {
    condition     = output.s3_endpoint_id == "vpce-0000000000000053"
    error_message = "roles are bound to the S3 endpoint by its id"
  }
}

run "elsewhere" {
  command = plan

  module {
    source = "./modules/names"
  }

  variables {
    pit       = "hipaa_vpc"
    account   = "123456789012"
    region    = "mx-central-1"
    partition = "aws"
  }
}

run "unknown_region" {
  module {
    source = "./modules/endpoints"
  }

  variables {
    names = run.elsewhere
    network = {
      vpc_id             = "vpc-00000000000000001"
      subnet_ids         = { public = "subnet-0000000000000000a", private = "subnet-0000000000000000b", isolated = "subnet-0000000000000000c" }
      route_table_ids    = { public = "rtb-0000000000000000a", private = "rtb-0000000000000000b", isolated = "rtb-0000000000000000c" }
      security_group_ids = { for group in ["bastion", "key_host", "workers", "workstations", "builders", "endpoints"] : group => "sg-${group}" }
    }
  }

  assert {
    condition     = !anytrue([for arn in jsondecode(aws_vpc_endpoint.s3.policy).Statement[1].Resource : strcontains(arn, "patch")]) && contains(jsondecode(aws_vpc_endpoint.s3.policy).Statement[1].Resource, "arn:aws:s3:::al2023-repos-mx-central-1-de612dc2/*")
    error_message = "ctl:N9 where Amazon's name of a bucket is not known, none is guessed"
  }
}
