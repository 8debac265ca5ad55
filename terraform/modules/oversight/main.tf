# Who looks at everybody: the auditor at what was written down, and in an emergency break-glass at what nobody may read.
# A role that nobody may take would have to name somebody all the same: without names there is none. Naming somebody is an
# apply, and the trail tells of it.

locals {
  through = { for service in ["dynamodb", "s3"] : service => "${service}.${var.names.region}.amazonaws.com" }
}
