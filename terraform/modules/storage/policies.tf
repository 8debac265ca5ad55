# Every policy: what holds for all buckets, then what its own file says. Roles are named in conditions and never as
# principals: whoever is named as a principal has to exist before the bucket does. A role of this account still needs its
# own policy to let it in: what stands here is denials, and what AWS services may do as themselves.
# An administrator is none of the roles. Nothing here keeps one from looking after a bucket, nor from asking whether it is
# there, which Terraform does and S3 takes for a listing.

locals {
  everybody  = { AWS = "*" }
  bucket     = var.names.bucket_arns
  role       = var.names.role_arns
  every_role = values(var.names.role_arns)

  # A random id of 36 characters. What it is made of is looked at by intake: a policy can only count.
  uuid = "????????-????-????-????-????????????"

  transport = {
    for purpose, arn in local.bucket : purpose => [
      {
        Sid       = "DenyPlainHttp"
        Effect    = "Deny"
        Principal = local.everybody
        Action    = "s3:*"
        Resource  = [arn, "${arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "DenyOldTls"
        Effect    = "Deny"
        Principal = local.everybody
        Action    = "s3:*"
        Resource  = [arn, "${arn}/*"]
        Condition = { NumericLessThan = { "s3:TlsVersion" = "1.2" } }
      },
    ]
  }

  # Where people and programs of ours write, each upload says that it is encrypted, and with which key.
  not_kms = {
    for purpose in ["input", "output", "ancillary"] : purpose => [{
      Sid       = "DenyNotKms"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:PutObject"
      Resource  = "${local.bucket[purpose]}/*"
      Condition = { StringNotEquals = { "s3:x-amz-server-side-encryption" = "aws:kms" } }
    }]
  }

  wrong_key = {
    for purpose, key in { input = var.keys.data, ancillary = var.keys.ops } : purpose => [{
      Sid       = "DenyWrongKey"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:PutObject"
      Resource  = "${local.bucket[purpose]}/*"
      Condition = { StringNotEquals = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = key } }
    }]
  }

  # Services say nothing, and get the bucket's own key. Whoever says something else is refused.
  other_encryption = {
    for purpose in ["state", "audit", "config"] : purpose => [
      merge({
        Sid       = "DenyOtherEncryption"
        Effect    = "Deny"
        Principal = local.everybody
        Action    = "s3:PutObject"
        Condition = {
          StringNotEquals = { "s3:x-amz-server-side-encryption" = "aws:kms" }
          Null            = { "s3:x-amz-server-side-encryption" = "false" }
        }
        # CloudTrail encrypts the digests of its files with S3's own key, whatever the trail says.
      }, purpose == "audit" ? { NotResource = local.trail_digests } : { Resource = "${local.bucket[purpose]}/*" }),
      {
        Sid       = "DenyOtherKey"
        Effect    = "Deny"
        Principal = local.everybody
        Action    = "s3:PutObject"
        Resource  = "${local.bucket[purpose]}/*"
        Condition = {
          StringNotEquals = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = var.keys.ops }
          Null            = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = "false" }
        }
      },
    ]
  }

  outsiders = {
    for purpose, arn in local.bucket : purpose => [{
      Sid       = "DenyOtherAccounts"
      Effect    = "Deny"
      Principal = local.everybody
      Action    = "s3:*"
      Resource  = [arn, "${arn}/*"]
      Condition = {
        StringNotEqualsIfExists = { "aws:PrincipalAccount" = var.names.account }
        BoolIfExists            = { "aws:PrincipalIsAWSService" = "false" }
      }
    }]
  }

  own_statements = {
    input       = local.input_statements
    output      = local.output_statements
    ancillary   = local.ancillary_statements
    state       = local.state_statements
    audit       = local.audit_statements
    config      = local.config_statements
    access_logs = local.access_logs_statements
  }

  service_statements = {
    audit       = local.audit_service_statements
    config      = local.config_service_statements
    access_logs = local.access_logs_service_statements
  }

  policies = { for purpose, own in local.own_statements : purpose => concat(
    local.transport[purpose],
    try(local.not_kms[purpose], []),
    try(local.wrong_key[purpose], []),
    try(local.other_encryption[purpose], []),
    own,
    local.outsiders[purpose],
    try(local.service_statements[purpose], []),
  ) }
}
