import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  exportsSayWhatFor,
  fewReadTheEnvironment,
  filesAreShort,
  importsNameFiles,
  importsRunOneWay,
  nobodyUsesTheConsole,
  nothingIsPassedOn,
  nothingNamesTheBuildMachine,
  packagesHaveTheirPlace,
  type Rule,
} from './architecture/rules.ts'
import { sourceOf } from './architecture/source.ts'
import { places } from './architecture/tables.ts'

const root = join(import.meta.dirname, '..')

/** Every file of ours that is text, but what the package manager writes and what a demo left. */
const files = (folder = ''): readonly string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      const skipped = entry.name === 'node_modules' || (entry.name.startsWith('.') && entry.name !== '.ci')
      return skipped || existsSync(join(root, path, 'skep.json')) ? [] : files(path)
    }
    return /\.(ts|mts|js|mjs|md|json|tf|hcl|sh|ya?ml|svg)$|^\.ci\//.test(path) && entry.name !== 'package-lock.json' ? [path] : []
  })

const sources = files().map((path) => sourceOf(path, readFileSync(join(root, path), 'utf8')))

/** A rule, files that break it with what it says of them, and files that do not. */
interface Held {
  readonly rule: Rule
  readonly breaks: readonly (readonly [path: string, text: string, says: string])[]
  readonly keeps: readonly (readonly [path: string, text: string])[]
}

const imports = (specifier: string) => `import { x } from '${specifier}'\n`
const home = ['', 'home', 'someone', 'skep'].join('/')

