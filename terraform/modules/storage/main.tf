# The seven buckets. What differs between them is in this table, in lifecycle.tf, and in one policy file each.

locals {
  buckets = {
    # PHI. No bucket key: KMS is asked for each object, by name, and the trail says which one was opened.
    input  = { key = var.keys.data, bucket_key = false }
    output = { key = var.keys.data, bucket_key = false }

    ancillary   = { key = var.keys.ops, bucket_key = true }
    audit       = { key = var.keys.ops, bucket_key = true }
    config      = { key = var.keys.ops, bucket_key = true }
    state       = { key = var.keys.ops, bucket_key = true }
    access_logs = { key = null, bucket_key = null } # S3 delivers its logs to buckets under its own key
  }
}

resource "aws_s3_bucket" "this" {
  for_each = local.buckets

  bucket              = var.names.buckets[each.key]
  force_destroy       = false
  object_lock_enabled = each.key == "audit"

  tags = { Name = var.names.buckets[each.key] }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.buckets

  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    bucket_key_enabled = each.value.bucket_key

    apply_server_side_encryption_by_default {
      sse_algorithm     = each.value.key == null ? "AES256" : "aws:kms"
      kms_master_key_id = each.value.key
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  versioning_configuration {
    status = "Enabled"
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_object_lock_configuration" "audit" {
  bucket = aws_s3_bucket.this["audit"].id

  rule {
    default_retention {
      mode = var.audit_lock.mode
      days = var.audit_lock.days
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.policies

  bucket = aws_s3_bucket.this[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value })

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [aws_s3_bucket_public_access_block.this]
}

# Who asked what of each bucket, but for the one that this is written to.
resource "aws_s3_bucket_logging" "this" {
  for_each = { for purpose, bucket in local.buckets : purpose => bucket if purpose != "access_logs" }

  bucket        = aws_s3_bucket.this[each.key].id
  target_bucket = aws_s3_bucket.this["access_logs"].id
  target_prefix = "${each.key}/"

  lifecycle {
    prevent_destroy = true
  }

  # S3 tries whether it may write there.
  depends_on = [aws_s3_bucket_policy.this]
}
