import { z } from 'zod'
import type { Command } from '../runner/contract.ts'
import { defineModule } from '../runner/define.ts'
import { TaskFailed } from '../runner/errors.ts'
import { sh } from '../runner/sh.ts'
import { type Fresh, look, type Seen } from './lib/look.ts'
import { modeAfter, modeSchema } from './lib/mode.ts'

const params = z
  .strictObject({
    path: z.string().min(1).describe('The path to keep.'),
    state: z
      .enum(['file', 'directory', 'link', 'absent', 'touch'])
      .default('file')
      .describe(
        'file: must be there, is never made. directory: made with its parents. link: symbolic, to src. absent: removed with all in it. touch: made, or its times renewed.',
      ),
    src: z.string().min(1).optional().describe('Where a link points; a relative one is seen from the directory of the link.'),
    mode: modeSchema.optional(),
    owner: z.string().min(1).optional().describe('Name or number of the user. Default: left as it is.'),
    group: z.string().min(1).optional().describe('Name or number of the group. Default: left as it is.'),
    force: z
      .boolean()
      .default(false)
      .describe('For links: also to a target that is not there, and in place of a file or an empty directory.'),
    follow: z.boolean().default(true).describe('Keep what a link at path points to, not the link (file, directory, touch).'),
    accessTime: z.enum(['now', 'preserve']).default('now').describe('touch: what becomes of the access time of a file that is there.'),
    modificationTime: z
      .enum(['now', 'preserve'])
      .default('now')
      .describe('touch: what becomes of the modification time of a file that is there.'),
  })
  .superRefine(({ state, src }, issue) => {
    if (state === 'link' && src === undefined) issue.addIssue({ code: 'custom', path: ['src'], message: 'src is required for state link' })
    if (state !== 'link' && src !== undefined) issue.addIssue({ code: 'custom', path: ['src'], message: 'src is only for state link' })
  })

type Params = z.output<typeof params>
type Kind = Seen['kind']
/** `blocked`: a link would have to replace something that only an explicit order, or nobody, may replace. */
type State =
  | { state: 'absent'; fresh?: Fresh; target?: 'missing' }
  | {
      state: Exclude<Kind, 'absent'>
      mode: string
      owner: string
      group: string
      src?: string
      blocked?: 'full' | 'taken'
      target?: 'missing'
      times?: 'old' | 'renewed'
    }

/**
 * Keeps a path: a directory, a link, nothing, or a file's owner and mode.
 *
 * @example file('keep the private directory', { path: '/srv/app', state: 'directory', mode: '0700' })
 */
export const file = defineModule({
  name: 'file',
  params,

  async check(given, host): Promise<State> {
    const { path, state, src, owner, group } = given
    const follow = given.follow && (state === 'file' || state === 'directory' || state === 'touch')
    const [seen, target] = await Promise.all([
      look(host, path, { follow, checksum: false, owner, group }),
      src === undefined ? undefined : host.probe(sh`[ -e ${fromLink(path, src)} ]`),
    ])
    const missing = target !== undefined && target.code !== 0 ? { target: 'missing' as const } : {}
    if (seen.kind === 'absent') return { state: 'absent', ...(state === 'absent' ? {} : { fresh: seen.fresh }), ...missing }
    const full = state === 'link' && seen.kind === 'directory' && (await host.probe(sh`ls -A ${path}`)).stdout !== ''
    return {
      state: seen.kind,
      mode: seen.mode,
      owner: given.owner !== undefined && seen.wished.owner === seen.owner ? given.owner : seen.owner,
      group: given.group !== undefined && seen.wished.group === seen.group ? given.group : seen.group,
      ...(seen.kind === 'link' ? { src: seen.target } : {}),
      ...(state === 'link' && seen.kind !== 'link' ? { blocked: full ? ('full' as const) : ('taken' as const) } : {}),
      ...(state === 'touch' && renews(given) ? { times: 'old' as const } : {}),
      ...missing,
    }
  },

  want(given, now): State {
    const { path, state } = given
    if (state === 'absent') return { state: 'absent' }
    if (state === 'file' && now.state === 'absent')
      throw new TaskFailed(`file (${path}) is absent, cannot continue`, { path, state: 'absent' })
    if (state === 'link') return wantedLink(given, now)
    const kind = state === 'directory' ? 'directory' : now.state === 'absent' || state === 'file' ? 'file' : now.state
    if (now.state !== 'absent' && now.state !== kind && !(state === 'file' && now.state !== 'directory')) {
      throw new TaskFailed(`${path} already exists as a ${now.state}`, { path, state: now.state })
    }
    const base = now.state === 'absent' ? made(now.fresh, kind === 'directory') : now
    return {
      state: now.state === 'absent' ? kind : now.state,
      mode: modeAfter(given.mode, base.mode, kind === 'directory'),
      owner: given.owner ?? base.owner,
      group: given.group ?? base.group,
      ...(now.state !== 'absent' && now.times !== undefined ? { times: 'renewed' as const } : {}),
    }
  },

  async apply({ params: given, now, want }, host) {
    const { path } = given
    if (want.state === 'absent') await host.run(sh`rm -rf -- ${path}`)
    else if (want.state === 'link')
      await host.run(
        sh`${now.state === 'directory' ? sh`rmdir -- ${path}&&` : sh``}ln -sfn -- ${want.src ?? ''} ${path}${owned(given, want, path)}`,
      )
    else if (now.state === 'absent' && want.state === 'directory') await host.run(makeDirectories(given, want))
    else if (now.state === 'absent')
      await host.run(sh`: >>${path}&&{ chmod ${want.mode} ${path}${owned(given, want, path)}||{ rm -f ${path};false;};}`)
    else {
      if (want.times === 'renewed') await host.run(sh`touch ${timesOf(given)} -- ${path}`)
      if (want.owner !== now.owner || want.group !== now.group) await host.run(sh`chown ${want.owner}:${want.group} ${path}`)
      // After chown, which clears set-id bits.
      await host.run(sh`chmod ${digits(want)} ${path}`)
    }
  },

  show: ({ path, src }, state) => {
    if (state.state === 'absent') return { path, state: 'absent' }
    const { mode, owner, group } = state
    return { path, state: state.state, mode, owner, group, ...(src === undefined ? {} : { dest: path, src }) }
  },
})

