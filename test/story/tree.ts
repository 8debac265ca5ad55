/** What lies under a folder. */
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

export interface Entry {
  /** From the folder on. */
  readonly path: string
  readonly absolute: string
  readonly kind: 'folder' | 'file' | 'other'
  readonly mode: number
  readonly size: number
  readonly mtimeMs: number
}

/** Everything under a folder, sorted; names in `without` are not looked into. */
export function tree(root: string, without: (path: string) => boolean = () => false, at = root): readonly Entry[] {
  return readdirSync(at)
    .sort()
    .flatMap((name) => {
      const absolute = join(at, name)
      const path = relative(root, absolute)
      const found = lstatSync(absolute, { throwIfNoEntry: false })
      if (found === undefined || without(path)) return []
      const kind = found.isDirectory() ? 'folder' : found.isFile() ? 'file' : 'other'
      const own: Entry = { path, absolute, kind, mode: found.mode & 0o7777, size: found.size, mtimeMs: found.mtimeMs }
      return kind === 'folder' ? [own, ...tree(root, without, absolute)] : [own]
    })
}

/** Name, size and time of everything under a folder, to be compared. */
export const marks = (root: string, without?: (path: string) => boolean): readonly string[] =>
  tree(root, without).map(({ path, kind, size, mtimeMs }) => `${path} ${kind === 'folder' ? 'folder' : size} ${mtimeMs}`)

/** Names and contents, whatever their times. */
export const contents = (root: string): Readonly<Record<string, string>> =>
  Object.fromEntries(tree(root).map(({ path, absolute, kind }) => [path, kind === 'file' ? textOf(absolute) : kind]))

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return 'gone' // while we looked
  }
}
