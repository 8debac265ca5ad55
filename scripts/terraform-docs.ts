/**
 * The tables of variables and outputs in the READMEs of Terraform's modules and roots, made from their sources:
 * `node scripts/terraform-docs.ts`. With `--check` nothing is written, and a stale table is an error.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { withTables } from './terraform/tables.ts'

const terraform = resolve(import.meta.dirname, '../terraform')
const modules = readdirSync(join(terraform, 'modules')).map((name) => join(terraform, 'modules', name))
const wrong: string[] = []

for (const module of [...modules, join(terraform, 'foundation'), join(terraform, 'environment')]) {
  const file = join(module, 'README.md')
  const said = relative(resolve(terraform, '..'), file)
  try {
    const readme = existsSync(file) ? readFileSync(file, 'utf8') : ''
    const made = withTables(readme, module)
    if (made === readme) continue
    if (process.argv.includes('--check')) wrong.push(`${said} is stale: run npm run docs:terraform`)
    else writeFileSync(file, made)
  } catch (error) {
    wrong.push(`${said}: ${error instanceof Error ? error.message : error}`)
  }
}

for (const line of wrong) process.stderr.write(`${line}\n`)
process.exitCode = wrong.length === 0 ? 0 : 1
