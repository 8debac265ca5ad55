/** Which local cloud a command is about, and the opening of it. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { layout, topNames } from '../cloud/local/layout.ts'
import { openLocal } from '../cloud/local/open.ts'
import type { Cloud, Role } from '../cloud/ports.ts'

export const DIR_HELP = 'directory of the local cloud (default: SKEP_DIR, else ./skep-demo)'

/** `--dir`, else SKEP_DIR, else ./skep-demo. */
export function localDir(flag: string | undefined): string {
  const dir = flag ?? process.env['SKEP_DIR'] ?? 'skep-demo'
  if (dir === '' || dir.includes('\0')) throw new Error('--dir (or SKEP_DIR): expected the path of a directory, got an empty one')
  return dir
}

/** Throws unless `dir` is a local cloud, or can become one: it is not there yet, or is empty. Another's directory is left as it is. */
export function checkMayBeMade(dir: string): void {
  const found = statSync(dir, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isDirectory()) throw new Error(`--dir: expected a directory, got a file: ${dir}`)
  const names = existsSync(layout(dir).marker) ? [] : readdirSync(dir)
  // A local cloud whose making was cut short holds only names of its own, `buckets` first, and is completed.
  const cutShort = names.includes('buckets') && names.every((name) => topNames.has(name) || name.startsWith('.tmp-'))
  if (names.length === 0 || cutShort) return
  throw new Error(`${dir}: expected a new or empty directory, or one that skep made; this one holds other things. Name another with --dir.`)
}

/** Opens the local cloud in `dir` for a role, does the work, closes it. A directory that is none is one clear line. */
export async function withLocalCloud<T>(dir: string, role: Role, work: (cloud: Cloud) => Promise<T>): Promise<T> {
  const cloud = await openLocal(dir, role)
  try {
    return await work(cloud)
  } finally {
    await cloud.close()
  }
}
