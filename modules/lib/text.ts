/** A text file that is edited, not replaced by another: what is there, what it becomes, and the way. */
import type { Command, Connection, Reader } from '../../runner/contract.ts'
import { TaskFailed } from '../../runner/errors.ts'
import { type Fresh, look } from './look.ts'
import { modeAfter } from './mode.ts'
import { own, replace } from './replace.ts'

type Absent = { state: 'absent'; path: string; parent?: boolean; fresh?: Fresh }
export type Present = { state: 'file'; path: string; content: string; mode: string; owner: string; group: string }
export type Text = Absent | Present

/** What an edit may say beside the content. */
export interface Wished {
  readonly mode?: string | undefined
  readonly owner?: string | undefined
  readonly group?: string | undefined
}

/** The file at a path, or where a link there leads. Throws TaskFailed for what cannot be edited as text. */
export async function lookAtText(host: Reader, path: string | Command, { owner, group }: Wished = {}, follow = true): Promise<Text> {
  const seen = await look(host, path, { follow, checksum: false, content: true, owner, group })
  if (seen.kind === 'absent') return { state: 'absent', path: seen.path, parent: seen.parent, fresh: seen.fresh }
  if (seen.kind !== 'file') {
    const what = seen.kind === 'link' ? 'a link' : seen.kind === 'directory' ? 'a directory' : 'no regular file'
    throw new TaskFailed(`expected a file at ${seen.path}, found ${what}`, { path: seen.path })
  }
  return {
    state: 'file',
    path: seen.path,
    content: textOf(seen.content, seen.path),
    mode: seen.mode,
    owner: owner !== undefined && seen.wished.owner === seen.owner ? owner : seen.owner,
    group: group !== undefined && seen.wished.group === seen.group ? group : seen.group,
  }
}

/** The same file with another content; a new one follows the umask where no mode is wished. */
export function withContent(now: Text, content: string, wished: Wished = {}): Present {
  const base = now.state === 'file' ? now : newFile(now.fresh)
  return {
    state: 'file',
    path: now.path,
    content,
    mode: modeAfter(wished.mode, base.mode, false),
    owner: wished.owner ?? base.owner,
    group: wished.group ?? base.group,
  }
}

/** Makes the file what it should be: replaced at once or not at all, and only where its content differs. */
export async function writeText(host: Connection, now: Text, want: Present, wished: Wished = {}): Promise<void> {
  const { path, content, mode, owner, group } = want
  if (now.state === 'file' && now.content === content) return own(host, path, now, want)
  await replace(host, path, content, {
    ...{ mode, owner, group },
    owned: wished.owner !== undefined || wished.group !== undefined,
    makesParent: now.state === 'absent' && now.parent === false,
  })
}

/** Lines with their ends, so that joined they are the text again. */
export const linesOf = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

/** A line without its end. */
export const bare = (line: string): string => line.replace(/\r?\n$/, '')

/** The text with a line at its end, which never joins the one before it. */
export const appended = (text: string, line: string): string => `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`

function newFile({ owner, group, umask }: Fresh = { owner: '', group: '', umask: 0o022, setgid: false }): Omit<Present, 'content'> {
  return { state: 'file', path: '', mode: (0o666 & ~umask).toString(8).padStart(4, '0'), owner, group }
}

/** Bytes as text. Throws TaskFailed where they are none. */
export function textOf(bytes: Uint8Array | undefined, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new TaskFailed(`expected UTF-8 text in ${path}, found other bytes; it is left as it is`, { path }, { cause })
  }
}
