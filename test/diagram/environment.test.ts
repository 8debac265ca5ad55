import { describe, expect, test } from 'vitest'
import { arrowsIn, environmentIn } from './arrows.ts'
import { made, skep, state } from './plans.ts'

const arrows = (json: string): readonly string[] => arrowsIn(environmentIn(json))

describe('our own environment', () => {
  const environment = environmentIn(skep())
  const [network] = environment.networks

  test('has one dedicated network of three subnets, told apart by their routes', () => {
    expect(network).toMatchObject({ name: 'hipaa_vpc', cidrs: ['10.0.0.0/16'], dedicated: true, region: 'us-west-2' })
    expect(network?.subnets.map(({ name, kind, zone, routes }) => [name, kind, zone, routes.map(({ to, by }) => `${to} ${by}`)])).toEqual([
      ['isolated', 'isolated', 'us-west-2a', []],
      ['private', 'private', 'us-west-2a', ['0.0.0.0/0 NAT gateway']],
      ['public', 'public', 'us-west-2a', ['0.0.0.0/0 internet gateway']],
    ])
  })

  test('has its hosts and endpoints where they are', () => {
    const places = network?.places.map(({ name, notes, subnets }) => [name, notes.join(', '), subnets.map((id) => id.slice(2)).join()])
    expect(places?.toSorted()).toEqual([
      ['NAT gateway', '', 'aws_subnet.public'],
      ['bastion', 'm6i.large · dedicated, Elastic IP', 'aws_subnet.public'],
      ['dynamodb', 'gateway endpoint', ''],
      ['interface endpoints', 'ec2, ec2messages, kms, logs, sns, sqs, ssm, ssmmessages, sts', 'aws_subnet.isolated'],
      ['key-host', 'm6i.large · dedicated', 'aws_subnet.isolated'],
      ['s3', 'gateway endpoint', ''],
      ['worker', 'm6i.xlarge · dedicated, launched when needed', 'aws_subnet.isolated'],
    ])
  })

  test('has exactly the arrows that its rules and routes allow', () => {
    expect(arrowsIn(environment)).toEqual([
      '203.0.113.0/24 -> bastion 22',
      'NAT gateway -> the internet route',
      'bastion -> dynamodb 443',
      'bastion -> interface endpoints 443',
      'bastion -> key-host 22',
      'bastion -> s3 443',
      'bastion -> worker 22',
      'input -> intake',
      'intake -> doorbell.fifo',
      'intake -> ledger',
      'key-host -> dynamodb 443',
      'key-host -> interface endpoints 443',
      'key-host -> s3 443',
      'worker -> interface endpoints 443',
      'worker -> s3 443',
    ])
  })

  test('has its services beside, and counts what it does not draw', () => {
    expect(environment.services.map(({ kind, name, note }) => [kind, name, note].join(' ').trim())).toEqual([
      'bucket ancillary',
      'bucket audit',
      'bucket input',
      'bucket output',
      'function intake',
      'table ledger',
      'queue doorbell-dead.fifo',
      'queue doorbell.fifo fails to doorbell-dead.fifo',
      'topic notices to 1 × email',
      'key data',
      'key ops',
      'key ticket signs',
    ])
    expect(environment.notDrawn).toEqual([
      ['aws_cloudtrail', 1],
      ['aws_iam_policy', 1],
      ['aws_iam_role', 1],
      ['aws_iam_role_policy_attachment', 1],
    ])
  })
})

describe('a change shows', () => {
  const before = arrows(skep())
  const isNew = (json: string): readonly string[] => arrows(json).filter((arrow) => !before.includes(arrow))
  const isGone = (json: string): readonly string[] => before.filter((arrow) => !arrows(json).includes(arrow))
  const opened = (group: string, cidr: string) =>
    skep({
      more: [
        made('aws_vpc_security_group_ingress_rule.opened', {
          security_group_id: `sg-${group}`,
          [cidr.includes(':') ? 'cidr_ipv6' : 'cidr_ipv4']: cidr,
          ip_protocol: 'tcp',
          from_port: 22,
          to_port: 22,
        }),
      ],
    })

  test('when the NAT gateway is taken away', () => {
    const json = skep({ nat: false })
    expect([isNew(json), isGone(json)]).toEqual([[], ['NAT gateway -> the internet route']])
    const { subnets, places } = environmentIn(json).networks[0] ?? {}
    expect(subnets?.find(({ name }) => name === 'private')).toMatchObject({ kind: 'isolated', routes: [] })
    expect(places?.map(({ kind }) => kind)).not.toContain('nat')
  })

  test('when the isolated subnet loses its way to the endpoints', () => {
    const json = skep().replaceAll('"rtb-private","rtb-isolated"', '"rtb-private"')
    expect([isNew(json), isGone(json)]).toEqual([[], ['key-host -> dynamodb 443', 'key-host -> s3 443', 'worker -> s3 443']])
  })

  test('when the bastion is opened to the world', () => {
    expect(isNew(opened('bastion', '0.0.0.0/0'))).toEqual(['0.0.0.0/0 -> bastion 22'])
    expect(environmentIn(opened('bastion', '0.0.0.0/0')).networks[0]?.flows.map(({ kind }) => kind)).toContain('world')
  })

  test('when a host is opened that no way leads to', () => {
    const json = opened('key-host', '0.0.0.0/0')
    expect(isNew(json)).toEqual([])
    expect(environmentIn(json).networks[0]?.places.find(({ name }) => name === 'key-host')?.alsoOpen).toEqual(['22 from 0.0.0.0/0'])
  })

  test('when the bastion is opened to IPv6, which has no way here', () => {
    expect(environmentIn(opened('bastion', '::/0')).networks[0]?.places.find(({ name }) => name === 'bastion')?.alsoOpen).toEqual([
      '22 from ::/0',
    ])
  })

  test('when a group is opened that nobody is in', () => {
    const json = skep({
      more: [
        made('aws_security_group.workstations', { id: 'sg-workstations', vpc_id: 'vpc-1', name: 'hipaa_vpc-workstations' }),
        made('aws_vpc_security_group_ingress_rule.opened', {
          security_group_id: 'sg-workstations',
          cidr_ipv4: '0.0.0.0/0',
          ip_protocol: '-1',
        }),
      ],
    })
    expect(environmentIn(json).networks[0]?.openGroups).toEqual(['workstations (all from 0.0.0.0/0)'])
  })

  test('when workers may speak to the key host: by the rule of one side nothing, by both an arrow', () => {
    const rule = (direction: string, group: string, peer: string) =>
      made(`aws_vpc_security_group_${direction}_rule.new`, {
        security_group_id: `sg-${group}`,
        referenced_security_group_id: `sg-${peer}`,
        ip_protocol: 'tcp',
        from_port: 22,
        to_port: 22,
      })
    const [out, into] = [rule('egress', 'workers', 'key-host'), rule('ingress', 'key-host', 'workers')]
    expect(isNew(skep({ more: [out] }))).toEqual([])
    expect(isNew(skep({ more: [into] }))).toEqual([])
    expect(isNew(skep({ more: [out, into] }))).toEqual(['worker -> key-host 22'])
  })
})

