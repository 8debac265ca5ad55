/** The complete example, from nothing to nothing, on the lab. The tests are one story: each begins where the one before ended. */
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { environmentSchema } from '../../cloud/aws/environment.ts'
import { environmentOf } from '../../diagram/environment.ts'
import { pictureOf } from '../../diagram/picture.ts'
import { readPlan } from '../../diagram/plan.ts'
import { svgOf } from '../../diagram/svg.ts'
import { type Answered, type Lab, startLab, withoutLab } from '../lab/aws/lab.ts'
import { operations } from '../lab/aws/shim/operations.ts'
import { editItems, textsOf } from '../lab/aws/shim/xml.ts'
import { account, region } from './given.ts'
import { type OnLab, onLab } from './on-lab.ts'
import { type Ran, withoutTerraform } from './terraform.ts'

const missing = withoutTerraform() ?? (await withoutLab())
const pit = 'hipaa_vpc'
const bucket = (purpose: string): string => `hipaa-vpc-${purpose}-${account}-${region}`
const buckets = ['access-logs', 'ancillary', 'audit', 'config', 'input', 'output', 'state'].map(bucket)

let lab: Lab
let terraform: OnLab
let foundation: Ran
let environment: Ran

const begun = Date.now()
const seconds = (): number => Math.round((Date.now() - begun) / 1000)
const say = (text: string): void => void process.stdout.write(` ${text}\n`)

const ec2 = async (action: string, parameters: Readonly<Record<string, string>> = {}): Promise<string> =>
  (await lab.query('ec2', '2016-11-15', action, parameters)).text
const where = (filters: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(filters).flatMap(([name, value], index) => [
      [`Filter.${index + 1}.Name`, name],
      [`Filter.${index + 1}.Value.1`, value],
    ]),
  )
const parameter = async (name: string): Promise<string | undefined> =>
  JSON.parse((await lab.json('ssm', 'AmazonSSM.GetParameter', { Name: name })).text).Parameter?.Value
const instance = async (role: string): Promise<string> => ec2('DescribeInstances', where({ 'tag:skep:role': role }))
const added = ({ stdout }: Ran): number => Number(/Apply complete! Resources: (\d+) added, 0 changed, 0 destroyed/.exec(stdout)?.[1])
const errors = ({ stdout, stderr }: Ran): readonly string[] => [...`${stdout}${stderr}`.matchAll(/^.*Error: .*$/gm)].map(([line]) => line)

/** The foundation's last minute is the provider watching lifecycle rules. What an environment needs of it is there by then. */
async function environmentOnFoundation(): Promise<Ran> {
  const limit = Date.now() + 120_000
  while ((await parameter(`/${pit}/foundation`)) === undefined && Date.now() < limit) await sleep(500)
  return terraform.apply('environment')
}

