/** The tables of a module's README, from its sources. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { argumentsIn, blocksIn } from './hcl.ts'

/** The README of a module as it should be: its text, with the tables between the markers made anew. */
export function withTables(readme: string, module: string): string {
  const blocks = readdirSync(module)
    .filter((name) => name.endsWith('.tf'))
    .toSorted()
    .flatMap((name) => blocksIn(readFileSync(join(module, name), 'utf8')))
  const of = (type: string) =>
    blocks.filter((block) => block.type === type).map(({ labels, body }) => ({ name: code(labels[0] ?? ''), ...read(argumentsIn(body)) }))
  const variables = of('variable').map(({ name, description, type, fallback }) => [name, description, type, fallback])
  const outputs = of('output').map(({ name, description }) => [name, description])
  return between(
    between(readme, 'variables', table(['variable', 'what it is', 'type', 'default'], variables)),
    'outputs',
    table(['output', 'what it is'], outputs),
  )
}

const read = (given: Readonly<Record<string, string>>) => ({
  description: given['description'] === undefined ? '' : JSON.parse(given['description']),
  type: code(given['type'] ?? 'any'),
  fallback: given['default'] === undefined ? 'required' : code(given['default']),
})

const code = (value: string): string => `\`${value.replace(/\s+/g, ' ')}\``

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '\nNone.\n'
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
  return `\n${line(head)}${line(head.map(() => '---'))}${rows.map(line).join('')}\n`
}

function between(text: string, name: string, made: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const [from, to] = [text.indexOf(open), text.indexOf(close)]
  if (from < 0 || to < from) throw new Error(`expected the markers ${open} and ${close}`)
  return `${text.slice(0, from + open.length)}\n${made}${text.slice(to)}`
}
