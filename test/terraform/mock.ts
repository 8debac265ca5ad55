/** A root as applied to a mock of AWS. */
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { given, type Variables } from './given.ts'
import { answerOf, valuesOf } from './mock-values.ts'
import { once } from './once.ts'
import { cache, otherTree, terraform } from './terraform.ts'
import { blocksOf, hashOf, partsOf, preparedTree, type Root } from './tree.ts'

/** A resource or data source as `terraform show -json` has it, its module's address beside it ('' in the root). */
export interface Resource {
  readonly address: string
  readonly mode: 'managed' | 'data'
  readonly type: string
  readonly name: string
  readonly index?: string | number
  readonly module: string
  readonly values: Readonly<Record<string, unknown>>
}

interface Module {
  readonly address?: string
  readonly resources?: readonly Omit<Resource, 'module'>[]
  readonly child_modules?: readonly Module[]
}

/** The `values` of `terraform show -json`. */
interface State {
  readonly root_module: Module
  readonly outputs: Readonly<Record<string, { readonly value: unknown; readonly sensitive?: boolean }>>
}

export interface Applied {
  readonly resources: readonly Resource[]
  readonly outputs: Readonly<Record<string, unknown>>
  /** What the two above were read from, for who reads `terraform show -json` himself. */
  readonly state: State
}

/** Every resource and output of a root, all policies known. The environment gets the keys of this foundation. */
export async function mockApply(root: Root, variables: Variables = {}): Promise<Applied> {
  const state = await kept(root, variables)
  const outputs = Object.fromEntries(Object.entries(state.outputs).map(([name, { value }]) => [name, value]))
  return { resources: resourcesIn(state.root_module), outputs, state }
}

const resourcesIn = (module: Module): readonly Resource[] => [
  ...(module.resources ?? []).map((resource) => ({ ...resource, module: module.address ?? '' })),
  ...(module.child_modules ?? []).flatMap(resourcesIn),
]

const making = new Map<string, Promise<State>>()

/** The state from this process, else from an earlier one, else from Terraform: for one content it is made once. */
async function kept(root: Root, variables: Variables): Promise<State> {
  const foundation = root === 'environment' ? await parameter(variables) : ''
  const harness = ['mock.ts', 'mock-values.ts', 'given.ts'].map((name) => readFileSync(join(import.meta.dirname, name)))
  const told = { ...given(root, join(cache, 'given')), ...variables }
  const content = hashOf([...new Set(partsOf(root).map(({ folder }) => folder))].toSorted())
  const hash = createHash('sha256')
    .update([content, root, foundation, JSON.stringify(variables), ...harness].join('\0'))
    .digest('hex')
  const file = join(cache, `${hash.slice(0, 16)}-${root}.json`)
  const made =
    making.get(file) ?? once(file, () => make(root, told, foundation, file)).then((): State => JSON.parse(readFileSync(file, 'utf8')))
  making.set(file, made)
  return made
}

async function make(root: Root, told: Variables, foundation: string, file: string): Promise<void> {
  const state = await applyIn(await preparedTree(), root, told, foundation)
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(state))
  renameSync(`${file}.${process.pid}`, file)
}

/** Applies a root of an initialised tree, and destroys it again; `foundation` is the value of that state's parameter. */
export async function applyIn(initialised: string, root: Root, told: Variables, foundation: string): Promise<State> {
  const tree = join(initialised, root)
  const data = dataOf(root)
  const answers = [...new Set(data.map(({ type }) => type))].map(
    (type) => `  mock_data "${type}" {\n    defaults = ${literal(answerOf(type, type, foundation))}\n  }\n`,
  )
  const head = [
    `mock_provider "aws" {\n${answers.join('')}}`,
    // Of a module with a count these miss the mark, and what stands above is taken.
    ...data.map(({ address, type }) => override('data', address, answerOf(type, address, foundation))),
  ].join('\n')
  const tests = mkdtempSync(join(tree, 'mock-'))
  const run = async (command: 'plan' | 'apply', overrides: readonly string[]) => {
    const text = [head, ...overrides, `run "mock" {\n  command = ${command}\n  variables {\n${assignments(told)}  }\n}\n`].join('\n')
    writeFileSync(join(tests, 'mock.tftest.hcl'), text)
    return spoken(await terraform(tree, ['test', '-json', '-verbose', `-test-directory=${tests.slice(tree.length + 1)}`]), root)
  }
  try {
    const known = join(cache, `${root}-${told['pit']}.overrides.json`)
    const overrides: readonly string[] =
      otherTree !== undefined && existsSync(known) ? JSON.parse(readFileSync(known, 'utf8')) : overridesFor(await run('plan', []))
    if (otherTree === undefined) writeFileSync(known, JSON.stringify(overrides))
    const state = (await run('apply', overrides)).find((line) => line.test_state !== undefined)?.test_state
    if (state === undefined) throw new Error(`mock apply of ${root}: Terraform told no state`)
    return { root_module: state.root_module, outputs: state.outputs }
  } finally {
    rmSync(tests, { recursive: true, force: true })
  }
}

/** An id and an ARN of its own for each resource that is planned. */
function overridesFor(lines: readonly Line[]): readonly string[] {
  const planned = lines.find((line) => line.test_plan !== undefined)?.test_plan?.resource_changes ?? []
  return planned
    .filter(({ mode }) => mode === 'managed')
    .map(({ address, type, change }) => override('resource', address, valuesOf(type, address, change.after, change.after_unknown)))
}

/** The document that the foundation leaves for its environment. */
async function parameter(variables: Variables): Promise<string> {
  const shared = Object.fromEntries(Object.entries(variables).filter(([name]) => name === 'pit' || name === 'region'))
  const { resources } = await mockApply('foundation', shared)
  const found = resources.find(({ address }) => address === 'aws_ssm_parameter.foundation')
  if (typeof found?.values['value'] !== 'string') throw new Error('the foundation writes no aws_ssm_parameter.foundation')
  return found.values['value']
}

function dataOf(root: Root): readonly { readonly address: string; readonly type: string }[] {
  return partsOf(root).flatMap(({ folder, address }) =>
    blocksOf(folder)
      .filter((block) => block.type === 'data')
      .map(({ labels: [type = '', name] }) => ({ address: `${address}data.${type}.${name}`, type })),
  )
}

/** JSON is HCL but for what HCL would put into a string. */
const literal = (value: unknown): string => JSON.stringify(value).replaceAll('${', '$${').replaceAll('%{', '%%{')
const override = (kind: 'data' | 'resource', address: string, values: Variables): string =>
  `override_${kind} {\n  target = ${address}\n  values = ${literal(values)}\n}`
const assignments = (variables: Variables): string =>
  Object.entries(variables)
    .map(([name, value]) => `    ${name} = ${literal(value)}\n`)
    .join('')

interface Change {
  readonly address: string
  readonly mode: string
  readonly type: string
  readonly change: { readonly after: Variables; readonly after_unknown: Variables }
}
interface Line {
  readonly diagnostic?: { readonly severity: string; readonly summary: string; readonly detail: string }
  readonly test_plan?: { readonly resource_changes: readonly Change[] }
  readonly test_state?: State
}

function spoken({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }, root: Root): readonly Line[] {
  const lines: readonly Line[] = stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []))
  const wrong = lines.flatMap(({ diagnostic }) => (diagnostic?.severity === 'error' ? [`${diagnostic.summary}: ${diagnostic.detail}`] : []))
  if (wrong.length > 0 || lines.length === 0) throw new Error(`mock apply of ${root}:\n${wrong.join('\n')}${stderr}`)
  return lines
}