describe.skipIf(missing !== undefined)(`the complete example on moto and the shim${missing === undefined ? '' : ` (${missing})`}`, () => {
  beforeAll(async () => {
    lab = await startLab()
    say(
      lab.isolated
        ? 'AWS is out of reach: the lab is in a network of its own.'
        : 'AWS is out of reach by dummy keys and by endpoint and proxy only: a network of its own takes root and unshare.',
    )
    terraform = await onLab(lab)
    ;[foundation, environment] = await Promise.all([terraform.apply('foundation'), environmentOnFoundation()])
    say(`${added(foundation)} and ${added(environment)} resources applied after ${seconds()} s`)
  })
  afterAll(async () => {
    const calls = Object.entries((await lab?.calls()) ?? {})
    const kinds = Map.groupBy(operations(), ({ kind }) => kind)
    say(
      `${calls.reduce((sum, [, count]) => sum + count, 0)} requests of ${new Set(calls.map(([call]) => call.split(' ')[0])).size} operations in ${seconds()} s; ` +
        `${kinds.get('corrected')?.length} operations corrected, ${kinds.get('stubbed')?.length} stubbed`,
    )
    terraform?.[Symbol.dispose]()
    await lab?.[Symbol.asyncDispose]()
  })

  test('runs where there is no way to the real AWS', async ({ skip }) => {
    skip(!lab.isolated && process.env['CI'] !== 'true', 'a network of its own takes root, unshare, nsenter and ip')
    const reach = "require('node:net').connect(443, '192.0.2.1').on('error', ({ code }) => process.stdout.write(code))"
    expect(lab.isolated).toBe(true)
    expect((await lab.run(process.execPath, ['-e', reach], { limitMs: 10_000 })).stdout).toBe('ENETUNREACH')
  })

  test('both states are applied without an error', () => {
    expect({ foundation: errors(foundation), environment: errors(environment) }).toEqual({ foundation: [], environment: [] })
    expect(added(foundation)).toBeGreaterThan(80)
    expect(added(environment)).toBeGreaterThan(140)
  })

  test('a second plan changes nothing', async () => {
    expect(await Promise.all([terraform.plan('foundation'), terraform.plan('environment')])).toEqual([
      { code: 0, changes: [], errors: [] },
      { code: 0, changes: [], errors: [] },
    ])
  })

  test('the private route table keeps its way to the NAT gateway beside those to S3 and DynamoDB', async () => {
    const table = await ec2('DescribeRouteTables', where({ 'tag:Name': `${pit}-private` }))
    const gateways = textsOf(await ec2('DescribeVpcEndpoints', where({ 'vpc-endpoint-type': 'Gateway' })), 'vpcEndpointId')
    const nat = textsOf(await ec2('DescribeNatGateways'), 'natGatewayId')
    const out = [...table.matchAll(/<destinationCidrBlock>0\.0\.0\.0\/0<\/destinationCidrBlock>.*?<natGatewayId>([^<]+)</gs)]
    expect(nat).toHaveLength(1)
    expect(out.map(([, to]) => to)).toEqual(nat)
    expect(gateways).toHaveLength(2)
    expect(textsOf(table, 'gatewayId')).toEqual(expect.arrayContaining([...gateways]))
  })

  test('everything carries the PIT', async () => {
    const vpc = await ec2('DescribeVpcs', where({ 'tag:PIT': pit, 'tag:skep:state': 'environment' }))
    expect(textsOf(vpc, 'instanceTenancy')).toEqual(['dedicated'])
    const { text } = await lab.rest('s3', 'GET', `/${bucket('input')}?tagging`)
    expect(text.replaceAll(/\s+</g, '<')).toContain(`<Key>PIT</Key><Value>${pit}</Value>`)
  })

  test('the environment tells of itself in one document, and skep reads it', async () => {
    const text = (await parameter(`/${pit}/environment`)) ?? ''
    const document = JSON.parse(text)
    expect(environmentSchema.safeParse(document).error).toBeUndefined()
    expect(Buffer.byteLength(text)).toBeLessThan(8192)
    expect((await terraform.output('environment'))['skep']?.value).toEqual(document)
    const doctor = await lab.run(process.execPath, [
      resolve(import.meta.dirname, '../../cli/skep.js'),
      'doctor',
      '--env',
      `ssm:/${pit}/environment`,
    ])
    expect(doctor).toMatchObject({ code: 0, stdout: expect.stringContaining(`${pit} in ${region}, account ${account}`) })
  })

  // With -u it is drawn again.
  test('the picture of it in the documents is what skep diagram draws of both states', async () => {
    const shown = await Promise.all([terraform.show('foundation'), terraform.show('environment')])
    const svg = svgOf(pictureOf(environmentOf(shown.map((json, place) => readPlan(json, place)))))
    await expect(svg).toMatchFileSnapshot(resolve(import.meta.dirname, '../../docs/environment.svg'))
  })

  test('what was changed behind its back shows up in a plan, by its address', async () => {
    const rules = await ec2('DescribeSecurityGroupRules')
    const people =
      /<securityGroupRuleId>([^<]+)<\/securityGroupRuleId><groupId>([^<]+)<(?:(?!<securityGroupRuleId>).)*203\.0\.113\.0\/24/s.exec(rules)
    const [, rule = '', group = ''] = people ?? []
    const opened = { CidrIpv4: '0.0.0.0/0', IpProtocol: 'tcp', FromPort: '22', ToPort: '22' }
    const changes: readonly Answered[] = await Promise.all([
      lab.query('ec2', '2016-11-15', 'ModifySecurityGroupRules', {
        GroupId: group,
        'SecurityGroupRule.1.SecurityGroupRuleId': rule,
        ...Object.fromEntries(Object.entries(opened).map(([name, value]) => [`SecurityGroupRule.1.SecurityGroupRule.${name}`, value])),
      }),
      lab.json('dynamodb', 'DynamoDB_20120810.UpdateContinuousBackups', {
        TableName: `${pit}-ledger`,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
      }),
      lab.rest('s3', 'DELETE', `/${bucket('input')}?publicAccessBlock`),
      lab.rest('s3', 'DELETE', `/${bucket('output')}?policy`),
    ])
    expect(changes.map(({ status }) => status)).toEqual([200, 200, 204, 204])

    const [ofFoundation, ofEnvironment] = await Promise.all([terraform.plan('foundation'), terraform.plan('environment')])
    expect(ofEnvironment).toMatchObject({ code: 2, errors: [] })
    expect(new Set(ofEnvironment.changes)).toEqual(
      new Set([
        { address: 'module.environment.module.ledger.aws_dynamodb_table.ledger', action: 'update' },
        { address: 'module.environment.module.network.aws_vpc_security_group_ingress_rule.people["203.0.113.0/24"]', action: 'update' },
      ]),
    )
    expect(ofFoundation).toMatchObject({ code: 2, errors: [] })
    expect(new Set(ofFoundation.changes)).toEqual(
      new Set([
        { address: 'module.foundation.module.storage.aws_s3_bucket_policy.this["output"]', action: 'create' },
        { address: 'module.foundation.module.storage.aws_s3_bucket_public_access_block.this["input"]', action: 'create' },
      ]),
    )
  })

  test('the foundation cannot be destroyed, nor what the environment protects', async () => {
    const protectedHosts = ['module.bastion', 'module.key_host', 'module.ledger'].map((part) => `module.environment.${part}`)
    const [kept, refused] = await Promise.all([
      terraform.destroy('foundation'),
      terraform.destroy('environment', { protect: 'true' }, protectedHosts),
    ])
    expect(kept).toMatchObject({ code: 1, stderr: expect.stringContaining('Instance cannot be destroyed') })
    expect(kept.stdout).not.toContain('Destroying...')
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('may not be terminated') })
    expect(refused.stderr).toContain('DeletionProtectionEnabled')
    for (const role of ['bastion', 'key-host']) expect(textsOf(await instance(role), 'name')).toContain('running')
  })

  test('without protection the environment is destroyed, and only that', async () => {
    expect(errors(await terraform.apply('environment', { protect: 'false' }))).toEqual([])
    const destroyed = await terraform.destroy('environment')
    expect({ code: destroyed.code, errors: errors(destroyed) }).toEqual({ code: 0, errors: [] })
    expect(await leftOfEnvironment()).toEqual([])
    const { text } = await lab.rest('s3', 'GET', '/')
    expect(textsOf(text, 'Name').toSorted()).toEqual(buckets)
  })

  test('every operation that the shim touches was asked for', async () => {
    const asked = new Set(Object.keys(await lab.calls()).map((call) => call.split(' ')[0]))
    expect(
      operations()
        .filter(({ operation }) => !asked.has(operation))
        .map(({ operation }) => operation),
    ).toEqual([])
  })
})

