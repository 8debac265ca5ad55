import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { errorsOf, mistakes, wrongWith } from './mistakes.ts'
import { withoutTerraform } from './terraform.ts'

const missing = withoutTerraform()

describe.skipIf(missing !== undefined)(missing ?? 'a mistake in a variable is one error that says what would be right', () => {
  test.concurrent.each(mistakes)('$root: $variable = $value', async (mistake) => {
    const folder = mkdtempSync(join(tmpdir(), 'skep-mistakes-'))
    try {
      expect(wrongWith(mistake, await errorsOf(mistake, folder))).toEqual([])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
