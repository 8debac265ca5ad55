import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { page, untold } from './page.ts'

const file = join(import.meta.dirname, '../../../docs/who-may-do-what.md')

test('the page on who may do what is that of the table (else run node scripts/who-may-do-what.ts)', () => {
  expect(readFileSync(file, 'utf8')).toBe(page())
})

test('and tells of every role', () => {
  expect(untold).toEqual([])
})