const rules: Readonly<Record<string, Held>> = {
  'imports run one way': {
    rule: importsRunOneWay,
    breaks: [
      ['runner/contract.ts', imports('../custody/names.ts'), 'may not import custody/names.ts'],
      ['runner/contract.ts', imports('./engine/run.ts'), 'may not import runner/engine/run.ts'],
      ['runner/engine/run.ts', imports('../report/json.ts'), 'may not import runner/report/json.ts'],
      ['runner/connections/ssh.ts', imports('../engine/run.ts'), 'may not import runner/engine/run.ts'],
      ['modules/file.ts', imports('../runner/connections/ssh.ts'), 'may not import runner/connections/ssh.ts'],
      ['modules/file.ts', imports('../cloud/ports.ts'), 'may not import cloud/ports.ts'],
      ['inventory/static.ts', imports('../runner/engine/run.ts'), 'may not import runner/engine/run.ts'],
      ['playbooks/worker.ts', imports('../fleet/rows.ts'), 'may not import fleet/rows.ts'],
      ['custody/names.ts', imports('../fleet/rows.ts'), 'may not import fleet/rows.ts'],
      ['custody/names.ts', imports('../cloud/local/open.ts'), 'may not import cloud/local/open.ts'],
      ['fleet/rows.ts', "import type { X } from '../cloud/local/open.ts'", 'may not import cloud/local/open.ts'],
      ['fleet/steps/job.ts', "const x = await import('../../runner/engine/run.ts')", 'may not import runner/engine/run.ts'],
      ['fleet/steps/job.ts', "import '../../worker/work.ts'", 'may not import worker/work.ts'],
      ['worker/work.ts', imports('../fleet/rows.ts'), 'may not import fleet/rows.ts'],
      ['worker/pipelines/vitals/csv.ts', imports('../../bytes.ts'), 'may not import worker/bytes.ts'],
      ['key-host/release.ts', imports('../owner/keys.ts'), 'may not import owner/keys.ts'],
      ['cloud/ports.ts', imports('../custody/names.ts'), 'may not import custody/names.ts'],
      ['cloud/local/open.ts', imports('../../fleet/rows.ts'), 'may not import fleet/rows.ts'],
      ['custody/x.ts', "import {\n  a, // from './b.ts'\n  b,\n} from '../intake/intake.ts'", 'may not import intake/intake.ts'],
      ['novelty/x.ts', imports('../cloud/ports.ts'), 'may not import cloud/ports.ts'],
      ['fleet/rows.ts', imports('../novelty/x.ts'), 'may not import novelty/x.ts'],
    ],
    keeps: [
      ['modules/file.ts', imports('../runner/contract.ts')],
      ['modules/file.ts', imports('./lib/mode.ts')],
      ['runner/contract.ts', imports('./sh.ts')],
      ['runner/engine/run.ts', imports('../contract.ts')],
      ['fleet/steps/job.ts', imports('../../custody/names.ts')],
      ['intake/intake.ts', imports('../fleet/rows.ts')],
      ['worker/main.ts', imports('../cloud/local/open.ts')],
      ['cli/main.ts', imports('../bastion-agent/agent.ts')],
      [
        'custody/names.ts',
        "// import { x } from '../fleet/rows.ts'\n/* import '../fleet/rows.ts' */\nconst a = `import x from '../fleet/rows.ts'`",
      ],
    ],
  },
  'imports name files as Node reads them': {
    rule: importsNameFiles,
    breaks: [
      ['custody/x.ts', imports('./names'), 'expected an import that ends with .ts, got ./names'],
      ['custody/x.ts', imports('./names.js'), 'got ./names.js'],
    ],
    keeps: [['custody/x.ts', imports('./names.ts')]],
  },
  'each package has its place': {
    rule: packagesHaveTheirPlace,
    breaks: [
      ['runner/engine/run.ts', imports('node-ssh'), 'may not name node-ssh'],
      ['runner/connections/ssh.ts', imports('listr2'), 'may not name listr2'],
      ['worker/keys.ts', imports('openpgp'), 'may not name openpgp'],
      ['custody/pgp-packets.ts', imports('openpgp/lightweight'), 'may not name openpgp'],
      ['custody/x.ts', imports('ssh2'), 'may not name ssh2'],
      ['fleet/x.ts', "type X = import('commander').Command", 'may not name commander'],
      ['cli/x.ts', imports('zx'), 'may not name zx'],
      ['test/x.test.ts', imports('zx/core'), 'may not name zx'],
      ['fleet/x.ts', imports('@aws-sdk/client-ec2'), 'may not name @aws-sdk'],
      ['cli/doctor.ts', imports('@aws-sdk/client-ssm'), 'may not name @aws-sdk'],
      ['cloud/aws/x.ts', imports('@cloud-copilot/iam-simulate'), 'may not name @cloud-copilot/iam-simulate'],
      ['test/terraform/policy/decide.ts', imports('@cloud-copilot/iam-simulate'), 'may not name @cloud-copilot/iam-simulate'],
      ['worker/x.ts', imports('fflate'), 'may not name fflate'],
      ['owner/x.ts', imports('node:sqlite'), 'may not name node:sqlite'],
      ['worker/x.ts', imports('esbuild'), 'may not name esbuild'],
      ['worker/x.ts', imports('vitest'), 'may not name vitest'],
      ['runner/contract.ts', imports('zod'), 'may not name zod'],
      ['owner/x.ts', imports('@someone/left-pad/deep'), 'names @someone/left-pad, which has no place'],
    ],
    keeps: [
      ['runner/connections/ssh.ts', imports('ssh2')],
      ['cloud/local/sqlite.ts', imports('node:sqlite')],
      ['cloud/aws/ec2.ts', imports('@aws-sdk/client-ec2')],
      ['custody/x.ts', imports('node:crypto') + imports('zod')],
      ['test/x.test.ts', imports('openpgp') + imports('vitest')],
      ['test/terraform/policy/judge.test.ts', imports('@cloud-copilot/iam-simulate')],
    ],
  },
  'what a file has is imported from that file': {
    rule: nothingIsPassedOn,
    breaks: [
      ['fleet/index.ts', 'export const x = 1', 'not index.ts'],
      ['fleet/x.ts', "export * from './y.ts'", 'fleet/x.ts:1: exports what another file has'],
      ['fleet/x.ts', "\nexport * as y from './y.ts'", 'fleet/x.ts:2'],
      ['fleet/x.ts', "export { default } from './y.ts'", 'exports what another file has'],
      ['fleet/x.ts', "export type {\n  A,\n} from './y.ts'", 'exports what another file has'],
    ],
    keeps: [['fleet/x.ts', "export { a }\nexport type { B }\n// export * from './y.ts'\nconst a = 'export * from'"]],
  },
  'nobody uses the console': {
    rule: nobodyUsesTheConsole,
    breaks: [
      ['fleet/x.ts', 'const a = 1\nconsole.log(a)', 'fleet/x.ts:2: uses the console'],
      ['cli/x.ts', "globalThis.console['error'](1)", 'uses the console'],
      ['cli/x.ts', `const a = \`\${console.log(1)}\``, 'uses the console'],
      ['cli/x.ts', "const a = /['\"`]/.test(x) // it's\nconsole.log(1)", 'cli/x.ts:2'],
    ],
    keeps: [['fleet/x.ts', "// console.log\nconst a = 'console.log(1)' + `console.log` + String(/console.log/)\n"]],
  },
  'few read the environment': {
    rule: fewReadTheEnvironment,
    breaks: [
      ['fleet/x.ts', "const a = process.env['HOME']", 'fleet/x.ts:1: reads process.env'],
      ['bastion-agent/agent.ts', 'const a = process?.env', 'reads process.env'],
      ['worker/x.ts', 'const { env } = process', 'reads process.env'],
      ['worker/x.ts', "import { env } from 'node:process'", 'reads process.env'],
    ],
    keeps: [
      ['cli/x.ts', "const a = process.env['SKEP_DIR']"],
      ['worker/main.ts', 'const a = process.env'],
      ['cloud/local/x.ts', 'const a = process.env'],
      ['worker/x.ts', "spawn(a, { env: clean })\nconst { cwd } = process\nimport { env } from './clean.ts'"],
    ],
  },
  'each exported function and class says what it is for': {
    rule: exportsSayWhatFor,
    breaks: [
      ['fleet/x.ts', 'export function a() {}', 'fleet/x.ts:1: a has no line of purpose'],
      ['fleet/x.ts', '/** Not of b. */\nconst a = 1\n\nexport async function b() {}', 'fleet/x.ts:4: b'],
      ['fleet/x.ts', '// Too little.\nexport class C {}', 'C has no line of purpose'],
      ['fleet/x.ts', 'export default async function* d() {}', 'd has no line of purpose'],
    ],
    keeps: [
      ['fleet/x.ts', '/** Does it. */\nexport function a() {}\n\n/**\n * Is it.\n */\nexport abstract class B {}\n\nfunction inner() {}'],
      ['test/sim/x.ts', 'export function a() {}'],
    ],
  },
  'files are short': {
    rule: filesAreShort,
    breaks: [['fleet/x.ts', `${'\n'.repeat(400)}const a = 1\n`, 'expected at most 400 lines, got 401']],
    keeps: [
      ['fleet/x.ts', 'const a = 1\n'.repeat(400)],
      ['docs/x.md', `${'\n'.repeat(1000)}end`],
    ],
  },
  'nothing names the build machine': {
    rule: nothingNamesTheBuildMachine,
    breaks: [
      ['docs/x.md', `Run it in ${home}.`, 'docs/x.md:1: names a path of a build machine'],
      ['fleet/x.ts', `const a = '${['', 'work', 'main', 'x'].join('/')}'`, 'names a path of a build machine'],
      ['docs/x.md', `a\n(${['', 'root', '.ssh'].join('/')})`, 'docs/x.md:2'],
    ],
    keeps: [
      ['docs/x.md', 'See `/opt/skep`, `/usr/bin/env`, `docs/work/x`, `./root/x`, https://example.org/home and $HOME/work/x.'],
      ['fleet/x.ts', `const a = \`\${dir}/work/x\``],
    ],
  },
}

