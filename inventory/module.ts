/** TypeScript and JavaScript files that export what JSON would say, and may hold secrets as such. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import type { Plain } from '../runner/contract.ts'
import { valid } from '../runner/define.ts'
import { UsageError } from '../runner/errors.ts'
import { Secret } from '../runner/secret.ts'

const plain: z.ZodType<Plain> = z.lazy(() =>
  z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(plain), z.record(z.string(), plain)]),
)
export const vars = z.record(z.string(), z.union([z.instanceof(Secret), plain]))
export type ModuleVars = z.output<typeof vars>

/** The default export of a file. */
export async function loadModule(path: string, what: string): Promise<unknown> {
  try {
    const loaded: { default?: unknown } = await import(pathToFileURL(resolve(path)).href)
    return loaded.default
  } catch (cause) {
    throw new UsageError(`${what} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** Variables that a file exports as its default. */
export function moduleVars(exported: unknown, path: string): ModuleVars {
  if (typeof exported !== 'object' || exported === null || Array.isArray(exported))
    throw new UsageError(`${path}: expected variables as the default export: export default { name: value }`)
  return valid(vars, exported, path)
}
