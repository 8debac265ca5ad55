import { z } from 'zod'
import { defineModule } from '../runner/define.ts'
import { TaskFailed } from '../runner/errors.ts'
import { sh } from '../runner/sh.ts'
import { accountName } from './lib/account.ts'
import { appended, bare, linesOf, lookAtText, type Text, withContent, writeText } from './lib/text.ts'

const params = z
  .strictObject({
    user: accountName.describe('Whose login the keys open.'),
    key: z
      .string()
      .refine((text) => keysIn(text).length > 0, 'expected a public key')
      .describe('The public key, as in a .pub file; several on several lines.'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether the keys are to be there.'),
    keyOptions: z
      .string()
      .regex(/^\S(.*\S)?$/, 'expected options as before a key, on one line')
      .optional()
      .describe('Options to stand before the keys, as in no-pty,from="10.0.0.*".'),
    path: z.string().min(1).optional().describe('The file. Default: .ssh/authorized_keys in the home of user.'),
    manageDir: z.boolean().default(true).describe('Make the directory of the file, for user alone, where it is not there.'),
    exclusive: z.boolean().default(false).describe('Take all other keys away.'),
  })
  .superRefine(({ key }, issue) => {
    for (const line of keysIn(key))
      if (parsed(line) === undefined) issue.addIssue({ code: 'custom', path: ['key'], message: `invalid key specified: ${line}` })
  })

type Params = z.output<typeof params>

/**
 * Keeps keys in a user's authorized_keys, or keeps them out. A key is known by its kind and number; options and comment are those given.
 *
 * @example authorizedKey('let the operator in', { user: 'app', key: 'ssh-ed25519 AAAAC3… app@example' })
 */
export const authorizedKey = defineModule({
  name: 'authorizedKey',
  params,

  async check({ user, path }, host): Promise<Text> {
    const home = sh`h=$(getent passwd ${user})||{ echo ${noUser(user)} >&2;exit 1;};h=\${h%:*};h=\${h##*:}`
    const [group, text] = await Promise.all([
      host.probe(sh`LC_ALL=C id -gn -- ${user}`),
      // A link would lead us, who may write everywhere, to where the user likes.
      lookAtText(host, path ?? sh`;${home};p=$h/.ssh/authorized_keys`, {}, false),
    ])
    if (group.code !== 0) throw new TaskFailed(noUser(user), { user })
    if (text.state === 'file') return text
    return { ...text, fresh: { owner: user, group: group.stdout.trim(), umask: 0o177, setgid: false } }
  },

  want(given, now): Text {
    if (now.state === 'absent' && given.state === 'absent') return now
    if (now.state === 'absent' && now.parent === false && !given.manageDir)
      throw new TaskFailed(`The directory of ${now.path} does not exist, and manageDir is false`, { path: now.path })
    const text = now.state === 'file' ? now.content : ''
    return withContent(now, given.state === 'present' ? withKeys(given, text) : withoutKeys(given, text))
  },

  async apply({ params: { user }, now, want }, host) {
    if (want.state !== 'file') return
    if (now.state === 'file') return writeText(host, now, want)
    const directory = want.path.slice(0, want.path.lastIndexOf('/') + 1)
    if (now.parent === false) await host.run(sh`mkdir -m 700 -- ${directory}&&chown ${want.owner}:${want.group} ${directory}`)
    await writeText(host, { ...now, parent: true }, want, { owner: user })
  },

  show: ({ user, key, exclusive, state }, { path }) => ({ user, key, exclusive, state, path }),
})

const noUser = (user: string): string => `Failed to lookup user ${user}`

const keysIn = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))

interface Key {
  readonly options: string
  /** Kind and number: two lines with the same let the same key in. */
  readonly id: string
  readonly comment: string
}

/** A line of authorized_keys; undefined for comments and what is none. */
function parsed(line: string): Key | undefined {
  const found =
    /^\s*(?:((?:[^\s"#]|"(?:\\.|[^"\\])*")(?:[^\s"]|"(?:\\.|[^"\\])*")*)\s+)??((?:sk-)?(?:ssh|ecdsa)-[\w.@-]+)\s+([A-Za-z0-9+/]+=*)(?:\s+(.*?))?\s*$/.exec(
      line,
    )
  if (found === null) return undefined
  const [, options = '', kind = '', number = '', comment = ''] = found
  return { options, id: `${kind} ${number}`, comment }
}

/** The lines that are wished, each with its key's id. */
function wished({ key, keyOptions }: Params): ReadonlyMap<string, string> {
  return new Map(
    keysIn(key).map((line) => {
      const { options = '', id = '', comment = '' } = parsed(line) ?? {}
      return [id, [keyOptions ?? options, id, comment].filter((part) => part !== '').join(' ')]
    }),
  )
}

function withKeys(given: Params, text: string): string {
  const missing = new Map(wished(given))
  const all = wished(given)
  const kept = linesOf(text).flatMap((line) => {
    const id = parsed(line)?.id
    if (id === undefined) return [line]
    const fresh = missing.get(id)
    missing.delete(id)
    if (fresh !== undefined) return [bare(line) === fresh ? line : `${fresh}\n`]
    return all.has(id) || given.exclusive ? [] : [line]
  })
  return [...missing.values()].reduce(appended, kept.join(''))
}

function withoutKeys(given: Params, text: string): string {
  const gone = wished(given)
  return linesOf(text)
    .filter((line) => !gone.has(parsed(line)?.id ?? ''))
    .join('')
}
