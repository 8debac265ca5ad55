# Not a root to apply: `terraform test` runs here, so that one init serves the tests of every module. See foundation/ and environment/.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 6"
    }
  }
}
