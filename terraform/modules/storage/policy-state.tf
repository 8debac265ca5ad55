# Terraform's own memory of both states. Administrators only.

locals {
  state_statements = [
    {
      Sid       = "DenyWriteByRoles"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = ["s3:DeleteObject*", "s3:PutObject*"]
      Resource  = "${local.bucket.state}/*"
      Condition = { ArnEquals = { "aws:PrincipalArn" = local.every_role } }
    },
    {
      Sid       = "DenyReadByRoles"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = ["s3:GetObject*", "s3:ListBucket*"]
      Resource  = [local.bucket.state, "${local.bucket.state}/*"]
      Condition = { ArnEquals = { "aws:PrincipalArn" = [for name, arn in local.role : arn if name != "break_glass"] } }
    },
  ]
}
