import { createHash } from 'node:crypto'
import type { Json } from '../cloud/ports.ts'

/** JSON with sorted keys and no white space: the form that is hashed and signed. Numbers must be safe integers. */
export function canonical(value: Json): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new TypeError(`canonical JSON holds safe integers only, got ${value}`)
    return String(value)
  }
  if (isArray(value)) return `[${value.map(canonical).join(',')}]`
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(',')}}`
}

const isArray = (value: Json): value is readonly Json[] => Array.isArray(value)

/** Lower-case hex SHA-256. */
export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

/** Hash of a value's canonical form. */
export const digest = (value: Json): string => sha256(canonical(value))
