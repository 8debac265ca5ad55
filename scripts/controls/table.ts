/** The page of controls: what each asks for, the paragraph, and the tests that name it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { areas, type Control } from './list.ts'

/** The test files that name each control, by id, and the files of the table of who may do what, whose lines are tests. */
export function testsByControl(project: string): ReadonlyMap<string, readonly string[]> {
  const files = ['test', 'terraform/tests'].flatMap((folder) =>
    readdirSync(join(project, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(test|lab)\.ts$|\.tftest\.hcl$|policy\/table\/\w+\.ts$/.test(name))
      .map((name) => join(folder, name)),
  )
  const found = new Map<string, string[]>()
  for (const file of files.toSorted()) {
    const ids = new Set([...readFileSync(join(project, file), 'utf8').matchAll(/\bctl:([A-Z]+\d+)\b/g)].map(([, id = '']) => id))
    for (const id of ids) found.set(id, [...(found.get(id) ?? []), file])
  }
  return found
}

/** The page, from the list and the tests. */
export function controlsPage(tests: ReadonlyMap<string, readonly string[]>): string {
  const sections = areas.map(({ title, controls }) => `## ${title}\n\n${table(controls, tests)}`)
  return `${head}\n${sections.join('\n')}`
}

const head = `# Controls

What the environment holds itself to, the paragraph of 45 CFR 164 that asks for it, and the test that shows it. A test names its
control as \`ctl:N1\`. \`planned\`: nothing shows it yet. This page is made by \`npm run docs:controls\`; the list is
\`scripts/controls/list.ts\`.
`

function table(controls: readonly Control[], tests: ReadonlyMap<string, readonly string[]>): string {
  const rows = controls.map(({ id, must, hipaa }) => [
    id,
    must,
    hipaa,
    tests
      .get(id)
      ?.map((file) => `[${short(file)}](../${file})`)
      .join(', ') ?? 'planned',
  ])
  return [['', 'must hold', '164.', 'shown by'], ['---', '---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |\n`)
    .join('')
}

const short = (file: string): string =>
  file.replace(/^(test\/terraform|terraform\/tests|test)\//, '').replace(/(\.(test|lab))?\.ts$|\.tftest\.hcl$/, '')
