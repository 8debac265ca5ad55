import { readFileSync } from 'node:fs'
import { UsageError } from '../../errors.ts'

/** What a file of the person's holds; undefined where there is none. `what` is said of one that cannot be read. */
export function textIfThere(path: string, what: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : ''
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new UsageError(`${what} ${path} cannot be read: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}
