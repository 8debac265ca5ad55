import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { environmentSchema } from '../../cloud/aws/environment.ts'
import { loadEnvironment } from '../../cloud/aws/load-environment.ts'
import { type Applied, mockApply } from './mock.ts'
import { withoutTerraform } from './terraform.ts'

const missing = withoutTerraform()
const nothing: Pick<Applied, 'outputs' | 'resources'> = { outputs: {}, resources: [] }
const { outputs, resources } = missing === undefined ? await mockApply('environment') : nothing
const foundation = missing === undefined ? await mockApply('foundation') : nothing

/** Every key that a schema names, by its path. */
const pathsOfSchema = (schema: unknown, path = ''): readonly string[] =>
  schema instanceof z.ZodObject ? Object.entries(schema.shape).flatMap(([key, inner]) => pathsOfSchema(inner, `${path}.${key}`)) : [path]

/** Every key that a document has, by its path. */
const pathsOfValue = (value: unknown, path = ''): readonly string[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => pathsOfValue(inner, `${path}.${key}`))
    : [path]

describe.skipIf(missing !== undefined)(missing ?? 'the outputs of Terraform', () => {
  test('have every key that skep reads, and none that it does not know', () => {
    expect(pathsOfValue(outputs['skep']).toSorted()).toEqual(pathsOfSchema(environmentSchema).toSorted())
  })

  test('are read by skep as the root prints all of them', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'skep-document-'))
    const file = join(dir, 'outputs.json')
    writeFileSync(file, JSON.stringify(Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, { value }]))))
    try {
      expect(await loadEnvironment(file)).toEqual(outputs['skep'])
    } finally {
      rmSync(dir, { recursive: true })
    }
  })

  test('lie in a parameter too, which is small enough', () => {
    const parameter = resources.find(({ address }) => address === 'aws_ssm_parameter.environment')?.values
    expect(parameter).toMatchObject({ name: '/hipaa_vpc/environment', type: 'String', tier: 'Advanced' })
    const text = String(parameter?.['insecure_value'])
    expect(JSON.parse(text)).toEqual(outputs['skep'])
    expect(text.length).toBeLessThan(8192)
  })

  test.each([
    ['backend', 'foundation'],
    ['environment_backend', 'environment'],
  ])('%s puts the state of the %s into the bucket for states, locked and encrypted', (output, state) => {
    const { ops } = z.object({ ops: z.string() }).parse(foundation.outputs['keys'])
    expect(foundation.outputs[output]).toBe(`terraform {
  backend "s3" {
    bucket       = "hipaa-vpc-state-123456789012-us-west-2"
    key          = "${state}.tfstate"
    region       = "us-west-2"
    encrypt      = true
    kms_key_id   = "${ops}"
    use_lockfile = true
  }
}
`)
  })
})
