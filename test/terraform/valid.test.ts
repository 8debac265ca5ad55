import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sources, terraform, withoutTerraform } from './terraform.ts'
import { preparedTree } from './tree.ts'

const missing = withoutTerraform()

describe.skipIf(missing !== undefined)(missing ?? 'Terraform itself finds nothing wrong', () => {
  test('with the form of its files', async () => {
    const { stdout, stderr } = await terraform(sources, ['fmt', '-check', '-recursive', '-diff', '-no-color'])
    expect(stdout + stderr).toBe('')
  })

  test.each(['foundation', 'environment'])('with %s, nor anything to warn of', async (root) => {
    const { stdout } = await terraform(join(await preparedTree(), root), ['validate', '-json'])
    const { diagnostics }: { diagnostics: readonly { readonly summary: string; readonly detail: string }[] } = JSON.parse(stdout)
    expect(diagnostics.map(({ summary, detail }) => `${summary}: ${detail}`)).toEqual([])
  })
})
