/** Makes what is shipped to other machines: each program one file, each with its SHA-256, built only when its sources changed. */
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BuildOptions, BuildResult } from 'esbuild'
import * as z from 'zod'

interface ReleaseFile {
  /** Path under the release directory, such as `worker.mjs` or `pipelines/vitals/sample.mjs`. */
  readonly name: string
  /** Absolute. */
  readonly path: string
  readonly mode: number
  readonly sha256: string
}

export interface Release {
  /** Absolute path of the release directory. */
  readonly dir: string
  /** In the order of their names, as SHA256SUMS has them. */
  readonly files: readonly ReleaseFile[]
}

/** Programs by the name of their bundle. A source that is not there is left out. */
const programs: Readonly<Record<string, string>> = {
  worker: 'worker/main.ts',
  'key-host': 'key-host/main.ts',
  machine: 'cloud/local/machine.ts',
  'pipelines/vitals/sample': 'worker/pipelines/vitals/sample.ts',
  'pipelines/vitals/consolidate': 'worker/pipelines/vitals/consolidate.ts',
}
/** Shipped as they are. */
const copies: Readonly<Record<string, string>> = {
  'pipelines/vitals/reference/ranges.json': 'worker/pipelines/vitals/reference/ranges.json',
}

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const SUMS = 'SHA256SUMS'
const STATE = 'built-from.json'
/** Bundled CommonJS still calls `require` for what Node has built in, and ssh2 asks for `__dirname`. */
const REQUIRE =
  "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url); const __dirname = import.meta.dirname;"

const stateSchema = z.strictObject({
  /** What was asked for, and of which builder. */
  recipe: z.string(),
  /** SHA-256 by path under the project. */
  inputs: z.record(z.string(), z.string()),
  /** SHA-256 and mode by name. */
  files: z.record(z.string(), z.strictObject({ sha256: z.string(), mode: z.int() })),
})
type State = z.infer<typeof stateSchema>

/** Brings `dir` up to date. Any number of processes may do so at once: each file is put in place whole. */
export async function buildRelease(dir: string, root = ROOT): Promise<Release> {
  const target = resolve(dir)
  const sources = Object.fromEntries(Object.entries(programs).filter(([, source]) => existsSync(join(root, source))))
  const { buildSync, version } = await import('esbuild')
  const recipe = hash(JSON.stringify([version, REQUIRE, options(root, sources), copies]))
  const before = readState(target)
  if (before?.recipe === recipe && inputsAreStill(root, before) && filesAreStill(target, before)) return releaseOf(target, before)

  // The synchronous form leaves no helper process behind.
  const built = buildSync(options(root, sources))
  const contents = new Map<string, { readonly bytes: Uint8Array; readonly mode: number }>()
  for (const { path, contents: bytes } of built.outputFiles) contents.set(path.slice(root.length + 1), { bytes, mode: 0o700 })
  for (const [name, source] of Object.entries(copies)) contents.set(name, { bytes: readFileSync(join(root, source)), mode: 0o600 })

  for (const [name, { bytes, mode }] of contents) put(join(target, name), bytes, mode)
  const state: State = {
    recipe,
    inputs: Object.fromEntries([...inputsOf(built), ...Object.values(copies)].map((path) => [path, hash(readFileSync(join(root, path)))])),
    files: Object.fromEntries([...contents].map(([name, { bytes, mode }]) => [name, { sha256: hash(bytes), mode }])),
  }
  const release = releaseOf(target, state)
  put(join(target, SUMS), release.files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join(''), 0o600)
  put(join(target, STATE), `${JSON.stringify(state)}\n`, 0o600)
  return release
}

function options(root: string, entryPoints: Readonly<Record<string, string>>) {
  return {
    absWorkingDir: root,
    entryPoints,
    // Only a name: nothing is written by the builder itself.
    outdir: root,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node22.18',
    external: ['*.node'],
    banner: { js: REQUIRE },
    minifyWhitespace: true,
    // openpgp.js is LGPL: its notice stays in the bundle.
    legalComments: 'inline',
    logLevel: 'silent',
  } as const satisfies BuildOptions
}

const inputsOf = ({ metafile }: BuildResult<{ metafile: true }>): string[] => Object.keys(metafile.inputs)

function readState(target: string): State | undefined {
  try {
    return stateSchema.safeParse(JSON.parse(readFileSync(join(target, STATE), 'utf8'))).data
  } catch {
    return undefined
  }
}

const inputsAreStill = (root: string, { inputs }: State): boolean =>
  Object.entries(inputs).every(([path, sum]) => hashOf(join(root, path)) === sum)

function filesAreStill(target: string, state: State): boolean {
  return existsSync(join(target, SUMS)) && Object.entries(state.files).every(([name, { sha256 }]) => hashOf(join(target, name)) === sha256)
}

function releaseOf(dir: string, { files }: State): Release {
  const named = Object.entries(files).map(([name, { sha256, mode }]): ReleaseFile => ({ name, path: join(dir, name), mode, sha256 }))
  return { dir, files: named.sort(({ name: a }, { name: b }) => (a < b ? -1 : a > b ? 1 : 0)) }
}

function put(path: string, content: string | Uint8Array, mode: number): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${process.pid}-${randomBytes(6).toString('hex')}`
  try {
    const file = openSync(temporary, 'wx', mode)
    try {
      writeFileSync(file, content)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
  } finally {
    rmSync(temporary, { force: true })
  }
}

const hash = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex')
/** Undefined when there is no such file. */
const hashOf = (path: string): string | undefined => (existsSync(path) ? hash(readFileSync(path)) : undefined)
