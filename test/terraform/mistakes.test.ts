import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { argumentsIn } from '../../scripts/terraform/hcl.ts'
import { errorsOf, mistakes, wrongWith } from './mistakes.ts'
import { withoutTerraform } from './terraform.ts'
import { blocksOf, type Root } from './tree.ts'

const missing = withoutTerraform()
const folder = mkdtempSync(join(tmpdir(), 'skep-mistakes-'))
afterAll(() => rmSync(folder, { recursive: true }))

// A plan of each takes a second or two; all of them are in mistakes.lab.ts.
const sample = mistakes.filter(({ variable }) => ['audit_lock_mode', 'ssh_networks'].includes(variable)).slice(0, 2)

describe.skipIf(missing !== undefined)(missing ?? 'a mistake in a variable is one error that says what would be right', () => {
  test.each(sample)('$root: $variable = $value', async (mistake) => {
    expect(wrongWith(mistake, await errorsOf(mistake, folder))).toEqual([])
  })

  test('nothing where a value has to be is told by Terraform itself, once', async () => {
    const errors = await errorsOf({ root: 'foundation', variable: 'pit', value: null, accepted: '' }, folder)
    expect(errors).toEqual([expect.stringMatching(/var\.pit.*may not be set to null/)])
  })
})

test('every variable that can be wrong has its mistakes', () => {
  const checked = (['foundation', 'environment'] satisfies Root[]).flatMap((root) =>
    blocksOf(root).flatMap(({ type, labels, body }) =>
      type === 'variable' && argumentsIn(body)['type'] !== 'bool' ? [`${root} ${labels[0]}`] : [],
    ),
  )
  expect(new Set(mistakes.map(({ root, variable }) => `${root} ${variable}`))).toEqual(new Set(checked))
})

test('a message that does not say what it has to is found', () => {
  const mistake = { root: 'foundation', variable: 'pit', value: 'x', accepted: 'three letters' } as const
  expect(wrongWith(mistake, ['Invalid value pit: expected three letters; got "x".'])).toEqual([])
  expect(wrongWith(mistake, [])).toHaveLength(4)
  expect(wrongWith(mistake, ['pit: expected three letters; got "x".', 'and another'])).toEqual(['expected one error, got 2'])
  expect(wrongWith(mistake, ['pit: expected three letters'])).toEqual(['does not show "x"'])
})
