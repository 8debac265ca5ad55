import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LoadedInventory, loadInventory } from '../../../inventory/load.ts'
import { graphOf, listOf } from '../../../inventory/show.ts'
import { type Case, cases } from './cases.ts'
import { type Answers, ask, type Golden, install, isInstalled, layOut, version } from './real.ts'

const golden: Golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden.json'), 'utf8'))

describe(`what ansible-inventory ${golden.ansible} shows, Skep shows`, () => {
  let directory: string
  const started = process.cwd()
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'skep-i-'))
  })
  afterAll(() => {
    process.chdir(started)
    rmSync(directory, { recursive: true })
  })

  test.each(Object.entries(cases))('of %s', async (name, one) => {
    const said = golden.cases[name]
    if (said === undefined) throw new Error(`'${name}' is not in golden.json: run node scripts/ansible-golden.ts`)
    const cwd = mkdtempSync(join(directory, 'case-'))
    layOut(one, cwd)
    process.chdir(cwd)
    const { patterns, ...shown } = await ours(one)
    expect(shown).toEqual({ list: said.list, graph: said.graph })
    // Where Ansible gives an error, we have to; what it says of it is its own.
    for (const [pattern, hosts] of Object.entries(said.patterns))
      expect([pattern, patterns[pattern]]).toEqual([pattern, typeof hosts === 'string' ? expect.any(String) : hosts])
  })
})

const why = isInstalled() || process.env['CI'] === undefined ? undefined : install()
const missing = isInstalled() ? undefined : (why ?? 'run node scripts/ansible-golden.ts once to have it')

test.skipIf(missing !== undefined)(
  `what is kept of Ansible ${version} is what it says${missing === undefined ? '' : ` (Ansible is not here: ${missing})`}`,
  { timeout: 120_000 },
  () => expect(ask(cases)).toEqual(golden),
)

async function ours({ sources, playbookDir, patterns = [] }: Case): Promise<Answers> {
  const inventory = await loadInventory(sources, playbookDir === undefined ? {} : { playbookDir })
  return {
    list: listOf(inventory, new Set(inventory.hosts.map(({ name }) => name))),
    graph: graphOf(inventory.tree.all).join('\n'),
    patterns: Object.fromEntries(patterns.map((pattern) => [pattern, chosen(inventory, pattern)])),
  }
}

function chosen(inventory: LoadedInventory, pattern: string): readonly string[] | string {
  try {
    return inventory.choose(pattern).map(({ name }) => name)
  } catch (error) {
    return String(error)
  }
}
