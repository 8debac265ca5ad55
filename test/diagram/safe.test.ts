import { describe, expect, test } from 'vitest'
import { pictureOf } from '../../diagram/picture.ts'
import { readPlan } from '../../diagram/plan.ts'
import { svgOf } from '../../diagram/svg.ts'
import { clean } from '../../diagram/text.ts'
import { environmentIn } from './arrows.ts'
import { made, skep, state } from './plans.ts'

const draw = (json: string): string => svgOf(pictureOf(environmentIn(json)))

describe('what is not to be seen', () => {
  const sensitive = (address: string, values: Readonly<Record<string, unknown>>, marks: unknown) => ({
    ...made(address, values),
    sensitive_values: marks,
  })

  test('user data, policies and environments are not in the drawing', () => {
    const json = skep({
      more: [
        made('aws_lambda_function.other', { function_name: 'other', environment: [{ variables: { TOKEN: 'canary-environment' } }] }),
        made('aws_s3_bucket.other', { bucket: 'other', policy: '{"Sid":"canary-policy"}' }),
        made('aws_db_instance.other', { identifier: 'orders', username: 'canary-user', password: 'canary-password' }),
        made('aws_instance.other', { user_data: 'canary-data', user_data_base64: 'canary-base64', monitoring: 'canary-other' }),
      ],
    })
    const svg = draw(json)
    expect(svg).toContain('orders')
    // Not even read: bucket policies alone are, in the one attribute that policies of roles have too.
    expect(JSON.stringify(readPlan(json)).replaceAll('canary-policy', '')).not.toMatch(/canary|user-data/)
    for (const hidden of ['canary', 'user-data-of-the-bastion', 'someone@example.org', 'WriteRows', 'PutItem'])
      expect(svg).not.toContain(hidden)
  })

  test('nor is what Terraform marks as sensitive, whole or in part', () => {
    const json = state(
      sensitive('aws_vpc.a', { id: 'vpc', cidr_block: '10.0.0.0/16', tags: { Name: 'canary-vpc' } }, { tags: true }),
      sensitive('aws_subnet.a', { id: 'subnet', vpc_id: 'vpc', cidr_block: '10.77.0.0/24', tags: { Name: 'shown' } }, { cidr_block: true }),
      sensitive('aws_s3_bucket.a', { bucket: 'canary-bucket' }, { bucket: true }),
      sensitive('aws_sqs_queue.a', { name: 'canary-queue' }, true),
      sensitive('aws_instance.a', { subnet_id: 'subnet', tags_all: { Name: 'canary-host' } }, { tags_all: { Name: true } }),
    )
    const svg = draw(json)
    expect(svg).toContain('shown')
    expect(svg).not.toContain('canary')
    expect(svg).not.toContain('10.77')
  })
})

describe('names of strangers', () => {
  const hostile = '</text><script>alert(1)</script>&"\'\u0000\u001b[31m\u202e'

  test('are text wherever they stand, and nothing else', () => {
    const tags = { tags: { Name: hostile } }
    const svg = draw(
      state(
        made('aws_vpc.a', { id: 'vpc', cidr_block: '10.0.0.0/16', ...tags }),
        made('aws_subnet.a', { id: 'subnet', vpc_id: 'vpc', cidr_block: hostile, availability_zone: hostile, ...tags }),
        made('aws_instance.a', { subnet_id: 'subnet', instance_type: hostile, ...tags }),
        made('aws_vpc_endpoint.a', { vpc_id: 'vpc', service_name: hostile, vpc_endpoint_type: 'Interface', subnet_ids: ['subnet'] }),
        made('aws_s3_bucket.a', { bucket: hostile }),
        made('aws_sns_topic.a', { arn: 'arn', name: hostile }),
        made('aws_sns_topic_subscription.a', { topic_arn: 'arn', protocol: hostile }),
        { ...made('aws_x.a'), type: hostile },
      ),
    )
    expect(svg).not.toMatch(/<script/i)
    expect(svg).toContain('&lt;/text&gt;')
    expect(svg).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202a-\u202e]/)
    const tagsIn = (text: string) => [...new Set([...text.matchAll(/<\/?([a-z]+)/g)].map(([, name]) => name))].toSorted()
    expect(tagsIn(draw(skep()))).toEqual(expect.arrayContaining(tagsIn(svg)))
  })

  test.each([
    ['plain name', 'plain name'],
    ['two\nlines\tand  a tab', 'two lines and a tab'],
    ['\u202egnp.exe', '\uFFFDgnp.exe'],
    ['\ud800alone', '\uFFFDalone'],
    ['a\u0301\u0302\u0303\u0304', 'á\u0302'],
    ['x'.repeat(400), 'x'.repeat(300)],
  ])('%j is shown as %j', (given, shown) => {
    expect(clean(given)).toBe(shown)
  })

  test('addresses that are names of a language are names', () => {
    const json = state(made('aws_vpc.a', { id: '__proto__', cidr_block: '10.0.0.0/16' }), {
      ...made('aws_x.a'),
      type: '__proto__',
      name: 'constructor',
    })
    expect(environmentIn(json).notDrawn).toEqual([['__proto__', 1]])
  })
})

test('the same input gives the same bytes, whatever the order of its resources', () => {
  const parsed = JSON.parse(skep())
  parsed.values.root_module.resources.reverse()
  expect(draw(JSON.stringify(parsed))).toBe(draw(skep()))
})
