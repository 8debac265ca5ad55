# What gets through to S3 and DynamoDB: our own principals to our own buckets and tables. Hosts have no business with the
# state, access-log and config buckets, so these are not on the list.

locals {
  own_only = {
    StringEquals = { "aws:PrincipalAccount" = var.names.account, "aws:ResourceAccount" = var.names.account }
  }

  host_buckets = [for purpose in ["input", "output", "ancillary", "audit"] : var.names.bucket_arns[purpose]]

  s3_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AllowOwnPrincipalsToOwnBuckets"
        Effect    = "Allow"
        Principal = "*"
        Action = [
          "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:GetObjectVersion",
          "s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions", "s3:ListMultipartUploadParts", "s3:PutObject",
        ]
        Resource  = flatten([for arn in local.host_buckets : [arn, "${arn}/*"]])
        Condition = local.own_only
      },
      {
        # Fetched without credentials, so there is no principal to ask for: reading, and from these buckets alone.
        Sid       = "AllowReadAmazonsPackages"
        Effect    = "Allow"
        Principal = "*"
        Action    = "s3:GetObject"
        Resource  = [for bucket in local.amazon_buckets : "arn:${var.names.partition}:s3:::${bucket}/*"]
      },
    ]
  })

  dynamodb_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AllowOwnPrincipalsToOwnTables"
      Effect    = "Allow"
      Principal = "*"
      Action = [
        "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem",
        "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem",
      ]
      Resource  = flatten([for arn in values(var.names.table_arns) : [arn, "${arn}/index/*"]])
      Condition = local.own_only
    }]
  })
}
