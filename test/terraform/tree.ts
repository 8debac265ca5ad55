/** Copies of terraform/ to work on: initialised, with a local backend, and with nothing that refuses to be destroyed. */
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { argumentsIn, type Block, blocksIn } from '../../scripts/terraform/hcl.ts'
import { once } from './once.ts'
import { cache, otherTree, sources, terraformOk } from './terraform.ts'

export type Root = 'foundation' | 'environment'

const roots: readonly Root[] = ['foundation', 'environment']

/** What Terraform and those who run it leave in a directory, and what is not ours to copy. */
const leftBehind = /^(\.terraform|mock-.*|.*_override\.tf|.*\.tfstate.*|.*\.tfvars(\.json)?|.*\.tfplan|crash.*\.log)$/

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
    for (const { type, labels, body } of blocksOf(folder)) {
      const source = argumentsIn(body)['source']
      if (type === 'module' && source?.startsWith('".'))
        parts.push({ folder: join(folder, JSON.parse(source)), address: `${address}module.${labels[0]}.` })
    }
  }
  return parts
}

/** The blocks of a folder's own files. */
export function blocksOf(folder: string, tree: string = sources): readonly Block[] {
  return readdirSync(join(tree, folder))
    .filter((name) => name.endsWith('.tf') && !leftBehind.test(name))
    .flatMap((name) => blocksIn(readFileSync(join(tree, folder, name), 'utf8')))
}

/** Whether nobody may destroy a resource; a mock apply has to, at its end. */
function isProtected({ type, body }: Block): boolean {
  return (
    type === 'resource' &&
    blocksIn(body).some((inner) => inner.type === 'lifecycle' && argumentsIn(inner.body)['prevent_destroy'] === 'true')
  )
}

function writeOverrides(tree: string): void {
  for (const root of roots) writeFileSync(join(tree, root, 'tests_override.tf'), 'terraform {\n  backend "local" {}\n}\n')
  for (const folder of new Set(filesOf('', tree).map((path) => dirname(path)))) {
    const found = blocksOf(folder, tree).filter(isProtected)
    const blocks = found.map(
      ({ labels }) => `resource "${labels[0]}" "${labels[1]}" {\n  lifecycle {\n    prevent_destroy = false\n  }\n}\n`,
    )
    if (found.length > 0) writeFileSync(join(tree, folder, 'protected_override.tf'), blocks.join('\n'))
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
  if (otherTree !== undefined) return otherTree
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
  // Others' mock applies come and go there.
  cpSync(prepared, path, { recursive: true, verbatimSymlinks: true, filter: (from) => !basename(from).startsWith('mock-') })
  return { path, [Symbol.dispose]: () => rmSync(dirname(path), { recursive: true, force: true }) }
}
