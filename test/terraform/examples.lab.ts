import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { terraform, terraformOk, withoutTerraform } from './terraform.ts'
import { treeOfOnesOwn } from './tree.ts'

const missing = withoutTerraform()

describe.skipIf(missing !== undefined)(missing ?? 'each example fits the roots', () => {
  test.each(['minimal', 'complete'].flatMap((name) => [`${name}/foundation`, `${name}/environment`]))('%s', async (example) => {
    using tree = await treeOfOnesOwn()
    const folder = join(tree.path, 'examples', example)
    await terraformOk(folder, ['init', '-input=false', '-no-color'])
    expect(await terraform(folder, ['validate', '-no-color'])).toMatchObject({ code: 0, stderr: '' })
  })
})
