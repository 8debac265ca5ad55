/** Copies of terraform/ to work on: initialised, with a local backend, and with nothing that refuses to be destroyed. */
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { once } from './once.ts'
import { cache, sources, terraformOk } from './terraform.ts'

export type Root = 'foundation' | 'environment'

const roots: readonly Root[] = ['foundation', 'environment']

/** What Terraform and those who run it leave in a directory, and what is not ours to copy. */
const leftBehind = /^(\.terraform|.*\.tfstate.*|.*\.tfvars(\.json)?|.*\.tfplan|crash.*\.log)$/

/** Every file of a folder of terraform/, sorted, by its path below terraform/. */
export function filesOf(folder = '', tree: string = sources): readonly string[] {
  return readdirSync(join(tree, folder), { withFileTypes: true })
    .filter(({ name }) => !leftBehind.test(name))
    .flatMap((entry) => (entry.isDirectory() ? filesOf(join(folder, entry.name), tree) : [join(folder, entry.name)]))
    .toSorted()
}

/** A hash of the files of these folders: what is reckoned from them is kept under it. */
export function hashOf(folders: readonly string[]): string {
  const hash = createHash('sha256')
  for (const path of folders.flatMap((folder) => filesOf(folder)))
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(sources, path)))
      .update('\0')
  return hash.digest('hex').slice(0, 16)
}

/** A root or a module that it calls, directly or not: where its files are, and its address as Terraform writes it. */
export interface Part {
  readonly folder: string
  readonly address: string
}

/** What a root is made of, itself first. */
export function partsOf(root: Root): readonly Part[] {
  const parts: Part[] = [{ folder: root, address: '' }]
  for (const { folder, address } of parts) {
    for (const path of filesOf(folder).filter((file) => file.endsWith('.tf'))) {
      const text = readFileSync(join(sources, path), 'utf8')
      for (const [, name, source = ''] of text.matchAll(/^module "([\w-]+)" \{[\s\S]*?^\s*source\s*=\s*"(\.[^"]*)"/gm))
        parts.push({ folder: join(folder, source), address: `${address}module.${name}.` })
    }
  }
  return parts
}

/** Resources with state that nobody may destroy, but a mock apply has to, at its end. */
export function protectedIn(text: string): readonly (readonly [type: string, name: string])[] {
  return [...text.matchAll(/^resource "(\w+)" "(\w+)" \{([\s\S]*?)^\}/gm)].flatMap(([, type = '', name = '', body = '']) =>
    /\bprevent_destroy\s*=\s*true/.test(body) ? [[type, name] as const] : [],
  )
}

function writeOverrides(tree: string): void {
  for (const root of roots) writeFileSync(join(tree, root, 'tests_override.tf'), 'terraform {\n  backend "local" {}\n}\n')
  const folders = Map.groupBy(
    filesOf('', tree).filter((path) => path.endsWith('.tf')),
    (path) => dirname(path),
  )
  for (const [folder, paths] of folders) {
    const found = paths.flatMap((path) => protectedIn(readFileSync(join(tree, path), 'utf8')))
    if (found.length === 0) continue
    const blocks = found.map(([type, name]) => `resource "${type}" "${name}" {\n  lifecycle {\n    prevent_destroy = false\n  }\n}\n`)
    writeFileSync(join(tree, folder, 'protected_override.tf'), blocks.join('\n'))
  }
}

function copyTo(tree: string): void {
  for (const path of filesOf()) {
    mkdirSync(join(tree, dirname(path)), { recursive: true })
    cpSync(join(sources, path), join(tree, path))
  }
  writeOverrides(tree)
}

/** The shared copy of terraform/ as it is now; made at most once for one content. Nobody may write there. */
export async function preparedTree(): Promise<string> {
  const tree = join(cache, `${hashOf([''])}-tree`)
  await once(tree, async () => {
    forgetOld()
    const making = `${tree}-making`
    try {
      copyTo(making)
      await Promise.all(['.', ...roots].map((root) => terraformOk(join(making, root), ['init', '-input=false', '-no-color'])))
      renameSync(making, tree)
    } finally {
      rmSync(making, { recursive: true, force: true })
    }
  })
  return tree
}

const day = 24 * 60 * 60 * 1000

/** What was reckoned from sources that have changed since is of no use. */
function forgetOld(): void {
  mkdirSync(cache, { recursive: true })
  for (const name of readdirSync(cache)) {
    const path = join(cache, name)
    if (Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > day)
      rmSync(path, { recursive: true, force: true })
  }
}

/** A copy to change; it goes with the test. */
export async function treeOfOnesOwn(): Promise<Disposable & { readonly path: string }> {
  const prepared = await preparedTree()
  const path = join(mkdtempSync(join(tmpdir(), 'skep-terraform-')), 'terraform')
  cpSync(prepared, path, { recursive: true, verbatimSymlinks: true })
  return { path, [Symbol.dispose]: () => rmSync(dirname(path), { recursive: true, force: true }) }
}
