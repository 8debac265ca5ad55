import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { given } from './given.ts'
import { applyIn } from './mock.ts'
import { withoutTerraform } from './terraform.ts'
import { treeOfOnesOwn } from './tree.ts'

const missing = withoutTerraform()

// Terraform stops at the first refusal on the way down, so that the modules are asked one by one.
describe.skipIf(missing !== undefined)(missing ?? 'the foundation as it is shipped refuses to be destroyed (ctl:S12)', () => {
  test.each(['kms', 'storage', 'trail'])('for the sake of what is in %s', async (module) => {
    using tree = await treeOfOnesOwn()
    const override = join(tree.path, 'modules', module, 'protected_override.tf')
    expect(existsSync(override)).toBe(true)
    rmSync(override)
    const folder = mkdtempSync(join(tmpdir(), 'skep-given-'))
    const error: unknown = await applyIn(tree.path, 'foundation', given('foundation', folder), '').catch((caught: unknown) => caught)
    rmSync(folder, { recursive: true })
    const refused = [...String(error).matchAll(/Instance cannot be destroyed: Resource (\S+) has/g)].map(([, address]) => address)
    expect(refused).not.toEqual([])
    expect(refused.filter((address) => !address?.startsWith(`module.${module}.`))).toEqual([])
  })
})
