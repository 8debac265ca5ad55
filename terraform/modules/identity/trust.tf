# Who may become a role: one service each, for this account. None may set session tags: a tag of the session's would count
# before the role's own, which says through which endpoint it reads.

locals {
  trust = {
    for service in ["ec2", "lambda", "ssm"] : service => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Sid       = "AllowServiceForThisAccount"
        Effect    = "Allow"
        Principal = { Service = "${service}.amazonaws.com" }
        Action    = "sts:AssumeRole"
        # If exists: it is not documented that these services say for whom they take an instance's, a function's or a
        # window's role, and a host without credentials is no safer. The role can be handed to them in this account only.
        Condition = { StringEqualsIfExists = { "aws:SourceAccount" = var.names.account } }
      }]
    })
  }
}
