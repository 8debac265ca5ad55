/** group_vars/ and host_vars/: what lies beside inventories and playbooks, found as Ansible finds it, and `.ts` files too. */
import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { Plain } from '../runner/contract.ts'
import { UsageError } from '../runner/errors.ts'
import type { Secret } from '../runner/secret.ts'
import { readData } from './data-file.ts'
import type { Warn } from './groups.ts'
import type { ModuleVars } from './module.ts'
import { lineOf, type Setting, settingsOf } from './part.ts'

type Kind = 'group_vars' | 'host_vars'
type Found = ReadonlyMap<string, Setting<Plain | Secret>>

const dataKinds = ['', '.yml', '.yaml', '.json']
const codeKinds = ['.ts', '.mts', '.js', '.mjs']

/** The files of one run: each directory is listed once, each file read once. */
export class VarsFiles {
  readonly #warn: Warn
  readonly #listings = new Map<string, Promise<ReadonlyMap<string, boolean>>>()
  readonly #files = new Map<string, Promise<Found>>()

  constructor(warn: Warn) {
    this.#warn = warn
  }

  /** What the files of a group or host say, in the order in which they count. */
  async of(directory: string, kind: Kind, name: string): Promise<readonly Found[]> {
    const folder = join(directory, kind)
    const listing = await this.#list(folder)
    const data = dataKinds.map((ending) => name + ending).filter((file) => listing.has(file))
    const code = codeKinds.map((ending) => name + ending).filter((file) => listing.get(file) === false)
    const [first, second] = [...data, ...code]
    if (first === undefined) return []
    if (second !== undefined) {
      if (code.length > 0)
        throw new UsageError(`${join(folder, first)} and ${join(folder, second)} are both for '${name}': keep one of the two`)
      this.#warn(`${join(folder, second)} is not read, for there is ${join(folder, first)}`)
    }
    const paths = listing.get(first) === true ? await this.#within(join(folder, first)) : [join(folder, first)]
    return Promise.all(paths.map((path) => this.#read(path)))
  }

  /** All files of a directory, deeper ones too, in the order of their names. */
  async #within(folder: string): Promise<readonly string[]> {
    const paths: string[] = []
    for (const [name, isDirectory] of [...(await this.#list(folder))].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (name.startsWith('.') || name.endsWith('~')) continue
      const ending = extname(name)
      if (isDirectory && ending === '') paths.push(...(await this.#within(join(folder, name))))
      else if (!isDirectory && [...dataKinds, ...codeKinds].includes(ending)) paths.push(join(folder, name))
    }
    return paths
  }

  /** What is in a directory, and whether that is one itself; nothing where there is none. */
  #list(folder: string): Promise<ReadonlyMap<string, boolean>> {
    const listing = this.#listings.get(folder) ?? list(folder)
    this.#listings.set(folder, listing)
    return listing
  }

  #read(path: string): Promise<Found> {
    const found = this.#files.get(path) ?? read(path)
    this.#files.set(path, found)
    return found
  }
}

async function list(folder: string): Promise<ReadonlyMap<string, boolean>> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    const isDirectory = async (name: string): Promise<boolean> =>
      readdir(join(folder, name)).then(
        () => true,
        () => false,
      )
    return new Map(
      await Promise.all(
        entries.map(async (entry) => [entry.name, entry.isSymbolicLink() ? await isDirectory(entry.name) : entry.isDirectory()] as const),
      ),
    )
  } catch (cause) {
    if (isCode(cause, 'ENOENT', 'ENOTDIR')) return new Map()
    throw new UsageError(`${folder} cannot be read: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}

async function read(path: string): Promise<Found> {
  if (codeKinds.includes(extname(path))) {
    const { loadModule, moduleVars } = await import('./module.ts')
    return settings(moduleVars(await loadModule(path, path), path), path)
  }
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new UsageError(`${path} cannot be read: ${cause.message}`, { cause })
  })
  const part = await readData(text, path)
  return part === undefined ? new Map() : settingsOf(part, lineOf(path))
}

const settings = (vars: ModuleVars, where: string): Found => new Map(Object.entries(vars).map(([key, value]) => [key, { value, where }]))

const isCode = (error: unknown, ...codes: readonly string[]): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && codes.includes(String(error.code))