describe('rules in any form', () => {
  const host = (name: string, more: Readonly<Record<string, unknown>> = {}) => [
    made(`aws_security_group.${name}`, { id: `sg-${name}`, vpc_id: 'vpc', name, ...more }),
    made(`aws_instance.${name}`, { id: `i-${name}`, subnet_id: 'subnet', vpc_security_group_ids: [`sg-${name}`], tags: { Name: name } }),
  ]
  const network = [
    made('aws_vpc.a', { id: 'vpc', cidr_block: '10.0.0.0/16', tags: { Name: 'net' } }),
    made('aws_subnet.a', { id: 'subnet', vpc_id: 'vpc', cidr_block: '10.0.1.0/24' }),
  ]
  const everywhere = { protocol: '-1', from_port: 0, to_port: 0, cidr_blocks: ['0.0.0.0/0'] }

  test('as blocks of the group, by group, by network, and of its own members', () => {
    const json = state(
      ...network,
      ...host('a', { egress: [everywhere] }),
      ...host('b', {
        ingress: [
          { protocol: 'tcp', from_port: 80, to_port: 80, security_groups: ['sg-a'] },
          { protocol: 'tcp', from_port: 443, to_port: 443, security_groups: ['sg-a'] },
          { protocol: 'udp', from_port: 53, to_port: 53, cidr_blocks: ['10.0.0.0/8'] },
        ],
      }),
    )
    expect(arrows(json)).toEqual(['a -> b 80, 443, udp 53'])
  })

  test('as aws_security_group_rule', () => {
    const json = state(
      ...network,
      ...host('a', { egress: [everywhere] }),
      ...host('b'),
      made('aws_security_group_rule.in', {
        type: 'ingress',
        security_group_id: 'sg-b',
        source_security_group_id: 'sg-a',
        protocol: 'tcp',
        from_port: 1024,
        to_port: 2048,
      }),
    )
    expect(arrows(json)).toEqual(['a -> b 1024-2048'])
  })

  test('one rule of a group without a name that is known is counted, not guessed', () => {
    const json = state(
      ...network,
      ...host('a'),
      made('aws_vpc_security_group_ingress_rule.x', { security_group_id: 'sg-of-others', cidr_ipv4: '0.0.0.0/0' }),
    )
    expect(environmentIn(json)).toMatchObject({ rulesUnplaced: 1 })
  })
})

describe('two states in one drawing', () => {
  const bucket = 'hipaa-vpc-input-123456789012-us-west-2'
  const environment = state(
    made('aws_s3_bucket_notification.input', {
      bucket,
      lambda_function: [{ lambda_function_arn: 'arn:aws:lambda:us-west-2:123456789012:function:intake' }],
    }),
    made('aws_lambda_function.intake', { arn: 'arn:aws:lambda:us-west-2:123456789012:function:intake', function_name: 'intake' }),
  )
  const foundation = state(made('aws_s3_bucket.input', { id: bucket, bucket, arn: `arn:aws:s3:::${bucket}` }))

  test('a bucket of another state is drawn as such', () => {
    expect(environmentIn(environment).services.map(({ name, elsewhere }) => [name, elsewhere])).toEqual([
      ['hipaa-vpc-input', true],
      ['intake', false],
    ])
  })

  test('and as itself when that state is given too', () => {
    const both = environmentIn(foundation, environment)
    expect(both.services.map(({ elsewhere }) => elsewhere)).toEqual([false, false])
    expect(arrowsIn(both)).toEqual(['hipaa-vpc-input -> intake'])
  })
})
