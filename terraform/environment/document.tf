# What skep has to know of this environment: one document, ids by name. It lies in a parameter for programs, and is an output
# for people. `cloud/aws/environment.ts` reads it; a test holds the two to each other.

locals {
  document = {
    schema    = 1
    pit       = module.names.pit
    partition = module.names.partition
    account   = module.names.account
    region    = module.names.region
    tenancy   = local.settings.tenancy

    network = {
      vpc               = module.network.vpc_id
      cidr              = module.network.vpc_cidr
      availability_zone = module.network.availability_zone
      nat_address       = module.network.nat_address
      subnets           = module.network.subnet_ids
      security_groups   = module.network.security_group_ids
      endpoints = merge(
        { s3 = module.endpoints.s3_endpoint_id, dynamodb = module.endpoints.dynamodb_endpoint_id },
        module.endpoints.interface_endpoint_ids,
      )
    }

    bastion = {
      instance        = module.bastion.instance_id
      public_address  = module.bastion.public_address
      private_address = module.bastion.private_address
    }

    key_host = {
      instance        = module.key_host.instance_id
      private_address = module.key_host.private_address
    }

    worker = {
      template         = module.workers.template_id
      template_name    = module.workers.template_name
      template_version = module.workers.template_version
      instance_type    = local.settings.instance_types.worker
    }

    images    = local.settings.images
    buckets   = module.names.buckets
    keys      = local.keys
    roles     = module.names.role_arns
    tables    = { ledger = module.ledger.table }
    queues    = merge(module.messaging.queue_urls, module.intake.queue_urls)
    topics    = module.names.topic_arns
    functions = { intake = module.intake.function }
  }
}

resource "aws_ssm_parameter" "environment" {
  name           = module.names.parameters.environment
  description    = "What skep has to know of ${module.names.pit}: ids and names, no secret."
  type           = "String"
  tier           = "Advanced"
  insecure_value = jsonencode(local.document) # no secret, and a plan is to show what changes in it

  lifecycle {
    precondition {
      condition     = length(jsonencode(local.document)) < 8192
      error_message = "The environment's document is ${length(jsonencode(local.document))} characters long; a parameter takes 8192. Take out of it what skep does not read."
    }
  }
}
