import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sources, withoutTerraform } from './terraform.ts'
import { terraformTest } from './test-runs.ts'
import { preparedTree } from './tree.ts'

const missing = withoutTerraform()
const folder = join(sources, 'tests')
const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.tftest.hcl')) : []

// Before the tests are named: their names are Terraform's runs.
const tested = missing === undefined ? await terraformTest(await preparedTree()) : undefined

describe.skipIf(tested === undefined)(missing ?? 'every run of terraform test passes', () => {
  test('there are tests', () => {
    expect(files).not.toEqual([])
  })

  describe.each(files.map((name) => `tests/${name}`))('%s', (file) => {
    const runs = tested?.runs.filter((run) => run.file === file) ?? []
    const said = (run: string) =>
      tested?.failures
        .filter((failure) => failure.file === file && failure.run === run)
        .map(({ message }) => `${file}, run "${run}": ${message}`)

    test('has runs, and every one was made', () => {
      expect(tested?.found[file] ?? []).not.toEqual([])
      expect(runs.map(({ run }) => run)).toEqual(tested?.found[file])
      expect(said('')).toEqual([])
    })

    test.each(runs)('$run', ({ run, status }) => {
      expect(said(run)).toEqual([])
      expect(status).toBe('pass')
    })
  })

  test('nothing else went wrong', () => {
    expect(tested?.failures.filter(({ file }) => file === '')).toEqual([])
    expect(tested?.code).toBe(tested?.failures.length === 0 ? 0 : 1)
  })
})
