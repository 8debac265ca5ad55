import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import type { Content } from '../runner/contract.ts'
import { defineModule } from '../runner/define.ts'
import { TaskFailed } from '../runner/errors.ts'
import { Secret } from '../runner/secret.ts'
import { type Fresh, look } from './lib/look.ts'
import { modeAfter, modeSchema } from './lib/mode.ts'
import { own, replace } from './lib/replace.ts'

const params = z
  .strictObject({
    src: z.string().min(1).optional().describe('A file of the controller, any bytes.'),
    content: z
      .union([z.string(), z.instanceof(Secret)])
      .optional()
      .describe('The content itself, instead of src.'),
    dest: z
      .string({ error: 'dest is required' })
      .min(1)
      .describe('The file to keep. With src, a directory or a path that ends in / means the file of the same name in it.'),
    mode: z
      .union([z.literal('preserve'), modeSchema])
      .optional()
      .describe('Permissions; preserve: those of src. Default: left as they are.'),
    owner: z.string().min(1).optional().describe('Name or number of the user. Default: left as it is.'),
    group: z.string().min(1).optional().describe('Name or number of the group. Default: left as it is.'),
    force: z.boolean().default(true).describe('Whether to replace a file whose content differs.'),
    follow: z.boolean().default(false).describe('Whether to write to what a link at dest points to, instead of replacing the link.'),
  })
  .superRefine(({ src, content, mode }, issue) => {
    if (src === undefined && content === undefined) issue.addIssue({ code: 'custom', message: 'src (or content) is required' })
    if (src !== undefined && content !== undefined) issue.addIssue({ code: 'custom', message: 'src and content are mutually exclusive' })
    if (src === undefined && mode === 'preserve') issue.addIssue({ code: 'custom', path: ['mode'], message: 'preserve needs a src' })
  })

type Params = z.output<typeof params>
type Source = { checksum: string; size: number; mode: string }
type Present = { state: 'file'; dest: string; checksum: string; size: number; mode: string; owner: string; group: string }
type Other = {
  state: 'absent' | 'link' | 'directory' | 'other'
  dest: string
  parent: boolean
  fresh: Fresh
  source: Source
}
type State = Other | (Present & { source?: Source })

/** Bigger files are read as they are sent, so that memory does not hold them. */
const inMemory = 1024 * 1024
/** A secret's checksum would let anybody try guesses, so its state says only whether the content is right. */
const [right, wrong] = ['as wished', 'different']

/**
 * Keeps a file's content, owner and mode; replaces it at once or not at all.
 *
 * @example copy('install the settings', { content: settings, dest: '/etc/app.conf', mode: '0640', group: 'app' })
 */
export const copy = defineModule({
  name: 'copy',
  params,

  async check(given, host): Promise<State> {
    const { src, dest, follow, owner, group } = given
    const source = await sourceOf(given)
    const seen = await look(host, dest, { follow, checksum: true, owner, group, inside: src === undefined ? undefined : basename(src) })
    const shown = given.content instanceof Secret ? { ...source, checksum: right, size: 0 } : source
    if (seen.kind !== 'file') return { state: seen.kind, dest: seen.path, parent: seen.parent, fresh: seen.fresh, source: shown }
    const secret = given.content instanceof Secret
    return {
      state: 'file',
      dest: seen.path,
      checksum: secret ? (seen.checksum === source.checksum ? right : wrong) : seen.checksum,
      size: secret ? 0 : seen.size,
      mode: seen.mode,
      owner: owner !== undefined && seen.wished.owner === seen.owner ? owner : seen.owner,
      group: group !== undefined && seen.wished.group === seen.group ? group : seen.group,
      source: shown,
    }
  },

  want(given, now): State {
    const { dest } = now
    if (now.state === 'file' && !given.force) return now
    if (now.state === 'directory') {
      throw new TaskFailed(given.src === undefined ? 'can not use content with a dir as dest' : `${dest} is a directory`, { dest })
    }
    if (now.state === 'other') throw new TaskFailed(`${dest} is not a regular file`, { dest })
    const { source } = now
    if (source === undefined) return now
    if (now.state !== 'file' && !now.parent && !given.dest.endsWith('/')) {
      throw new TaskFailed(`Destination directory of ${dest} does not exist`, { dest })
    }
    const base = now.state === 'file' ? now : { ...now.fresh, mode: (0o666 & ~now.fresh.umask).toString(8).padStart(4, '0') }
    return {
      state: 'file',
      dest,
      checksum: source.checksum,
      size: source.size,
      mode: given.mode === 'preserve' ? source.mode : modeAfter(given.mode, base.mode, false),
      owner: given.owner ?? base.owner,
      group: given.group ?? base.group,
      source,
    }
  },

  async apply({ params: given, now, want }, host) {
    if (want.state !== 'file') return
    const { dest, mode, owner, group } = want
    if (now.state === 'file' && now.checksum === want.checksum) return own(host, dest, now, want)
    await replace(host, dest, await contentOf(given), {
      ...{ mode, owner, group },
      owned: given.owner !== undefined || given.group !== undefined,
      makesParent: now.state !== 'file' && !now.parent,
    })
  },

  show: (_given, state) => {
    if (state.state !== 'file') return { dest: state.dest, state: state.state }
    const { dest, mode, owner, group, size, checksum } = state
    return { dest, mode, owner, group, state: 'file', ...(checksum === right || checksum === wrong ? {} : { size, checksum }) }
  },
})

async function sourceOf({ src, content }: Params): Promise<Source> {
  if (src === undefined) {
    const bytes = Buffer.from(content instanceof Secret ? content.reveal() : (content ?? ''))
    return { checksum: createHash('sha256').update(bytes).digest('hex'), size: bytes.length, mode: '0644' }
  }
  const found = await stat(src).catch((cause: unknown) => {
    throw new TaskFailed(`Could not find or access '${src}' on the controller`, { src }, { cause })
  })
  if (!found.isFile())
    throw new TaskFailed(`expected a file at '${src}' on the controller, found something else (directories cannot be copied yet)`, { src })
  const hash = createHash('sha256')
  for await (const part of createReadStream(src)) hash.update(part as Buffer)
  return { checksum: hash.digest('hex'), size: found.size, mode: (found.mode & 0o7777).toString(8).padStart(4, '0') }
}

async function contentOf({ src, content }: Params): Promise<Content> {
  if (src === undefined) return content ?? ''
  return (await stat(src)).size <= inMemory ? readFile(src) : { file: src }
}
