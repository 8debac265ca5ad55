/** The page of controls, `docs/controls.md`: `node scripts/controls.ts`. With `--check` nothing is written, and a stale page is an error. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { controlsPage, testsByControl } from './controls/table.ts'

const project = resolve(import.meta.dirname, '..')
const file = join(project, 'docs/controls.md')
const page = controlsPage(testsByControl(project))
const stale = !existsSync(file) || readFileSync(file, 'utf8') !== page

if (stale && process.argv.includes('--check')) {
  process.stderr.write('docs/controls.md is stale: run npm run docs:controls\n')
  process.exitCode = 1
} else if (stale) writeFileSync(file, page)
