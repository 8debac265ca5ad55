/** What calls are given, as what is sent. */
import type { Content, LocalFile } from '../contract.ts'
import { UsageError } from '../errors.ts'
import { Secret } from '../secret.ts'

export const isLocalFile = (content: Content): content is LocalFile => typeof content === 'object' && 'file' in content

export const isStream = (content: Content): content is AsyncIterable<Uint8Array> =>
  typeof content === 'object' && Symbol.asyncIterator in content

/** Text as UTF-8. */
export function bytesOf(content: string | Uint8Array | Secret): Uint8Array {
  return content instanceof Uint8Array ? content : Buffer.from(content instanceof Secret ? content.reveal() : content)
}

/** Variables for a command, all of whose names a shell can have. */
export function variablesOf(environment: Readonly<Record<string, string | Secret>>): Readonly<Record<string, string>> {
  const wrong = Object.keys(environment).find((name) => !/^[A-Za-z_]\w*$/.test(name))
  if (wrong !== undefined) throw new UsageError(`environment: expected names like HTTP_PROXY, got '${wrong}'`)
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]))
}

/** A mode as chmod reads it. */
export const octal = (mode: number): string => mode.toString(8).padStart(4, '0')
