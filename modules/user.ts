import { z } from 'zod'
import type { Command, Connection, Reader } from '../runner/contract.ts'
import { defineModule } from '../runner/define.ts'
import { RemoteError, TaskFailed } from '../runner/errors.ts'
import { Secret } from '../runner/secret.ts'
import { sh } from '../runner/sh.ts'
import { accountName } from './lib/account.ts'

const field = z.string().regex(/^[^:\n]*$/, 'expected text without colons and line ends')
const groupName = accountName.regex(/\D/, 'expected the name of a group, not a number')
const hash = /^(!+|\*|!*\$[\w-]+\$[^\s:]+)$/

const params = z
  .strictObject({
    name: accountName.describe('Name of the user.'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether it is to be there.'),
    uid: z.int().min(0).optional().describe('Its number. Default: the next that is free, or the one it has.'),
    nonUnique: z.boolean().default(false).describe('The number may be that of another user; needs uid.'),
    group: z.string().min(1).optional().describe('Name or number of its main group. Default: one of its own name, or the one it has.'),
    groups: z.array(groupName).optional().describe('Names of the further groups it is in. Default: left as they are.'),
    append: z.boolean().default(false).describe('Add to groups, take out of none.'),
    home: field.min(1).optional().describe('Its home. Default: as the host has it for new users, or the one it has.'),
    createHome: z.boolean().default(true).describe('Make the home, with what is in /etc/skel, where it is not there.'),
    moveHome: z.boolean().default(false).describe('Move what is in the old home when home changes.'),
    shell: field.min(1).optional().describe('Its login shell. Default: left as it is.'),
    comment: field.optional().describe('Who it is (GECOS). Default: left as it is.'),
    password: z
      .instanceof(Secret)
      .refine((given) => hash.test(given.reveal()), 'expected the hash of a password as crypt makes it, or ! or *')
      .optional()
      .describe('The hash of its password, a Secret. Default: left as it is; a new user has none and cannot log in with one.'),
    updatePassword: z.enum(['always', 'on_create']).default('always').describe('on_create: only a new user gets the password.'),
    system: z.boolean().default(false).describe('Take the number from the range of system users when it is made.'),
    remove: z.boolean().default(false).describe('absent: remove its home and mail too.'),
    force: z.boolean().default(false).describe('absent: also while it is logged in.'),
  })
  .superRefine(({ nonUnique, uid, append, groups }, issue) => {
    if (nonUnique && uid === undefined) issue.addIssue({ code: 'custom', message: 'nonUnique needs a uid' })
    if (append && groups === undefined) issue.addIssue({ code: 'custom', message: 'append needs groups' })
  })

type Params = z.output<typeof params>
/** Only what was asked for is part of it. A password is never shown, only whether it is the right one. */
type Present = {
  state: 'present'
  uid?: number
  group?: string
  groups?: string[]
  home?: string
  homeThere?: boolean
  shell?: string
  comment?: string
  password?: 'as wished' | 'different'
}
/** `namesake`: there is a group of the same name already. */
type State = { state: 'absent'; namesake?: boolean } | Present

/**
 * Keeps a user.
 *
 * @example user('the user of the application', { name: 'app', uid: 4000, group: 'app', home: '/srv/app', shell: '/bin/bash' })
 */
export const user = defineModule({
  name: 'user',
  params,

  async check(given, host): Promise<State> {
    const { passwd, main, all, homeThere, shadow, wished, namesake } = await lookUp(given, host)
    if (passwd === '') return { state: 'absent', ...(given.state === 'present' && namesake ? { namesake } : {}) }
    if (given.state === 'absent') return { state: 'present' }
    const [, , uid = '', , comment = '', home = '', shell = ''] = passwd.split(':')
    const { password, updatePassword, groups } = given
    return {
      state: 'present',
      ...(given.uid === undefined ? {} : { uid: Number(uid) }),
      ...(given.group === undefined ? {} : { group: wished === main ? given.group : main }),
      ...(groups === undefined ? {} : { groups: all.filter((name) => name !== main || groups.includes(name)).toSorted() }),
      ...(given.home === undefined ? {} : { home }),
      ...(given.createHome ? { homeThere } : {}),
      ...(given.shell === undefined ? {} : { shell }),
      ...(given.comment === undefined ? {} : { comment }),
      ...(password === undefined || updatePassword === 'on_create'
        ? {}
        : { password: password.reveal() === shadow ? ('as wished' as const) : ('different' as const) }),
    }
  },

  want(given, now): State {
    const { state, uid, group, groups, append, home, createHome, shell, comment, password, updatePassword } = given
    if (state === 'absent') return { state }
    const kept = append && now.state === 'present' ? (now.groups ?? []) : []
    return {
      state,
      ...(uid === undefined ? {} : { uid }),
      ...(group === undefined ? {} : { group }),
      ...(groups === undefined ? {} : { groups: [...new Set([...kept, ...groups])].toSorted() }),
      ...(home === undefined ? {} : { home }),
      ...(createHome ? { homeThere: true } : {}),
      ...(shell === undefined ? {} : { shell }),
      ...(comment === undefined ? {} : { comment }),
      ...(password === undefined || updatePassword === 'on_create' ? {} : { password: 'as wished' as const }),
    }
  },

  async apply({ params: given, now, want }, host) {
    const { name, password } = given
    if (want.state === 'absent') {
      await host.run(sh`userdel ${[...(given.force ? ['-f'] : []), ...(given.remove ? ['-r'] : [])]} ${name}`)
      return
    }
    if (now.state === 'absent') await add(given, now, host)
    else {
      const options = changed(given, now, want)
      if (options.length > 0) await host.run(sh`usermod ${options} ${name}`)
      if (want.homeThere === true && now.homeThere === false) await host.run(makeHome(name))
    }
    if (password !== undefined && (now.state === 'absent' || now.password !== want.password))
      await host.run(sh`chpasswd -e`, { stdin: new Secret(`${name}:${password.reveal()}\n`) })
  },

  show: ({ name, createHome }, state) => {
    if (state.state === 'absent') return { name, state: 'absent' }
    const { password: _, homeThere: __, ...shown } = state
    return { name, ...shown, createHome }
  },
})

async function add(given: Params, { namesake = false }: { namesake?: boolean }, host: Connection): Promise<void> {
  const { name, uid, nonUnique, group, groups = [], home, createHome, shell, comment, system } = given
  if (createHome && home !== undefined) await host.run(sh`mkdir -p -- ${dirname(home)}`)
  const options = [
    ...(system ? ['-r'] : []),
    ...(uid === undefined ? [] : ['-u', uid, ...(nonUnique ? ['-o'] : [])]),
    ...(group !== undefined ? ['-g', group] : namesake ? ['-N'] : []),
    ...(groups.length === 0 ? [] : ['-G', groups.join(',')]),
    ...(home === undefined ? [] : ['-d', home]),
    createHome ? '-m' : '-M',
    ...(shell === undefined ? [] : ['-s', shell]),
    ...(comment === undefined ? [] : ['-c', comment]),
  ]
  await host.run(sh`useradd ${options} ${name}`)
}

/** The options of usermod for what differs. */
function changed({ nonUnique, moveHome }: Params, now: Present, want: Present): (string | number)[] {
  const { uid, group, groups, home, shell, comment } = want
  return [
    ...(uid === undefined || uid === now.uid ? [] : ['-u', uid, ...(nonUnique ? ['-o'] : [])]),
    ...(group === undefined || group === now.group ? [] : ['-g', group]),
    ...(groups === undefined || groups.join() === now.groups?.join() ? [] : ['-G', groups.join(',')]),
    ...(home === undefined || home === now.home ? [] : ['-d', home, ...(moveHome ? ['-m'] : [])]),
    ...(shell === undefined || shell === now.shell ? [] : ['-s', shell]),
    ...(comment === undefined || comment === now.comment ? [] : ['-c', comment]),
  ]
}

/** As useradd makes it, for a user that is there already; unless it is there by now, moved. Nobody else sees it half done. */
function makeHome(name: string): Command {
  return sh`export LC_ALL=C;e=$(getent passwd ${name})&&IFS=:&&set -f&&set -- $e&&h=$6 o=$3:$4;unset IFS
[ ! -d "$h" ]||exit 0
d() { sed -n "s/^[[:blank:]]*$1[[:blank:]]\{1,\}\([0-7]\{1,\}\).*/\1/p" /etc/login.defs 2>/dev/null|tail -n 1;}
m=$(d HOME_MODE);[ -n "$m" ]||{ m=$(d UMASK);m=$(printf %o $((0777&~0\${m:-22})));}
(umask 077&&mkdir -p -- "\${h%/*}/"&&mkdir -- "$h")&&{ [ ! -d /etc/skel ]||cp -RP /etc/skel/. "$h"/;}&&chown -hR "$o" "$h"&&chmod "$m" "$h"`
}

interface LookedUp {
  /** Its line of the database, empty where it is not there. */
  readonly passwd: string
  readonly main: string
  readonly all: readonly string[]
  readonly homeThere: boolean
  readonly shadow: string
  /** The host's name for the group asked for. */
  readonly wished: string
  readonly namesake: boolean
}

/** All that there is to know, in one round trip. */
async function lookUp({ name, group, home, password }: Params, host: Reader): Promise<LookedUp> {
  const output = await host.probe(sh`export LC_ALL=C;s= g= n= h= m= a=;w=$(getent passwd ${name});r=$?
case $r in 0|2);;*)exit $r;;esac
${group === undefined ? sh`` : sh`g=$(getent group ${group});g=\${g%%:*}`}
! getent group ${name} >/dev/null||n=yes
if [ -n "$w" ];then m=$(id -gn ${name});a=$(id -Gn ${name});d=${home ?? sh`\${w%:*};d=\${d##*:}`};[ ! -d "$d" ]||h=yes
${password === undefined ? sh`` : sh`s=$(getent shadow ${name})||exit 1;s=\${s#*:};s=\${s%%:*}`}
fi
printf '%s\0' "$w" "$m" "$a" "$h" "$s" "$g" "$n"`)
  if (output.code !== 0) {
    if (password !== undefined && output.code === 1) throw new TaskFailed(`the password of ${name} cannot be compared: become root`)
    throw new RemoteError('the host', `look for the user ${name}`, output)
  }
  const [passwd = '', main = '', all = '', there = '', shadow = '', wished = '', same = ''] = output.stdout.split('\0')
  const groups = all.split(' ').filter((part) => part !== '')
  return { passwd, main, all: groups, homeThere: there === 'yes', shadow, wished, namesake: same === 'yes' }
}

const dirname = (path: string): string => path.slice(0, path.replace(/\/+$/, '').lastIndexOf('/') + 1) || '.'
