# How long things stay. Nothing here is the ordinary end of a sample: the sweeper deletes it when its run is done.

locals {
  lifecycle_rules = {
    # A sample that nobody worked on for a month is not waited for any longer.
    input = [{ id = "samples", prefix = "", expire = 30, noncurrent = 1 }]

    # Results are their owner's, and stay until somebody deletes them.
    output = [{ id = "results", prefix = "", expire = null, noncurrent = 1 }]

    ancillary = [
      { id = "relay", prefix = "relay/", expire = 7, noncurrent = 1 },
      { id = "release", prefix = "release/", expire = null, noncurrent = 90 },
      # The two above do not end an upload to anywhere else that somebody began and left.
      { id = "uploads", prefix = "", expire = null, noncurrent = null },
    ]

    state = [{ id = "state", prefix = "", expire = null, noncurrent = 365 }]

    # Records stay: what is locked cannot go before its time, and what may go then is for people to say.
    audit = [{ id = "records", prefix = "", expire = null, noncurrent = null }]

    config      = [{ id = "configuration", prefix = "", expire = 2192, noncurrent = 1 }]
    access_logs = [{ id = "requests", prefix = "", expire = 2192, noncurrent = 1 }]
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.lifecycle_rules

  bucket = aws_s3_bucket.this[each.key].id

  dynamic "rule" {
    for_each = each.value

    content {
      id     = rule.value.id
      status = "Enabled"

      filter {
        prefix = rule.value.prefix
      }

      abort_incomplete_multipart_upload {
        days_after_initiation = 1
      }

      dynamic "expiration" {
        for_each = rule.value.expire == null ? [] : [rule.value.expire]

        content {
          days = expiration.value
        }
      }

      dynamic "noncurrent_version_expiration" {
        for_each = rule.value.noncurrent == null ? [] : [rule.value.noncurrent]

        content {
          noncurrent_days = noncurrent_version_expiration.value
        }
      }
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [aws_s3_bucket_versioning.this]
}
