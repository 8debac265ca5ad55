import { describe, expect, test } from 'vitest'
import { argumentsIn, blocksIn } from '../../scripts/terraform/hcl.ts'
import { region, type Variables } from './given.ts'
import { mockApply, type Resource } from './mock.ts'
import { documents, isName, ruleFor, wrongTags } from './naming.ts'
import { withoutTerraform } from './terraform.ts'
import { blocksOf, type Root } from './tree.ts'

const missing = withoutTerraform()
const roots: readonly Root[] = ['foundation', 'environment']

/** The usual tag, and the longest one with all that a tag may hold, in a region with a long name. */
const longest: Variables = { pit: 'Longest-PIT_name_9', region: 'ap-southeast-2', availability_zone: 'ap-southeast-2a' }
const tags: readonly (readonly [string, Variables])[] = [
  ['hipaa_vpc', {}],
  ['Longest-PIT_name_9', longest],
]

/** Both roots, as one account sees them. */
async function applied(variables: Variables): Promise<readonly Resource[]> {
  const { availability_zone: _, ...shared } = variables
  const both = await Promise.all(roots.map((root) => mockApply(root, root === 'foundation' ? shared : variables)))
  return both.flatMap(({ resources }) => resources.filter(({ mode }) => mode === 'managed'))
}

const strings = ({ values }: Resource): readonly (readonly [string, string])[] =>
  Object.entries(values).flatMap(([attribute, value]) => (typeof value === 'string' ? [[attribute, value] as const] : []))

describe.skipIf(missing !== undefined).each(tags)(missing ?? 'with the tag %s', (pit, variables) => {
  const slug = pit.toLowerCase().replaceAll('_', '-')

  test('every name is one that its service takes', async () => {
    const resources = await applied(variables)
    const wrong = resources.flatMap((resource) =>
      strings(resource).flatMap(([attribute, value]) => {
        const rule = ruleFor(resource.type, attribute)
        const said = (what: string) => `${resource.address}: ${attribute} "${value}": ${what}`
        if (rule === undefined) return isName(attribute) ? [said(`there is no rule for ${resource.type}, see naming.ts`)] : []
        if (rule === 'given') return []
        if (typeof rule === 'function') return rule(value)?.split('\n').map(said) ?? []
        return resources.some(({ type, values }) => type === rule.of && values[rule.attribute] === value)
          ? []
          : [said(`there is no such ${rule.of}`)]
      }),
    )
    expect(resources.length).toBeGreaterThan(100)
    expect(wrong).toEqual([])
  })

  test('every name begins with the tag, so that two of them fit into one account, and none is there twice', async () => {
    const named = (await applied(variables)).flatMap((resource) =>
      strings(resource)
        .filter(([attribute]) => attribute !== 'description' && attribute !== 'metric_name' && attribute !== 'statement_id')
        .filter(([attribute]) => typeof ruleFor(resource.type, attribute) === 'function')
        .map(([attribute, value]) => ({ key: `${resource.type} ${value}`, where: `${resource.address}: ${attribute}`, value })),
    )
    const begins = new RegExp(`^(alias/|/|/aws/lambda/)?(${pit}|${slug})[-/]`)
    expect(named.filter(({ value }) => !begins.test(value)).map(({ where, value }) => `${where} "${value}"`)).toEqual([])
    expect([...Map.groupBy(named, ({ key }) => key)].filter(([, all]) => all.length > 1).map(([key]) => key)).toEqual([])
  })

  test('every tag is one that AWS takes', async () => {
    const wrong = (await applied(variables)).flatMap(({ address, values }) =>
      wrongTags((values['tags'] ?? {}) as Record<string, string>).map((what) => `${address}: ${what}`),
    )
    expect(wrong).toEqual([])
  })

  test('every document fits', async () => {
    const wrong = (await applied(variables)).flatMap((resource) =>
      Object.entries(documents[resource.type] ?? {}).flatMap(([attribute, most]) => {
        const length = String(resource.values[attribute] ?? '').replace(/\s/g, '').length
        return length > most ? [`${resource.address}: ${attribute} has ${length} of ${most} characters`] : []
      }),
    )
    expect(wrong).toEqual([])
  })

  test('a role has at most ten policies', async () => {
    const attached = (await applied(variables)).filter(({ type }) => type === 'aws_iam_role_policy_attachment')
    expect(attached).not.toEqual([])
    const byRole = Map.groupBy(attached, ({ values }) => values['role'])
    expect([...byRole].filter(([, policies]) => policies.length > 10).map(([role]) => role)).toEqual([])
  })
})

