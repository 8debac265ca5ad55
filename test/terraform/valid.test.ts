import { readFileSync } from 'node:fs'
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

  test('with the provider that the lock file names, nor anything to add to it', async () => {
    const lock = (folder: string) => readFileSync(join(folder, '.terraform.lock.hcl'), 'utf8').split('\n')
    const [ours, after] = [lock(sources), lock(await preparedTree())]
    expect(ours.filter((line) => !after.includes(line))).toEqual([])
    // On other machines than linux_amd64 there is one hash more.
    expect(after.filter((line) => !ours.includes(line) && !line.includes('"h1:'))).toEqual([])
  })
})