function wantedLink({ path, src = '', force, owner, group }: Params, now: State): State {
  if (now.target === 'missing' && !force)
    throw new TaskFailed(`src file does not exist, use "force" if you really want to create the link: ${src}`, { path, src })
  if (now.state !== 'absent' && now.blocked === 'full')
    throw new TaskFailed(`the directory ${path} is not empty, refusing to convert it`, { path })
  if (now.state !== 'absent' && now.blocked === 'taken' && !force) {
    throw new TaskFailed(`refusing to convert from ${now.state} to symlink for ${path}`, { path })
  }
  const base =
    now.state === 'link'
      ? now
      : made(now.state === 'absent' ? now.fresh : { owner: now.owner, group: now.group, umask: 0, setgid: false }, true)
  const target = now.target === undefined ? {} : { target: now.target }
  return {
    state: 'link',
    mode: now.state === 'link' ? now.mode : '0777',
    owner: owner ?? base.owner,
    group: group ?? base.group,
    src,
    ...target,
  }
}

/** What something new looks like before anybody changes it. */
function made(fresh: Fresh | undefined, directory: boolean): { mode: string; owner: string; group: string } {
  const { owner = '', group = '', umask = 0o022, setgid = false } = fresh ?? {}
  const mode = (((directory ? 0o777 : 0o666) & ~umask) | (directory && setgid ? 0o2000 : 0)).toString(8).padStart(4, '0')
  return { mode, owner, group }
}

/** Each missing directory of the path, with the mode and owner of the last; none is left behind when that is not permitted. */
function makeDirectories(given: Params, want: Exclude<State, { state: 'absent' }>): Command {
  const path = given.path.replace(/\/+$/, '')
  const steps = path.split('/').flatMap((_, index, parts) => parts.slice(0, index + 1).join('/') || [])
  const one = sh`chmod ${digits(want)} "$d"${owned(given, want, sh`"$d"`)}`
  return sh`for d in ${steps.map((step) => (step.startsWith('-') ? `./${step}` : step))};do [ -d "$d" ]||{ mkdir "$d"&&{ ${one}||{ rmdir "$d";false;};};}||exit;done`
}

/** `&& chown`, where an owner or group was asked for; chmod again after it, for the set-id bits. */
function owned(given: Params, want: Exclude<State, { state: 'absent' }>, path: string | Command): Command {
  if (given.owner === undefined && given.group === undefined) return sh``
  const chown = sh`&&chown -h ${want.owner}:${want.group} ${path}`
  return want.state === 'link' ? chown : sh`${chown}&&chmod ${digits(want)} ${path}`
}

/** Five digits: with four, chmod leaves the set-id bits of a directory as they are. */
const digits = ({ mode }: { mode: string }): string => mode.padStart(5, '0')

const renews = ({ accessTime, modificationTime }: Params): boolean => accessTime === 'now' || modificationTime === 'now'

const timesOf = ({ accessTime, modificationTime }: Params): string[] =>
  accessTime === 'preserve' ? ['-m'] : modificationTime === 'preserve' ? ['-a'] : ['-c']

const fromLink = (path: string, src: string): string =>
  src.startsWith('/') ? src : `${path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : './'}${src}`
