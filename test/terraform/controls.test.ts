import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { areas, isDue } from '../../scripts/controls/list.ts'
import { controlsPage, testsByControl } from '../../scripts/controls/table.ts'

const project = resolve(import.meta.dirname, '../..')
const controls = areas.flatMap((area) => area.controls)
const tests = testsByControl(project)

test('each control has an id of its own, and each id that a test names is a control', () => {
  const ids = controls.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  // Controls of people’s machines and of the runner stand elsewhere.
  expect([...tests.keys()].filter((id) => /^[NSEIMA]\d/.test(id) && !ids.includes(id))).toEqual([])
})

test.each(controls.filter(isDue))('$id is shown by a test', ({ id }) => {
  expect(tests.get(id) ?? []).not.toEqual([])
})

test('docs/controls.md is what the tests say (npm run docs:controls)', () => {
  const file = join(project, 'docs/controls.md')
  expect(existsSync(file) ? readFileSync(file, 'utf8') : '').toBe(controlsPage(tests))
})

test('a control that no test names is planned, and one that is named leads to the test', () => {
  const page = controlsPage(new Map([['N1', ['terraform/tests/network.tftest.hcl']]]))
  expect(page).toMatch(/\| N1 \| .* \| \[network\]\(\.\.\/terraform\/tests\/network\.tftest\.hcl\) \|/)
  expect(page).toMatch(/\| N2 \| .* \| planned \|/)
})
