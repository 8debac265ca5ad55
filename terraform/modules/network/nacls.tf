# NACLs remember nothing: each connection needs a rule for its way out, one for its way in, and two for the answers.
# They are the second fence, by subnet; the groups are the first, by host. docs/network.md has the whole list.

locals {
  anywhere  = "0.0.0.0/0"
  ssh_peers = sort(distinct(var.ssh_networks))

  ssh   = { from = 22, to = 22 }
  https = { from = 443, to = 443 }
  # The ports that answers come to: of Linux, of anybody's SSH client, and of a NAT gateway. The last leaves out 3389,
  # which CIS wants shut to everybody: of 64,512 connections through NAT one has to be tried again.
  linux   = { from = 32768, to = 60999 }
  clients = { from = 1024, to = 65535 }
  nat     = [{ from = 1024, to = 3388 }, { from = 3390, to = 65535 }]

  public   = var.subnet_cidrs.public
  private  = var.subnet_cidrs.private
  isolated = var.subnet_cidrs.isolated

  acls = {
    public = {
      ingress = concat(
        [{ peer = local.private, ports = local.https }],                     # to the NAT gateway
        [for ports in local.nat : { peer = local.anywhere, ports = ports }], # answers to NAT gateway and bastion
        [for peer in local.ssh_peers : { peer = peer, ports = local.ssh }],
      )
      egress = concat(
        [
          { peer = local.anywhere, ports = local.https }, # NAT gateway; bastion to endpoints, S3, DynamoDB
          { peer = local.private, ports = local.ssh },
          { peer = local.isolated, ports = local.ssh },
          { peer = local.private, ports = local.linux }, # answers that the NAT gateway hands on
        ],
        [for peer in local.ssh_peers : { peer = peer, ports = local.clients }],
      )
    }
    private = {
      ingress = [
        { peer = local.public, ports = local.ssh },
        { peer = local.anywhere, ports = local.linux }, # answers from the internet, S3, DynamoDB, endpoints
      ]
      egress = [
        { peer = local.anywhere, ports = local.https },
        { peer = local.public, ports = local.linux }, # answers to the bastion
      ]
    }
    isolated = {
      ingress = [
        { peer = local.public, ports = local.ssh },
        { peer = local.public, ports = local.https }, # to the interface endpoints, which lie here
        { peer = local.private, ports = local.https },
        { peer = local.anywhere, ports = local.linux }, # answers from S3, DynamoDB
      ]
      egress = [
        { peer = local.anywhere, ports = local.https }, # S3, DynamoDB: a NACL cannot name a prefix list
        { peer = local.public, ports = local.linux },
        { peer = local.private, ports = local.linux },
      ]
    }
  }

  acl_rules = merge(flatten([
    for subnet, directions in local.acls : [
      for direction, rules in directions : {
        for index, rule in rules : "${subnet}-${direction}-${100 + 10 * index}" => {
          subnet = subnet
          egress = direction == "egress"
          number = 100 + 10 * index
          peer   = rule.peer
          ports  = rule.ports
        }
      }
    ]
  ])...)
}

resource "aws_network_acl" "this" {
  for_each = aws_subnet.this

  vpc_id     = aws_vpc.this.id
  subnet_ids = [each.value.id]

  tags = { Name = "${var.names.pit}-${each.key}" }
}

resource "aws_network_acl_rule" "this" {
  for_each = local.acl_rules

  network_acl_id = aws_network_acl.this[each.value.subnet].id
  rule_number    = each.value.number
  egress         = each.value.egress
  rule_action    = "allow"
  protocol       = "tcp"
  cidr_block     = each.value.peer
  from_port      = each.value.ports.from
  to_port        = each.value.ports.to
}
