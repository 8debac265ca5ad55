import type { Json } from '../../cloud/ports.ts'
import { CloudError } from '../../cloud/ports.ts'

/** A request that can never succeed. */
export const invalid = (message: string): CloudError => new CloudError('InvalidArgument', message)

/** Order of names by their UTF-8 bytes. */
export const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** Whether two JSON values say the same, whatever the order of fields. */
export function equalJson(a: Json | undefined, b: Json | undefined): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const fields = new Map(Object.entries(a))
  const others = Object.entries(b)
  return fields.size === others.length && others.every(([field, value]) => fields.has(field) && equalJson(fields.get(field), value))
}