describe('everything that can be tagged carries the tag', () => {
  test.each(roots)('by the provider of %s', (root) => {
    const provider = blocksOf(root).find(({ type }) => type === 'provider')
    const defaults = blocksIn(provider?.body ?? '').find(({ type }) => type === 'default_tags')
    expect(argumentsIn(defaults?.body ?? '')['tags']).toMatch(/\bPIT\s*=\s*local\.settings\.pit\b/)
  })

  // The provider's own tags do not reach what EC2 makes of a template, nor an instance's disks.
  test.skipIf(missing !== undefined)(
    missing ?? 'by the template, for whatever is made of it, and by instances for their disks',
    async () => {
      const { resources } = await mockApply('environment')
      const template = resources.find(({ type }) => type === 'aws_launch_template')
      const specifications = template?.values['tag_specifications'] as readonly { resource_type: string; tags: Record<string, string> }[]
      expect(Object.fromEntries(specifications.map(({ resource_type, tags: { PIT } }) => [resource_type, PIT]))).toMatchObject({
        instance: 'hipaa_vpc',
        volume: 'hipaa_vpc',
        'network-interface': 'hipaa_vpc',
      })
      const disks = resources
        .filter(({ type }) => type === 'aws_instance')
        .map(({ address, values }) => {
          const [root] = values['root_block_device'] as readonly { tags: Record<string, string> | null }[]
          return [address, ((values['volume_tags'] ?? root?.tags ?? {}) as Record<string, string>)['PIT']]
        })
      expect(disks).not.toEqual([])
      expect(disks.filter(([, pit]) => pit !== 'hipaa_vpc')).toEqual([])
    },
  )
})

describe('the rules themselves', () => {
  const cases: readonly (readonly [type: string, attribute: string, value: string, takes: boolean])[] = [
    ['aws_s3_bucket', 'bucket', 'hipaa_vpc-input', false],
    ['aws_s3_bucket', 'bucket', 'Hipaa-input', false],
    ['aws_s3_bucket', 'bucket', 'a'.repeat(64), false],
    ['aws_s3_bucket', 'bucket', `hipaa-access-logs-123456789012-${region}`, true],
    ['aws_sqs_queue', 'name', 'hipaa_vpc-doorbell.fifo', true],
    ['aws_sqs_queue', 'name', 'hipaa.vpc', false],
    ['aws_cloudtrail', 'name', 'a_-trail', false],
    ['aws_iam_role', 'name', 'r'.repeat(65), false],
    ['aws_ssm_parameter', 'name', '/aws_hipaa/foundation', false],
    ['aws_security_group', 'name', 'sg-x', false],
    ['aws_security_group', 'description', "the bastion's", false],
    ['aws_lambda_function', 'function_name', 'a.b', false],
    ['aws_kms_alias', 'name', 'hipaa', false],
  ]
  test.each(cases)('%s, %s "%s": %s', (type, attribute, value, takes) => {
    const rule = ruleFor(type, attribute)
    expect(typeof rule === 'function' ? rule(value) === undefined : rule).toBe(takes)
  })

  test('a tag of AWS’s own, one with a strange letter and one too many are refused', () => {
    expect(wrongTags({ 'aws:x': 'y' })).toHaveLength(1)
    expect(wrongTags({ a: 'b*' })).toHaveLength(1)
    expect(wrongTags({ 'skep:s3-endpoint': 'vpce-1', PIT: 'hipaa_vpc' })).toEqual([])
    expect(wrongTags(Object.fromEntries(Array.from({ length: 49 }, (_, at) => [`t${at}`, ''])))).toHaveLength(1)
  })
})
