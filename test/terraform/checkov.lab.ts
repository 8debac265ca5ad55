/**
 * Checkov as another judge, over both roots with every value known: a plan made of what a mock of AWS says was applied,
 * and of the references between resources, which Terraform tells with a plan of nothing. No account, and no network.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { installed, type PythonProgram } from '../lab/python.ts'
import { exceptions } from './checkov-exceptions.ts'
import { given } from './given.ts'
import { mockApply, type Resource } from './mock.ts'
import { terraform, withoutTerraform } from './terraform.ts'
import { preparedTree, type Root } from './tree.ts'

const checkov: PythonProgram = { package: 'checkov==3.3.30', program: 'checkov' }

async function withoutCheckov(): Promise<string | undefined> {
  try {
    await installed(checkov)
    return undefined
  } catch (error) {
    if (process.env['CI'] === 'true') throw error
    return `Checkov cannot be installed: ${error instanceof Error ? error.message : error}`
  }
}

/** A mock fills in what AWS leaves empty: a route to a gateway has no instance. */
const emptyWithAws: Readonly<Record<string, readonly string[]>> = { aws_route: ['instance_id', 'instance_owner_id'] }

const change = ({ address, type, name, index, values }: Resource) => ({
  address,
  mode: 'managed',
  type,
  name,
  index,
  provider_name: 'registry.terraform.io/hashicorp/aws',
  change: { actions: ['create'], before: null, after: values, after_unknown: {} },
})

async function planOf(root: Root, folder: string): Promise<unknown> {
  const { resources, state } = structuredClone(await mockApply(root))
  for (const { type, values } of resources) for (const name of emptyWithAws[type] ?? []) Object.assign(values, { [name]: '' })
  const tree = join(await preparedTree(), root)
  const plan = join(folder, `${root}.tfplan`)
  const variables = Object.entries(given(root, folder)).map(
    ([name, value]) => `-var=${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  // Of no resource, so that nobody is asked anything; what it tells of the sources is whole all the same.
  const planned = await terraform(tree, ['plan', '-lock=false', '-refresh=false', '-target=module.none', `-out=${plan}`, ...variables])
  const shown = await terraform(tree, ['show', '-json', plan])
  if (planned.code !== 0 || shown.code !== 0) throw new Error(`a plan of ${root}: ${planned.stderr}${shown.stderr}`)
  const { format_version, terraform_version, configuration } = JSON.parse(shown.stdout)
  return {
    format_version,
    terraform_version,
    configuration,
    planned_values: { root_module: state.root_module },
    resource_changes: resources.filter(({ mode }) => mode === 'managed').map(change),
  }
}

interface Judged {
  readonly summary: { readonly passed: number; readonly failed: number; readonly parsing_errors: number; readonly resource_count: number }
  readonly results: { readonly failed_checks: readonly { readonly check_id: string; readonly resource: string }[] }
}

async function judge(root: Root): Promise<Judged> {
  const folder = mkdtempSync(join(tmpdir(), 'skep-checkov-'))
  try {
    const file = join(folder, `${root}.json`)
    writeFileSync(file, JSON.stringify(await planOf(root, folder)))
    const out = join(folder, 'out.json')
    const args = ['--file', file, '--framework', 'terraform_plan', '--skip-download', '--quiet', '--compact', '--output', 'json']
    // Whoever it would ask in the network is not there.
    const environment = {
      PATH: process.env['PATH'],
      HOME: folder,
      LANG: 'C.UTF-8',
      HTTPS_PROXY: 'http://127.0.0.1:9',
      HTTP_PROXY: 'http://127.0.0.1:9',
    }
    const child = spawn(await installed(checkov), args, { env: environment, stdio: ['ignore', openSync(out, 'w'), 'ignore'] })
    const code = await new Promise((done, fail) => child.once('error', fail).once('exit', done))
    const text = readFileSync(out, 'utf8')
    if (code !== 0 && code !== 1) throw new Error(`Checkov ended with ${code}: ${text.slice(0, 500)}`)
    return JSON.parse(text)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const missing = withoutTerraform() ?? (await withoutCheckov())

describe.skipIf(missing !== undefined)(`Checkov${missing === undefined ? '' : ` (${missing})`}`, () => {
  test('finds what is written down, and nothing else', async () => {
    const [foundation, environment] = [await judge('foundation'), await judge('environment')]
    const found = [foundation, environment].flatMap(({ results }) =>
      results.failed_checks.map(({ check_id, resource }) => `${check_id} ${resource}`),
    )
    const written = exceptions.flatMap(({ id, resources }) => resources.map((resource) => `${id} ${resource}`))
    process.stdout.write(
      ` Checkov: ${[foundation, environment].map(({ summary }) => `${summary.passed} checks passed and ${summary.failed} not, of ${summary.resource_count} resources`).join('; ')}\n`,
    )
    expect(found.toSorted()).toEqual(written.toSorted())
    for (const { summary } of [foundation, environment]) {
      expect(summary.parsing_errors).toBe(0)
      expect(summary.passed).toBeGreaterThan(150)
    }
  })

  test('of which each has a reason, and none is written twice', () => {
    const written = exceptions.flatMap(({ id, resources }) => resources.map((resource) => `${id} ${resource}`))
    expect(new Set(written).size).toBe(written.length)
    for (const { why } of exceptions) expect(why).toMatch(/^[A-Z"].{40,}\.$|^logs:.{40,}\.$/)
  })
})
