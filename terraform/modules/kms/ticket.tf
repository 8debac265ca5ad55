# The ticket key: intake's word that this very object version may be worked on. Nobody else can give it.

locals {
  ticket_statements = [
    local.administer,
    {
      Sid       = "IntakeSigns"
      Effect    = "Allow"
      Principal = local.own_account
      Action    = "kms:Sign"
      Resource  = "*"
      Condition = {
        ArnEquals    = { "aws:PrincipalArn" = local.role.intake }
        StringEquals = { "kms:SigningAlgorithm" = "ECDSA_SHA_256" }
      }
    },
    {
      Sid       = "WhoeverHoldsATicketChecksIt"
      Effect    = "Allow"
      Principal = local.own_account
      Action    = ["kms:DescribeKey", "kms:GetPublicKey", "kms:Verify"]
      Resource  = "*"
      Condition = {
        ArnEquals = {
          "aws:PrincipalArn" = [local.role.auditor, local.role.bastion, local.role.intake, local.role.key_host, local.role.worker]
        }
      }
    },
    {
      Sid       = "DenySignExceptIntake"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "kms:Sign"
      Resource  = "*"
      Condition = { ArnNotEquals = { "aws:PrincipalArn" = local.role.intake } }
    },
  ]
}
