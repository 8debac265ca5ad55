# The ops key: everything without PHI. Who uses it for what, through which service.

locals {
  ops_statements = concat(
    [local.administer],
    local.disks,
    [for sid, use in local.ops_objects : {
      Sid       = sid
      Effect    = "Allow"
      Principal = local.own_account
      Action    = use.actions
      Resource  = "*"
      Condition = merge(use.who, {
        StringEquals = { "kms:ViaService" = local.through.s3 }
        StringLike   = { "kms:EncryptionContext:aws:s3:arn" = use.objects }
      })
    }],
    # An image of our own and the reference data lie under this key: EC2 puts a host's copy under the key of its disk.
    [for who, condition in local.starters : {
      Sid       = "${who}HaveImagesCopied"
      Effect    = "Allow"
      Principal = local.own_account
      Action    = "kms:ReEncryptFrom"
      Resource  = "*"
      Condition = merge(condition, { StringEquals = { "kms:ViaService" = local.through.ec2 } })
    }],
    [
      {
        Sid       = "LedgerIsReadAndWritten"
        Effect    = "Allow"
        Principal = local.own_account
        Action    = "kms:Decrypt"
        Resource  = "*"
        Condition = {
          ArnEquals = { "aws:PrincipalArn" = [local.role.auditor, local.role.bastion, local.role.intake, local.role.key_host] }
          StringEquals = {
            "kms:ViaService"                               = local.through.dynamodb
            "kms:EncryptionContext:aws:dynamodb:tableName" = var.names.tables.ledger
          }
        }
      },
      {
        Sid       = "QueuesAreUsed"
        Effect    = "Allow"
        Principal = local.own_account
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
        Condition = {
          ArnEquals = { "aws:PrincipalArn" = [local.role.bastion, local.role.intake, local.role.worker] }
          StringEquals = {
            "kms:ViaService"                    = local.through.sqs
            "kms:EncryptionContext:aws:sqs:arn" = values(var.names.queue_arns)
          }
        }
      },
      {
        Sid       = "NoticesAreSent"
        Effect    = "Allow"
        Principal = local.own_account
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
        Condition = {
          ArnEquals = { "aws:PrincipalArn" = local.role.bastion }
          StringEquals = {
            "kms:ViaService"                         = local.through.sns
            "kms:EncryptionContext:aws:sns:topicArn" = var.names.topic_arns.notices
          }
        }
      },
      {
        Sid       = "IntakeKeepsItsSecrets"
        Effect    = "Allow"
        Principal = local.own_account
        Action    = ["kms:Decrypt", "kms:Encrypt"]
        Resource  = "*"
        Condition = {
          ArnEquals    = { "aws:PrincipalArn" = local.role.intake }
          StringEquals = { "kms:ViaService" = local.through.ssm }
          StringLike   = { "kms:EncryptionContext:PARAMETER_ARN" = "${var.names.parameter_path_arns.intake}/*" }
        }
      },
      {
        Sid       = "FunctionReadsItsEnvironment"
        Effect    = "Allow"
        Principal = local.own_account
        Action    = "kms:Decrypt"
        Resource  = "*"
        Condition = {
          ArnEquals = { "aws:PrincipalArn" = local.role.intake }
          StringEquals = {
            "kms:ViaService"                               = local.through.lambda
            "kms:EncryptionContext:aws:lambda:FunctionArn" = var.names.function_arns.intake
          }
        }
      },
      {
        Sid       = "AdministratorsGrantToServices"
        Effect    = "Allow"
        Principal = local.own_account
        Action    = "kms:CreateGrant"
        Resource  = "*"
        Condition = merge(local.administrators, {
          Bool         = { "kms:GrantIsForAWSResource" = "true" }
          StringEquals = { "kms:ViaService" = [local.through.dynamodb, local.through.lambda] }
        })
      },
      {
        Sid       = "AdministratorsMakeTheLedger"
        Effect    = "Allow"
        Principal = local.own_account
        Action    = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
        Resource  = "*"
        Condition = merge(local.administrators, {
          StringEquals = {
            "kms:ViaService"                               = local.through.dynamodb
            "kms:EncryptionContext:aws:dynamodb:tableName" = var.names.tables.ledger
          }
        })
      },
      {
        # It holds no secret. Terraform cannot compare what it may not read.
        Sid       = "AdministratorsSetTheEnvironmentOfFunctions"
        Effect    = "Allow"
        Principal = local.own_account
        Action    = ["kms:Decrypt", "kms:Encrypt"]
        Resource  = "*"
        Condition = merge(local.administrators, {
          StringEquals = {
            "kms:ViaService"                               = local.through.lambda
            "kms:EncryptionContext:aws:lambda:FunctionArn" = values(var.names.function_arns)
          }
        })
      },
    ],
  )
}
