/** The shipped terraform/ with the complete example, run against the lab: the real provider, moto, and the shim between them. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Lab } from '../lab/aws/lab.ts'
import { environment, type Ran, sources, terraformOk } from './terraform.ts'
import { filesOf, type Root } from './tree.ts'

/** A change that a plan wants to make. */
interface Planned {
  readonly address: string
  readonly action: string
}

export interface OnLab extends Disposable {
  apply(root: Root, variables?: Variables): Promise<Ran>
  /** What a plan would change, with the exit code that says whether it would. */
  plan(root: Root): Promise<{ readonly code: number; readonly changes: readonly Planned[]; readonly errors: readonly string[] }>
  destroy(root: Root, variables?: Variables, targets?: readonly string[]): Promise<Ran>
  output(root: Root): Promise<Readonly<Record<string, { readonly value: unknown }>>>
  /** The state as `terraform show -json` prints it. */
  show(root: Root): Promise<string>
}

type Variables = Readonly<Record<string, string>>

const project = resolve(import.meta.dirname, '../..')

/** What only a test wants: moto answers what it does not know with 500, and 25 goes at that take ten minutes. */
const override = 'provider "aws" {\n  max_retries = 2\n}\n'

/** A copy with state of its own, initialised. */
export async function onLab(lab: Lab): Promise<OnLab> {
  const folder = mkdtempSync(join(tmpdir(), 'skep-apply-'))
  for (const path of filesOf()) {
    mkdirSync(join(folder, 'terraform', dirname(path)), { recursive: true })
    cpSync(join(sources, path), join(folder, 'terraform', path))
  }
  for (const root of ['foundation', 'environment']) writeFileSync(join(folder, 'terraform', root, 'lab_override.tf'), override)
  const bundled = spawnSync(process.execPath, [join(project, 'scripts/bundle-intake.ts'), join(folder, 'build/intake.zip')])
  if (bundled.status !== 0) throw new Error(`bundling intake: ${bundled.stderr}`)

  const at = (root: Root): string => join(folder, 'terraform/examples/complete', root)
  const { TF_CLI_CONFIG_FILE, CHECKPOINT_DISABLE = '1' } = environment()
  const terraform = (root: Root, ...args: readonly string[]): Promise<Ran> =>
    lab.run('terraform', [`-chdir=${at(root)}`, ...args], {
      environment: { TF_CLI_CONFIG_FILE, CHECKPOINT_DISABLE, TF_IN_AUTOMATION: '1' },
      limitMs: 280_000,
    })
  const told = (variables: Variables = {}): readonly string[] => Object.entries(variables).map(([name, value]) => `-var=${name}=${value}`)
  // Not faster than the lab, but what waits does so together: 25 s for each queue, 55 s for each lifecycle.
  const together = ['-no-color', '-input=false', '-parallelism=60']

  // Providers may have to be fetched, for which the lab's network has no way.
  await Promise.all((['foundation', 'environment'] as const).map((root) => terraformOk(at(root), ['init', '-no-color', '-input=false'])))

  return {
    apply: (root, variables) => terraform(root, 'apply', '-auto-approve', ...together, ...told(variables)),
    destroy: (root, variables, targets = []) =>
      terraform(root, 'destroy', '-auto-approve', ...together, ...told(variables), ...targets.map((target) => `-target=${target}`)),
    output: async (root) => JSON.parse((await terraform(root, 'output', '-json')).stdout),
    show: async (root) => (await terraform(root, 'show', '-json')).stdout,
    async plan(root) {
      const { code, stdout } = await terraform(root, 'plan', '-json', '-detailed-exitcode', ...together)
      const lines: readonly Line[] = stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []))
      return {
        code,
        changes: lines.flatMap(({ type, change }) =>
          type === 'planned_change' && change !== undefined ? [{ address: change.resource.addr, action: change.action }] : [],
        ),
        errors: lines.flatMap(({ diagnostic }) =>
          diagnostic?.severity === 'error' ? [`${diagnostic.summary}: ${diagnostic.detail}`] : [],
        ),
      }
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

interface Line {
  readonly type: string
  readonly change?: { readonly resource: { readonly addr: string }; readonly action: string }
  readonly diagnostic?: { readonly severity: string; readonly summary: string; readonly detail: string }
}
