/** What a run was made of, as digests: to tell later whether it is still the same, and what is not. */
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { z } from 'zod'
import type { Host } from '../runner/contract.ts'
import { Secret } from '../runner/secret.ts'

/** As they are kept in journals and plan files. */
export const digestsSchema = z.object({
  salt: z.string(),
  /** The playbooks and what they import of this machine, by absolute path. */
  files: z.record(z.string(), z.string()),
  variables: z.string(),
  inventory: z.string(),
  /** Which tasks were asked for. */
  options: z.string(),
  /** Absent where there are none. */
  secrets: z.string().optional(),
})

export type Digests = z.output<typeof digestsSchema>

/** What a run is made of. */
export interface Made {
  readonly playbooks: readonly string[]
  readonly hosts: readonly Host[]
  readonly extraVars: Readonly<Record<string, unknown>>
  readonly options: unknown
}

/** Digests of all that a run is made of; `key` is asked for only if there are secrets. */
export function digestsOf({ playbooks, hosts, extraVars, options }: Made, salt: string, key: () => Buffer): Digests {
  const secrets: string[] = []
  const digest = (value: unknown): string => keyed(salt, JSON.stringify(ordered(value, secrets)))
  const variables = digest([extraVars, hosts.map(({ name, vars }) => [name, vars])])
  const inventory = digest(hosts.map(({ vars: _, origins: __, ...host }) => host))
  return {
    salt,
    files: Object.fromEntries(filesOf(playbooks).map((path) => [path, keyed(salt, readFileSync(path))])),
    variables,
    inventory,
    options: digest(options),
    ...(secrets.length === 0 ? {} : { secrets: keyed(key(), JSON.stringify([salt, secrets])) }),
  }
}

/** What is not the same any more, in words. */
export function changedSince(before: Digests, now: Digests): readonly string[] {
  const paths = [...new Set([...Object.keys(before.files), ...Object.keys(now.files)])]
  const files = paths.filter((path) => before.files[path] !== now.files[path]).map((path) => `the file ${relative('.', path)}`)
  const rest = { variables: 'the variables', secrets: 'the secrets', inventory: 'the inventory', options: 'the choice of tasks' } as const
  const keys = Object.keys(rest) as (keyof typeof rest)[]
  return [...files, ...keys.filter((key) => before[key] !== now[key]).map((key) => rest[key])]
}

/** A digest that says nothing to whoever does not have the key. */
export const keyed = (key: string | Buffer, content: string | Buffer): string => createHmac('sha256', key).update(content).digest('hex')

/** The same data with keys in order; secrets are taken out and set aside. */
export function ordered(value: unknown, secrets: string[]): unknown {
  if (value instanceof Secret) return `*** ${secrets.push(value.reveal())}`
  if (Array.isArray(value)) return value.map((part) => ordered(part, secrets))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, part]) => [key, ordered(part, secrets)]))
}

const specifier = /(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])(\.{1,2}\/[^'"\n]+)\1/g

/** Files and what they import by a relative path, and so on. */
function filesOf(playbooks: readonly string[]): readonly string[] {
  const paths = new Set(playbooks.map((file) => resolve(file)))
  for (const path of paths) {
    const text = readFileSync(path, 'utf8')
    for (const [, , name = ''] of text.matchAll(specifier)) {
      const imported = fileURLToPath(new URL(name, pathToFileURL(`${dirname(path)}/`)))
      if (isFile(imported)) paths.add(imported)
    }
  }
  return [...paths].sort()
}

/** What looks like an import may stand in a comment or a text. */
function isFile(path: string): boolean {
  try {
    readFileSync(path)
    return true
  } catch {
    return false
  }
}
