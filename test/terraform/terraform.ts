/**
 * How tests run Terraform: the real program on a copy of `terraform/`, without an account.
 *
 *     withoutTerraform()                  why it cannot be run here; undefined where it can, and always with CI=true
 *     preparedTree()     tree.ts          an initialised copy of terraform/, shared by all tests: do not write there
 *     treeOfOnesOwn()    tree.ts          an initialised copy to change; disposable
 *     terraform(tree, args)               runs Terraform there: exit code, stdout, stderr
 *     terraformTest(tree, options)        runs `terraform test -json` there: its runs and every named failure
 *     mockApply('environment')  mock.ts   every resource and output of a root as applied to a mock of AWS, with policies
 *                                         known and an ARN and id of its own for each; reckoned once and kept by content
 *
 * SKEP_TERRAFORM_TREE names another tree to test than ours, one that treeOfOnesOwn() made: mutants are tried so.
 * SKEP_TERRAFORM_MIRROR names a directory of providers, in the layout of `terraform providers mirror`.
 */
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const project = resolve(import.meta.dirname, '../..')

/** The initialised copy that is tested instead of our own terraform/, if any. */
export const otherTree = process.env['SKEP_TERRAFORM_TREE']

/** The terraform/ under test. */
export const sources = otherTree ?? join(project, 'terraform')

/** What is reckoned from our own sources outlives the process; what is reckoned from others' lies beside them. */
export const cache = otherTree === undefined ? join(project, 'node_modules/.cache/skep-terraform') : join(dirname(otherTree), 'cache')

const noTerraform = spawnSync('terraform', ['version'], {
  env: { ...process.env, TF_CLI_CONFIG_FILE: '/dev/null', CHECKPOINT_DISABLE: '1' },
})

/** Why tests that need Terraform cannot run here; undefined when they can. In CI they have to. */
export function withoutTerraform(): string | undefined {
  return noTerraform.status === 0 || process.env['CI'] === 'true' ? undefined : 'there is no terraform on this machine'
}

/** Where providers lie on this machine; undefined: they are fetched from the registry. */
function findMirror(): string | undefined {
  const usual = [
    process.env['SKEP_TERRAFORM_MIRROR'],
    join(homedir(), '.terraform.d/plugins'),
    join(homedir(), '.local/share/terraform/plugins'),
    '/usr/local/share/terraform/plugins',
    '/usr/share/terraform/plugins',
    ...foldersOf('/opt').flatMap((folder) => [folder, ...foldersOf(folder)]),
  ]
  return usual.find((folder) => folder !== undefined && existsSync(join(folder, 'registry.terraform.io/hashicorp/aws')))
}

function foldersOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [join(folder, entry.name)] : []))
  } catch {
    return []
  }
}

/** A configuration of Terraform's own command line that owes nothing to the one of whoever runs the tests. */
function writeCliConfig(): string {
  const mirror = findMirror()
  const plugins = join(project, 'node_modules/.cache/terraform-plugins')
  mkdirSync(mirror === undefined ? plugins : cache, { recursive: true })
  const file = join(mirror === undefined ? plugins : cache, 'cli.tfrc')
  const from =
    mirror === undefined
      ? `plugin_cache_dir = ${JSON.stringify(plugins)}`
      : `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(mirror)}\n  }\n}`
  writeFileSync(file, `disable_checkpoint = true\n${from}\n`)
  return file
}

let cliConfig: string | undefined

/** Neither credentials nor a region nor settings of the caller's reach Terraform. */
export function environment(): NodeJS.ProcessEnv {
  cliConfig ??= writeCliConfig()
  const kept = Object.entries(process.env).filter(([name]) => !/^(AWS|TF)_/.test(name))
  const own = { TF_CLI_CONFIG_FILE: cliConfig, TF_IN_AUTOMATION: '1', AWS_EC2_METADATA_DISABLED: 'true', NO_COLOR: '1' }
  return { ...Object.fromEntries(kept), ...own }
}

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