/** What EC2 describes, and the list that it tells them in. */
const tagged = {
  Addresses: 'addressesSet',
  FlowLogs: 'flowLogSet',
  InternetGateways: 'internetGatewaySet',
  LaunchTemplates: 'launchTemplates',
  NatGateways: 'natGatewaySet',
  NetworkAcls: 'networkAclSet',
  NetworkInterfaces: 'networkInterfaceSet',
  RouteTables: 'routeTableSet',
  SecurityGroupRules: 'securityGroupRuleSet',
  SecurityGroups: 'securityGroupInfo',
  Subnets: 'subnetSet',
  Volumes: 'volumeSet',
  VpcEndpoints: 'vpcEndpointSet',
  Vpcs: 'vpcSet',
}

/** What moto still has of the environment. It lists what is terminated or deleted for ever, and keeps the own NACL of a VPC that is gone. */
async function leftOfEnvironment(): Promise<readonly string[]> {
  const gone = /<state>deleted<|<default>true<|<instanceState><code>48</
  const shown = await Promise.all(
    Object.entries({ ...tagged, Instances: 'instancesSet' }).map(async ([things, list]) => {
      const xml = await ec2(`Describe${things}`)
      if (!xml.includes(`<${list}`)) throw new Error(`Describe${things} tells no ${list}: ${xml.slice(0, 500)}`)
      return { things, xml: editItems(xml, list, (item) => (gone.test(item) ? '' : item)) }
    }),
  )
  const named = await Promise.all([
    lab.json('dynamodb', 'DynamoDB_20120810.ListTables', {}),
    lab.json('sqs', 'AmazonSQS.ListQueues', {}),
    lab.rest('lambda', 'GET', '/2015-03-31/functions/'),
    lab.json('ssm', 'AmazonSSM.GetParametersByPath', { Path: `/${pit}/`, Recursive: true }),
    lab.query('iam', '2010-05-08', 'ListRoles', { MaxItems: '1000' }),
    lab.json('logs', 'Logs_20140328.DescribeLogGroups', {}),
  ])
  const ofFoundation = /hipaa_vpc[-/](foundation|trail|trail-log|break-glass|auditor)\b/g
  return [
    ...shown.filter(({ xml }) => xml.includes('<value>environment</value>')).map(({ things }) => things),
    ...named.flatMap(({ text }) => text.replaceAll(ofFoundation, '').match(/hipaa_vpc[\w/-]+/g) ?? []),
  ]
}