describe.each(Object.entries(rules))('%s', (_, { rule, breaks, keeps }) => {
  test('in all of the project', () => {
    expect(rule(sources)).toEqual([])
  })

  test.each(breaks)('is broken by %s with %j', (path, text, says) => {
    expect(rule([sourceOf(path, text)])).toEqual([expect.stringContaining(says)])
  })

  test.each(keeps)('is kept by %s with %j', (path, text) => {
    expect(rule([sourceOf(path, text)])).toEqual([])
  })
})

test('the rules see the project', () => {
  expect(sources.map(({ path }) => path)).toEqual(expect.arrayContaining(['cloud/ports.ts', 'custody/names.ts', 'package.json']))
  const named = sources.find(({ path }) => path === 'custody/messages.ts')
  expect(named?.imports).toEqual(['zod', './names.ts'])
})

test('every folder of code has a place in the import table, or is where parts are put together', () => {
  const known = new Set([...Object.keys(places).map((place) => place.split('/')[0]), 'cli', 'bastion-agent', 'test', 'scripts'])
  const folders = new Set(sources.filter(({ path }) => /^[^/]+\/.*\.ts$/.test(path)).map(({ path }) => path.split('/')[0]))
  expect([...folders].filter((folder) => !known.has(folder))).toEqual([])
})
