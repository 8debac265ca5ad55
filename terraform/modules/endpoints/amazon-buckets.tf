# Amazon's own buckets that a host reads without leaving the network: packages of Amazon Linux 2023, and what the SSM
# agent fetches for itself, for commands and for patching. Named one by one: the name of a key that is asked for can
# carry data too, so a star at the end of a bucket's name would be a way out to whoever takes such a name.

locals {
  # In some regions Amazon has ended the name with something of its own, for commands that patch and for their baselines.
  patch_suffixes = {
    af-south-1     = { documents = "bdd5f65a9", baselines = "-tbxdb5b9" }
    ap-east-1      = { documents = "632356271", baselines = "" }
    ap-northeast-1 = { documents = "4849fa78f", baselines = "" }
    ap-northeast-2 = { documents = "10467995c", baselines = "" }
    ap-northeast-3 = { documents = "67373598a", baselines = "" }
    ap-south-1     = { documents = "cb7c62ff9", baselines = "" }
    ap-south-2     = { documents = "32f4b4128", baselines = "-50209442" }
    ap-southeast-1 = { documents = "7fdfd9ef7", baselines = "" }
    ap-southeast-2 = { documents = "17283a275", baselines = "" }
    ap-southeast-3 = { documents = "aa48fc462", baselines = "-be0a3174" }
    ap-southeast-4 = { documents = "01e2c40d3", baselines = "-dc6f76ce" }
    ca-central-1   = { documents = "3148e69e3", baselines = "" }
    ca-west-1      = { documents = "9e3a4b2f9", baselines = "" }
    eu-central-1   = { documents = "9163fdaaf", baselines = "" }
    eu-central-2   = { documents = "184ce43c8", baselines = "" }
    eu-north-1     = { documents = "795879e9b", baselines = "" }
    eu-south-1     = { documents = "c52f3f594", baselines = "" }
    eu-south-2     = { documents = "a4cf248b1", baselines = "-df2c9d70" }
    eu-west-1      = { documents = "5522fb710", baselines = "" }
    eu-west-2      = { documents = "902a2bc74", baselines = "" }
    eu-west-3      = { documents = "29bf85721", baselines = "" }
    il-central-1   = { documents = "e221cb57b", baselines = "" }
    me-central-1   = { documents = "2932f2f80", baselines = "" }
    me-south-1     = { documents = "a53fc9dce", baselines = "-uduvl7q8" }
    sa-east-1      = { documents = "ddf4b6a09", baselines = "" }
    us-east-1      = { documents = "1970c647d", baselines = "" }
    us-east-2      = { documents = "552881074", baselines = "" }
    us-west-1      = { documents = "8badb4304", baselines = "" }
    us-west-2      = { documents = "34d7f99f8", baselines = "" }
  }

  region = var.names.region

  amazon_buckets = concat(
    [
      "al2023-repos-${local.region}-de612dc2",
      "amazon-ssm-${local.region}",
      "amazon-ssm-packages-${local.region}",
      "aws-ssm-${local.region}",
      "aws-ssm-distributor-file-${local.region}",
      "aws-ssm-document-attachments-${local.region}",
      "${local.region}-birdwatcher-prod",
    ],
    [for suffix in [lookup(local.patch_suffixes, local.region, null)] : "aws-patch-manager-${local.region}-${suffix.documents}" if suffix != null],
    [for suffix in [lookup(local.patch_suffixes, local.region, null)] : "patch-baseline-snapshot-${local.region}${suffix.baselines}" if suffix != null],
  )
}
