/**
 * How tests run Terraform: the real program on a copy of `terraform/`, without an account.
 *
 *     withoutTerraform()                  why it cannot be run here; undefined where it can, and always with CI=true
 *     preparedTree()     tree.ts          an initialised copy of terraform/, shared by all tests: do not write there
 *     treeOfOnesOwn()    tree.ts          an initialised copy to change; disposable
 *     terraform(tree, args)               runs Terraform there: exit code, stdout, stderr
 *     terraformTest(tree, options)        runs `terraform test -json` there: its runs and every named failure (test-runs.ts)
 *     mockApply('environment')  mock.ts   every resource and output of a root as applied to a mock of AWS, with policies
 *                                         known and an ARN and id of its own for each; reckoned once and kept by content
 *
 * SKEP_TERRAFORM_TREE names another tree to test than ours, one that treeOfOnesOwn() made: mutants are tried so.
 * SKEP_TERRAFORM_MIRROR names a directory of providers, in the layout of `terraform providers mirror`.
 */
import { spawn } from 'node:child_process'
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { once } from './once.ts'
import { sharedProvider } from './provider.ts'

const project = resolve(import.meta.dirname, '../..')

/** The initialised copy that is tested instead of our own terraform/, if any. */
export const otherTree = process.env['SKEP_TERRAFORM_TREE']

/** The terraform/ under test. */
export const sources = otherTree ?? join(project, 'terraform')

/** What is reckoned from our own sources outlives the process; what is reckoned from others' lies beside them. */
export const cache = otherTree === undefined ? join(project, 'node_modules/.cache/skep-terraform') : join(dirname(otherTree), 'cache')

/** Where providers lie on this machine; undefined: they are fetched from the registry. */
function findMirror(): string | undefined {
  const usual = [
    process.env['SKEP_TERRAFORM_MIRROR'],
    process.env['TF_PLUGIN_CACHE_DIR'],
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

const mirror = findMirror()

/** Where the provider is kept that came from the registry. */
const fetched = join(project, 'node_modules/.cache/terraform-plugins')

/** A configuration of Terraform's own command line that owes nothing to the one of whoever runs the tests. */
function writeCliConfig(): string {
  const from =
    mirror === undefined
      ? `plugin_cache_dir = ${JSON.stringify(fetched)}`
      : `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(mirror)}\n  }\n}`
  const file = join(cache, 'cli.tfrc')
  mkdirSync(cache, { recursive: true })
  // Others may be reading it.
  writeFileSync(`${file}-${process.pid}`, `disable_checkpoint = true\n${from}\n`)
  renameSync(`${file}-${process.pid}`, file)
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
    const shared = ['test', 'plan', 'validate'].includes(args[0] ?? '') ? await sharedProvider(directory) : {}
    const child = spawn('terraform', [`-chdir=${directory}`, ...args], {
      env: { ...environment(), ...shared },
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

const program = await terraform(project, ['version']).catch(() => undefined)
const missing = program?.code === 0 ? await withoutProvider() : 'there is no terraform on this machine'

/** Why tests that need Terraform cannot run here; undefined when they can. In CI they have to. */
export function withoutTerraform(): string | undefined {
  return process.env['CI'] === 'true' ? undefined : missing
}

/** Without a mirror, the provider is fetched once. */
async function withoutProvider(): Promise<string | undefined> {
  if (mirror !== undefined) return undefined
  mkdirSync(fetched, { recursive: true })
  try {
    await once(join(fetched, 'fetched'), async () => {
      const folder = mkdtempSync(join(tmpdir(), 'skep-provider-'))
      try {
        for (const name of ['versions.tf', '.terraform.lock.hcl']) copyFileSync(join(sources, name), join(folder, name))
        await terraformOk(folder, ['init', '-input=false', '-no-color'])
        writeFileSync(join(fetched, 'fetched'), '')
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })
    return undefined
  } catch {
    return 'there is no mirror of providers on this machine, and the registry gave none'
  }
}
