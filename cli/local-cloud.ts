/** Which local cloud a command is about, and the opening of it. */
import { openLocal } from '../cloud/local/open.ts'
import type { Cloud, Role } from '../cloud/ports.ts'

export const DIR_HELP = 'directory of the local cloud (default: SKEP_DIR, else ./skep-demo)'

/** `--dir`, else SKEP_DIR, else ./skep-demo. */
export function localDir(flag: string | undefined): string {
  const dir = flag ?? process.env['SKEP_DIR'] ?? 'skep-demo'
  if (dir === '' || dir.includes('\0')) throw new Error('--dir (or SKEP_DIR): expected the path of a directory, got an empty one')
  return dir
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
