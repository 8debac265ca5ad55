import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { argumentsIn, blocksIn, masked } from '../../scripts/terraform/hcl.ts'
import { withTables } from '../../scripts/terraform/tables.ts'

const terraform = resolve(import.meta.dirname, '../../terraform')
const folders = [...readdirSync(join(terraform, 'modules')).map((name) => join('modules', name)), 'foundation', 'environment']

test.each(folders)('the tables in the README of terraform/%s are what its sources say (npm run docs:terraform)', (folder) => {
  const file = join(terraform, folder, 'README.md')
  const readme = existsSync(file) ? readFileSync(file, 'utf8') : ''
  expect(withTables(readme, join(terraform, folder))).toBe(readme)
})

describe('the reader of Terraform’s language', () => {
  const source = `# resource "not" "this" {
resource "a" "b" { # { "
  plain = "}" // "
  path  = "\${join("/", [for x in ["}"] : "\${x}"])} $\${kept" /* { */
  list = [
    { a = 1 },
    "b",
  ]
  text  = <<-EOT
    } plain = "lost"
  EOT
  inner "x" {
    plain = "hidden"
  }
  last = a == b ? 1 : 2
}

variable "v" {}
`
  test('finds blocks whatever their strings and comments hold', () => {
    expect(blocksIn(source).map(({ type, labels, line }) => [type, ...labels, line])).toEqual([
      ['resource', 'a', 'b', 2],
      ['variable', 'v', 18],
    ])
    expect(blocksIn(blocksIn(source)[0]?.body ?? '').map(({ type, labels }) => [type, ...labels])).toEqual([['inner', 'x']])
  })

  test('reads the arguments of a block, not those inside of it', () => {
    const read = argumentsIn(blocksIn(source)[0]?.body ?? '')
    expect(Object.keys(read)).toEqual(['plain', 'path', 'list', 'text', 'last'])
    expect(read['plain']).toBe('"}" // "')
    expect(read['list']?.replace(/\s+/g, '')).toBe('[{a=1},"b",]')
    expect(read['last']).toBe('a == b ? 1 : 2')
  })

  test('keeps every character in its place', () => {
    expect(masked(source)).toHaveLength(source.length)
    expect(masked(source)).not.toMatch(/not|kept|lost|hidden/)
    expect(masked(source, 'code and strings')).toMatch(/kept.*lost.*hidden/s)
    expect(masked(source, 'code and strings')).not.toMatch(/not|\/\*/)
  })

  test('a table is made anew between its markers, and only there', () => {
    const made = withTables(
      '<!-- variables -->\n<!-- /variables -->\n<!-- outputs -->\n<!-- /outputs -->\n',
      join(terraform, 'modules/names'),
    )
    expect(made).toContain('| `pit` | ')
    expect(withTables(made, join(terraform, 'modules/names'))).toBe(made)
    expect(() => withTables('no markers', join(terraform, 'modules/names'))).toThrow('expected the markers <!-- variables -->')
  })
})
