/** What can go wrong in network, endpoints, bastion, key host and workers. */
import type { Mutant } from './mutant.ts'

type Wrong = readonly [control: string, what: string, find: string, replace: string, killedBy?: string]

const inFile = (file: string, wrongs: readonly Wrong[]): readonly Mutant[] =>
  wrongs.map(([control, what, find, replace, killedBy = `${file.split('/')[0]}.tftest.hcl`]) => ({
    control,
    what,
    file: `modules/${file}`,
    find,
    replace,
    killedBy,
    says: `ctl:${control}`,
  }))

/** A resource behind what ends a file's last block, so that it stands in one place to be put in. */
const rule = (way: 'ingress' | 'egress', of: string, peer: string): string => `
resource "aws_vpc_security_group_${way}_rule" "mutant" {
  security_group_id = aws_security_group.this["${of}"].id
  ${peer}
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  description       = "A mutant of a rule."
}
`
const people = 'resource "aws_vpc_security_group_ingress_rule" "people" {'
const natRoute = 'resource "aws_route" "private_nat" {\n  route_table_id         = aws_route_table.this["private"].id'

export const mutants: readonly Mutant[] = [
  ...inFile('network/main.tf', [
    ['N1', 'the VPC is not dedicated', 'instance_tenancy     = var.tenancy', 'instance_tenancy     = "default"'],
    [
      'N2',
      'the default group lets out',
      'resource "aws_default_security_group" "closed" {',
      'resource "aws_default_security_group" "closed" {\n  egress {\n    protocol    = "-1"\n    from_port   = 0\n    to_port     = 0\n    cidr_blocks = ["0.0.0.0/0"]\n  }\n',
    ],
    [
      'N2',
      'the default NACL lets in',
      'resource "aws_default_network_acl" "closed" {',
      'resource "aws_default_network_acl" "closed" {\n  ingress {\n    protocol   = "-1"\n    rule_no    = 100\n    action     = "allow"\n    cidr_block = "0.0.0.0/0"\n    from_port  = 0\n    to_port    = 0\n  }\n',
    ],
    ['N3', 'subnets give out public addresses', 'map_public_ip_on_launch = false', 'map_public_ip_on_launch = true'],
  ]),
  ...inFile('network/groups.tf', [
    ['N4', 'people come from everywhere', 'cidr_ipv4         = each.value', 'cidr_ipv4         = "0.0.0.0/0"'],
    ['N4', 'people come to the key host', 'aws_security_group.this["bastion"].id', 'aws_security_group.this["key_host"].id'],
    ['N5', 'workers go where workstations go', 'workstations = "Packages and libraries', 'workers = "Packages and libraries'],
    [
      'N5',
      'workers may go anywhere, by a rule of its own',
      people,
      rule('egress', 'workers', 'cidr_ipv4         = "0.0.0.0/0"') + people,
      'reachability',
    ],
    [
      'N6',
      'the doors of a host are those of its peer',
      'aws_security_group.this[each.value.from].id\n  referenced_security_group_id = aws_security_group.this[each.value.to].id',
      'aws_security_group.this[each.value.to].id\n  referenced_security_group_id = aws_security_group.this[each.value.from].id',
    ],
    [
      'N6',
      'workers reach each other',
      people,
      rule('ingress', 'workers', 'referenced_security_group_id = aws_security_group.this["workers"].id') +
        rule('egress', 'workers', 'referenced_security_group_id = aws_security_group.this["workers"].id') +
        people,
      'reachability',
    ],
    [
      'N7',
      'a rule does not say what it is for',
      'description       = "People, from a network that is on the list."',
      'description       = null',
    ],
  ]),
  ...inFile('network/nacls.tf', [
    [
      'N4',
      'the NACL lets port 22 in from everywhere',
      '{ peer = peer, ports = local.ssh }',
      '{ peer = local.anywhere, ports = local.ssh }',
    ],
    [
      'N6',
      'the NACL keeps answers from people',
      '{ peer = peer, ports = local.clients }',
      '{ peer = peer, ports = local.ssh }',
      'reachability',
    ],
    [
      'N7',
      'a NACL lets all in',
      'nat     = [{ from = 1024, to = 3388 }, { from = 3390, to = 65535 }]',
      'nat     = [{ from = 0, to = 65535 }]',
    ],
    ['N7', 'a subnet has the default NACL', 'subnet_ids = [each.value.id]', 'subnet_ids = []'],
  ]),
  ...inFile('network/routes.tf', [
    ['N5', 'the isolated subnet has the NAT route', natRoute, natRoute.replace('"].id', '"].id').replace('["private"]', '["isolated"]')],
    [
      'N5',
      'the isolated subnet has a NAT route too',
      natRoute,
      `${natRoute.replace('private_nat', 'isolated_nat').replace('["private"]', '["isolated"]')}\n  destination_cidr_block = "0.0.0.0/0"\n  nat_gateway_id         = aws_nat_gateway.this.id\n}\n\n${natRoute}`,
      'reachability',
    ],
    ['N3', 'the NAT gateway has another address', 'allocation_id = aws_eip.nat.id', 'allocation_id = "eipalloc-00000000000000001"'],
    [
      'N11',
      'the private subnet leads to the internet gateway',
      'nat_gateway_id         = aws_nat_gateway.this.id',
      'gateway_id             = aws_internet_gateway.this.id',
    ],
    [
      'N11',
      'a subnet has the public route table',
      'route_table_id = aws_route_table.this[each.key].id',
      'route_table_id = aws_route_table.this["public"].id',
    ],
  ]),
  ...inFile('network/flow-log.tf', [
    ['N8', 'the flow log goes to another bucket', 'var.names.bucket_arns.audit', 'var.names.bucket_arns.ancillary'],
    ['N8', 'the flow log goes to the log of DNS', 'aws_cloudwatch_log_group.flow.arn', 'aws_cloudwatch_log_group.dns.arn'],
    ['N8', 'the log group is not encrypted with ops', 'var.keys.ops', 'var.keys.data'],
    [
      'N8',
      'the bucket hears every ten minutes',
      'max_aggregation_interval = 60\n  log_format               = local.flow_format\n  log_destination_type     = "s3"',
      'max_aggregation_interval = 600\n  log_format               = local.flow_format\n  log_destination_type     = "s3"',
    ],
    [
      'N8',
      'the log group hears what was refused',
      'traffic_type             = "ALL"\n  max_aggregation_interval = 60\n  log_format               = local.flow_format\n  log_destination_type     = "cloud-watch-logs"',
      'traffic_type             = "REJECT"\n  max_aggregation_interval = 60\n  log_format               = local.flow_format\n  log_destination_type     = "cloud-watch-logs"',
    ],
  ]),
  ...inFile('network/flow-log-role.tf', [
    ['N8', 'the role writes to the log of DNS', 'log_group_arns.flow', 'log_group_arns.dns'],
    [
      'I8',
      'the role is for flow logs of any account',
      'StringEquals = { "aws:SourceAccount" = var.names.account }',
      'StringEquals = { "aws:SourceAccount" = "*" }',
    ],
  ]),
  ...inFile('network/dns-log.tf', [
    [
      'N11',
      'questions to DNS are logged to the flow log',
      'destination_arn = aws_cloudwatch_log_group.dns.arn',
      'destination_arn = aws_cloudwatch_log_group.flow.arn',
    ],
    [
      'N11',
      'another network is logged',
      'resource_id                  = aws_vpc.this.id',
      'resource_id                  = "vpc-00000000000000001"',
    ],
  ]),
  ...inFile('endpoints/gateway-policies.tf', [
    ['N9', 'buckets of any account', '"aws:ResourceAccount" = var.names.account }', '"aws:PrincipalType" = "AssumedRole" }'],
    ['N9', 'principals of any account', '"aws:PrincipalAccount" = var.names.account, ', ''],
    ['N9', 'every bucket', 'for arn in local.host_buckets', 'for arn in ["*"]'],
    ['N9', 'the state bucket in place of the audit bucket', '"ancillary", "audit"]', '"ancillary", "state"]'],
    [
      'N9',
      "Amazon's buckets may be written",
      '"s3:GetObject"\n        Resource  =',
      '["s3:GetObject", "s3:PutObject"]\n        Resource  =',
    ],
    ['N9', 'every table', 'values(var.names.table_arns)', '["*"]'],
  ]),
  ...inFile('endpoints/amazon-buckets.tf', [['N9', 'any bucket that begins like the one of Amazon Linux', 'de612dc2', '*']]),
  ...inFile('endpoints/main.tf', [
    ['N10', 'no names in the private zone', 'private_dns_enabled = true', 'private_dns_enabled = false'],
    ['N10', 'the endpoints are in the group of workers', 'security_group_ids.endpoints]', 'security_group_ids.workers]'],
    ['N10', 'no endpoint for SNS', '    sns         = ["sns:*"]\n', ''],
    ['N10', 'principals of any account', '{ "aws:PrincipalAccount" = var.names.account },', '{ "aws:PrincipalType" = "AssumedRole" },'],
    ['N10', 'keys of any account', 'own_resources_only = ["kms", ', 'own_resources_only = ['],
    [
      'N10',
      "DynamoDB's endpoint is not on the isolated table",
      'route_table_ids   = values(var.network.route_table_ids)\n  policy            = local.dynamodb_policy',
      'route_table_ids   = [var.network.route_table_ids.public]\n  policy            = local.dynamodb_policy',
    ],
  ]),
  ...inFile('endpoints/doors.tf', [
    ['N5', 'workers speak to the ledger', 'key_host = "Rows of key releases."', 'workers = "Rows of key releases."'],
    [
      'N5',
      'the ways to S3 lead to DynamoDB',
      'list = aws_vpc_endpoint.s3.prefix_list_id',
      'list = aws_vpc_endpoint.dynamodb.prefix_list_id',
    ],
    ['N7', 'a rule does not say what it is for', 'each.value.why', 'null'],
  ]),
  ...['bastion', 'key-host'].flatMap((host) =>
    inFile(`${host}/main.tf`, [
      ['N1', `${host}: shared hardware`, '= var.tenancy', '= "default"'],
      ['E1', `${host}: metadata without a token`, '= "required"', '= "optional"'],
      ['E1', `${host}: metadata for what is behind it`, 'http_put_response_hop_limit = 1', 'http_put_response_hop_limit = 2'],
      ['E2', `${host}: a disk that is not encrypted`, 'encrypted             = true', 'encrypted             = false'],
      [
        'E2',
        `${host}: the other key`,
        host === 'bastion' ? 'var.keys.ops' : 'var.keys.data',
        host === 'bastion' ? 'var.keys.data' : 'var.keys.ops',
      ],
      [
        'E4',
        `${host}: more than keys in user data`,
        '{ ssh_authorized_keys = var.admin_ssh_keys }',
        '{ ssh_authorized_keys = var.admin_ssh_keys, password = "secret" }',
      ],
      ['E7', `${host}: an image of anybody`, '["amazon", "self"]', '["amazon", "self", "210987654321"]'],
      ['E7', `${host}: another image`, '[var.image]', '["ami-00000000000000000"]'],
      ['E9', `${host}: looked at every five minutes`, '= true\n\n  metadata_options', '= false\n\n  metadata_options'],
      ['E9', `${host}: no lane to its disk`, '= true\n  monitoring', '= false\n  monitoring'],
    ]),
  ),
  ...inFile('bastion/main.tf', [
    ['N3', 'the address is of nobody', 'allocation_id = aws_eip.bastion.id', 'allocation_id = "eipalloc-00000000000000001"'],
    ['N6', 'the bastion is in the group of workers', 'security_group_ids.bastion]', 'security_group_ids.workers]', 'reachability'],
  ]),
  ...inFile('key-host/main.tf', [
    ['N3', 'the key host has a public address', 'associate_public_ip_address = false', 'associate_public_ip_address = true'],
    ['N5', 'the key host is in the private subnet', 'subnet_ids.isolated', 'subnet_ids.private'],
    ['E6', 'the key host may be stopped', 'disable_api_stop        = var.protect', 'disable_api_stop        = false'],
    ['E6', 'the key host may be terminated', 'disable_api_termination = var.protect', 'disable_api_termination = false'],
  ]),
  ...inFile('workers/main.tf', [
    ['N1', 'workers on shared hardware', 'tenancy = var.tenancy', 'tenancy = "default"'],
    ['N3', 'workers have public addresses', 'associate_public_ip_address = false', 'associate_public_ip_address = true'],
    ['N5', 'workers are in the private subnet', 'subnet_ids.isolated', 'subnet_ids.private'],
    ['N6', 'workers are in the group of the bastion', 'security_group_ids.workers', 'security_group_ids.bastion'],
    ['E1', 'metadata without a token', '= "required"', '= "optional"'],
    ['E1', 'tags in the metadata', 'instance_metadata_tags      = "disabled"', 'instance_metadata_tags      = "enabled"'],
    ['E2', 'disks that are not encrypted', 'encrypted             = true', 'encrypted             = false'],
    ['E2', 'the key ops', 'var.keys.data', 'var.keys.ops'],
    [
      'E3',
      'disks stay',
      'volume_type           = "gp3"\n        delete_on_termination = true',
      'volume_type           = "gp3"\n        delete_on_termination = false',
    ],
    [
      'E3',
      'interfaces stay',
      'associate_public_ip_address = false\n    delete_on_termination       = true',
      'associate_public_ip_address = false\n    delete_on_termination       = false',
    ],
    ['E3', 'a worker that shuts down stays', '"terminate"', '"stop"'],
    ['E3', 'a worker wakes up elsewhere', 'auto_recovery = "disabled"', 'auto_recovery = "default"'],
    ['E3', 'a worker sleeps', '  monitoring {', '  hibernation_options {\n    configured = true\n  }\n\n  monitoring {'],
    [
      'E4',
      'user data in the template',
      '  ebs_optimized                        = true',
      '  ebs_optimized                        = true\n  user_data                            = base64encode("#cloud-config")',
    ],
    ['E7', 'an image of anybody', '["amazon", "self"]', '["amazon", "self", "210987654321"]'],
    ['E9', 'looked at every five minutes', 'enabled = true', 'enabled = false'],
    ['E9', 'no lane to its disks', 'ebs_optimized                        = true', 'ebs_optimized                        = false'],
  ]),
]
