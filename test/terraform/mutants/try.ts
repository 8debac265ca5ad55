/** Makes the sources of terraform/ wrong in one place, and looks whether the test that has to see it does. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { cache, sources } from '../terraform.ts'
import { terraformTest } from '../test-runs.ts'
import { treeOfOnesOwn } from '../tree.ts'
import type { Mutant } from './mutant.ts'

const project = resolve(import.meta.dirname, '../../..')
const terraformTests = join(project, 'test/terraform')

export type Outcome = 'killed' | 'survived' | 'killed for another reason' | 'without effect'

export interface Verdict {
  readonly mutant: Mutant
  readonly outcome: Outcome
  readonly seconds: number
  /** What the tests said, a line each. */
  readonly said: readonly string[]
}

/** All mutants, of every area. */
export async function allMutants(): Promise<readonly Mutant[]> {
  const areas = readdirSync(import.meta.dirname).filter((name) => !['mutant.ts', 'mutants.test.ts', 'run.ts', 'try.ts'].includes(name))
  const modules: readonly { readonly mutants: readonly Mutant[] }[] = await Promise.all(
    areas.map((name) => import(join(import.meta.dirname, name))),
  )
  return modules.flatMap(({ mutants }) => mutants)
}

/** Why a mutant would not be one; undefined: it can be tried. */
export function withoutEffect({ file, find, replace, killedBy }: Mutant): string | undefined {
  const path = join(sources, file)
  const times = existsSync(path) ? readFileSync(path, 'utf8').split(find).length - 1 : 0
  if (times !== 1) return `expected ${JSON.stringify(find)} once in ${file}, found it ${times} times`
  if (find === replace) return 'it changes nothing'
  const seen = killedBy.endsWith('.tftest.hcl') ? existsSync(join(sources, 'tests', killedBy)) : testsOf(killedBy).length > 0
  return seen ? undefined : `${killedBy} is neither a file of terraform/tests nor a test that reads a mock apply`
}

/** What comes of one mutant. */
export async function tryMutant(mutant: Mutant): Promise<Verdict> {
  const began = performance.now()
  const verdict = (outcome: Outcome, said: readonly string[] = []): Verdict => ({
    mutant,
    outcome,
    seconds: (performance.now() - began) / 1000,
    said,
  })
  const nothing = withoutEffect(mutant)
  if (nothing !== undefined) return verdict('without effect', [nothing])
  using tree = await treeOfOnesOwn()
  const file = join(tree.path, mutant.file)
  writeFileSync(file, readFileSync(file, 'utf8').split(mutant.find).join(mutant.replace))
  const says = mutant.killedBy.endsWith('.tftest.hcl') ? terraformSays : vitestSays
  const said = await says(tree.path, mutant).catch((error: unknown) => [String(error)])
  if (said.length === 0) return verdict('survived')
  return verdict(said.some((line) => line.includes(mutant.says)) ? 'killed' : 'killed for another reason', said)
}

async function terraformSays(tree: string, { killedBy }: Mutant): Promise<readonly string[]> {
  const { found, failures } = await terraformTest(tree, { files: [killedBy] })
  if (Object.values(found).flat().length + failures.length === 0) throw new Error(`terraform/tests/${killedBy} has no run`)
  return failures.map(({ message }) => message)
}

/** The failures of the tests that read a mock apply, on this tree. What has been reckoned of ours and still holds is taken along. */
async function vitestSays(tree: string, { killedBy, file }: Mutant): Promise<readonly string[]> {
  const beside = join(dirname(tree), 'cache')
  mkdirSync(beside, { recursive: true })
  // Ids and ARNs are made of names, and would have to be made anew.
  const known = file.startsWith('modules/names/') ? [] : readdirSync(cache).filter((name) => name.endsWith('.json'))
  for (const name of known) symlinkSync(join(cache, name), join(beside, name))
  const report = join(beside, 'report')
  const args = [
    join(project, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--config',
    'vitest.terraform.config.ts',
    '--reporter=json',
    `--outputFile=${report}`,
  ]
  const code = await run([...args, ...testsOf(killedBy)], { SKEP_TERRAFORM_TREE: tree })
  if (!existsSync(report)) throw new Error(`vitest ended with ${code} and reported nothing`)
  const { testResults }: Report = JSON.parse(readFileSync(report, 'utf8'))
  rmSync(report)
  return testResults.flatMap(({ assertionResults, status, message }) => [
    ...(assertionResults.length === 0 && status === 'failed' ? [message] : []),
    ...assertionResults
      .filter((result) => result.status === 'failed')
      .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages.join(' ')}`),
  ])
}

interface Report {
  readonly testResults: readonly {
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

const places: Readonly<Record<string, string>> = { policies: 'policy', reachability: 'reachability', names: 'names.test.ts' }

/** The test files behind a word, those only that look at what was applied. */
function testsOf(killedBy: string): readonly string[] {
  const place = join(terraformTests, places[killedBy] ?? killedBy)
  if (!existsSync(place)) return []
  if (place.endsWith('.ts')) return [relative(project, place)]
  return readdirSync(place)
    .filter((name) => name.endsWith('.test.ts') && readsMock(join(place, name), new Set()))
    .map((name) => relative(project, join(place, name)))
}

function readsMock(file: string, seen: Set<string>): boolean {
  if (file === join(terraformTests, 'mock.ts')) return true
  if (seen.has(file) || !existsSync(file)) return false
  seen.add(file)
  const imports = [...readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g)].map(([, path = '']) => resolve(dirname(file), path))
  return imports.some((path) => readsMock(path, seen))
}

function run(args: readonly string[], more: NodeJS.ProcessEnv): Promise<number> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')))
  const child = spawn(process.execPath, args, {
    cwd: project,
    env: { ...env, ...more },
    stdio: ['ignore', 'ignore', 'ignore'],
    timeout: 300_000,
  })
  return new Promise((done, fail) => child.on('error', fail).on('exit', (code) => done(code ?? -1)))
}
