import { beforeAll, describe, expect, test } from 'vitest'
import { environmentOf } from '../../diagram/environment.ts'
import { pictureOf } from '../../diagram/picture.ts'
import { readPlan } from '../../diagram/plan.ts'
import { mockApply } from '../terraform/mock.ts'
import { withoutTerraform } from '../terraform/terraform.ts'
import { arrowsIn, environmentIn } from './arrows.ts'
import { wrongIn } from './geometry.ts'

const missing = withoutTerraform()

type Module = Readonly<Record<string, unknown>>
interface Shown {
  readonly format_version: string
  readonly values: { readonly root_module: Module }
}

/** The same without resources of some kind: as if they were not written. */
function without(shown: Shown, isOne: (resource: { readonly type: string; readonly values: Record<string, unknown> }) => boolean): string {
  return JSON.stringify(shown, (key, value) =>
    key === 'resources' ? value.filter((one: Parameters<typeof isOne>[0]) => !isOne(one)) : value,
  )
}

describe.skipIf(missing !== undefined)(`what our Terraform makes${missing === undefined ? '' : ` (${missing})`}`, () => {
  let foundation: Shown
  let environment: Shown
  beforeAll(async () => {
    const shown = async (root: 'foundation' | 'environment'): Promise<Shown> => ({
      format_version: '1.0',
      values: { root_module: (await mockApply(root)).state.root_module as Module },
    })
    foundation = await shown('foundation')
    environment = await shown('environment')
  }, 180_000)
  const both = () => environmentIn(JSON.stringify(foundation), JSON.stringify(environment))

  test('is drawn with every arrow that its rules, routes and roles allow', () => {
    expect(arrowsIn(both())).toEqual([
      '203.0.113.0/24 -> bastion 22',
      'NAT gateway -> the internet route',
      'bastion -> dynamodb 443',
      'bastion -> interface endpoints 443',
      'bastion -> key-host 22',
      'bastion -> s3 443',
      'bastion -> worker 22',
      'input -> intake',
      'intake -> doorbell.fifo',
      'intake -> intake-dead',
      'intake -> ledger',
      'key-host -> dynamodb 443',
      'key-host -> interface endpoints 443',
      'key-host -> s3 443',
      'worker -> interface endpoints 443',
      'worker -> s3 443',
    ])
    expect(both()).toMatchObject({ title: 'hipaa_vpc', rulesUnplaced: 0, rulesByKey: 0 })
  })

  test('is drawn without overlaps, both states together and each alone', () => {
    for (const states of [[foundation, environment], [foundation], [environment]])
      expect(wrongIn(pictureOf(environmentOf(states.map((shown, place) => readPlan(JSON.stringify(shown), place)))))).toEqual([])
  })

  test('has one way out of the private subnet, and none when the NAT gateway is taken away', () => {
    const privately = (json: string) => environmentIn(json).networks[0]?.subnets.find(({ name }) => name === 'private')
    expect(privately(JSON.stringify(environment))).toMatchObject({ kind: 'private', routes: [{ to: '0.0.0.0/0', by: 'NAT gateway' }] })
    const json = without(
      environment,
      ({ type, values }) =>
        type === 'aws_nat_gateway' ||
        (type === 'aws_route' && typeof values['nat_gateway_id'] === 'string' && values['nat_gateway_id'] !== ''),
    )
    expect(privately(json)).toMatchObject({ kind: 'isolated', routes: [] })
    expect(arrowsIn(environmentIn(json))).not.toContain('NAT gateway -> the internet route')
  })

  test('shows a group that is opened', () => {
    const opened = JSON.stringify(environment).replaceAll('203.0.113.0/24', '0.0.0.0/0')
    expect(arrowsIn(environmentIn(opened))).toContain('0.0.0.0/0 -> bastion 22')
  })
})