let runs = 0

/** Runs Terraform in a directory. Its output goes to files: a pipe that nobody reads to the end leaves providers behind. */
export async function terraform(directory: string, args: readonly string[], limit = 240_000): Promise<Ran> {
  mkdirSync(cache, { recursive: true })
  const [out, err] = ['out', 'err'].map((end) => join(cache, `${process.pid}-${++runs}.${end}`)) as [string, string]
  const [stdout, stderr] = [openSync(out, 'w'), openSync(err, 'w')]
  try {
    const child = spawn('terraform', [`-chdir=${directory}`, ...args], {
      env: environment(),
      stdio: ['ignore', stdout, stderr],
      detached: true,
    })
    const timer = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), limit)
    const code = await new Promise<number>((done, fail) => child.on('error', fail).on('exit', (exit) => done(exit ?? -1)))
    clearTimeout(timer)
    if (code === -1) throw new Error(`terraform ${args.join(' ')}: took more than ${limit / 1000} s, or was killed`)
    return { code, stdout: readFileSync(out, 'utf8'), stderr: readFileSync(err, 'utf8') }
  } finally {
    for (const file of [stdout, stderr]) closeSync(file)
    for (const file of [out, err]) rmSync(file, { force: true })
  }
}

/** As `terraform`, but a failure is an error that shows what was said. */
export async function terraformOk(directory: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await terraform(directory, args)
  if (code !== 0) throw new Error(`terraform ${args.join(' ')} failed with ${code}:\n${stdout.slice(-4000)}${stderr.slice(-4000)}`)
  return stdout
}

export interface TestRun {
  readonly file: string
  readonly run: string
  readonly status: string
}
export interface TestFailure {
  readonly file: string
  readonly run: string
  /** What the assert says, or Terraform's own error with its place. */
  readonly message: string
}
export interface Tested {
  readonly code: number
  /** Every run block of every test file, as Terraform found them. */
  readonly found: Readonly<Record<string, readonly string[]>>
  readonly runs: readonly TestRun[]
  readonly failures: readonly TestFailure[]
}

interface Diagnostic {
  readonly severity: string
  readonly summary: string
  readonly detail: string
  readonly range?: { readonly filename: string; readonly start: { readonly line: number } }
}
interface Line {
  readonly '@testfile'?: string
  readonly '@testrun'?: string
  readonly type: string
  readonly test_abstract?: Readonly<Record<string, readonly string[]>>
  readonly test_run?: { readonly path: string; readonly run: string; readonly progress: string; readonly status?: string }
  readonly diagnostic?: Diagnostic
}

/** Runs the tests of a copy of terraform/: all files of its `tests`, or those named. */
export async function terraformTest(tree: string, options: { readonly files?: readonly string[] } = {}): Promise<Tested> {
  const filters = (options.files ?? []).map((file) => `-filter=tests/${file}`)
  const { code, stdout, stderr } = await terraform(tree, ['test', '-json', ...filters])
  const lines: readonly Line[] = stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []))
  if (lines.length === 0) throw new Error(`terraform test said nothing:\n${stderr}`)
  return {
    code,
    found: Object.assign({}, ...lines.map((line) => line.test_abstract ?? {})),
    runs: lines.flatMap(({ test_run: run }) =>
      run?.progress === 'complete' ? [{ file: run.path, run: run.run, status: run.status ?? 'unknown' }] : [],
    ),
    failures: lines.flatMap((line) =>
      line.diagnostic?.severity === 'error'
        ? [{ file: line['@testfile'] ?? '', run: line['@testrun'] ?? '', message: messageOf(line.diagnostic) }]
        : [],
    ),
  }
}

function messageOf({ summary, detail, range }: Diagnostic): string {
  if (summary === 'Test assertion failed') return detail
  return `${summary}: ${detail}${range === undefined ? '' : ` (${range.filename}:${range.start.line})`}`
}
