import { z } from 'zod'
import type { Reader } from '../runner/contract.ts'
import { defineModule } from '../runner/define.ts'
import { RemoteError, TaskFailed } from '../runner/errors.ts'
import { sh } from '../runner/sh.ts'
import { accountName } from './lib/account.ts'
import { appended, bare, linesOf, lookAtText, type Text, textOf, withContent, writeText } from './lib/text.ts'

const time = z.union([z.string().regex(/^\S+$/, 'expected a field of a crontab line, without blanks'), z.int().min(0)]).optional()
const line = z.string().regex(/^[^\n\r]+$/, 'expected one line')

const params = z
  .strictObject({
    name: line.describe('The comment above the job, by which it is found again.'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether the job is to be there.'),
    job: line.optional().describe('The command; needed for present.'),
    cronFile: z
      .string()
      .min(1)
      .optional()
      .describe('The file it stands in: a name in /etc/cron.d or a whole path; removed with its last job. Default: the crontab of user.'),
    user: accountName.optional().describe('Whose job it is; needed with cronFile. Default: whoever is logged in.'),
    minute: time.describe('0 to 59, or as crontab takes it. Default: *'),
    hour: time.describe('0 to 23, or as crontab takes it. Default: *'),
    day: time.describe('Day of the month, 1 to 31. Default: *'),
    month: time.describe('1 to 12. Default: *'),
    weekday: time.describe('0 to 6, Sunday is 0. Default: *'),
    specialTime: z
      .enum(['reboot', 'yearly', 'annually', 'monthly', 'weekly', 'daily', 'hourly'])
      .optional()
      .describe('A name of a time, instead of the five fields.'),
    disabled: z.boolean().default(false).describe('The job stands there as a comment.'),
  })
  .superRefine(({ state, job, cronFile, user, specialTime, minute, hour, day, month, weekday }, issue) => {
    const wrong = (message: string): void => issue.addIssue({ code: 'custom', message })
    if (state === 'present' && job === undefined) wrong('job is required with state present')
    if (state === 'present' && cronFile !== undefined && user === undefined) wrong('user is required with cronFile')
    if (cronFile !== undefined && pathOf(cronFile) === '/etc/crontab') wrong('/etc/crontab is not managed by cronFile')
    if (specialTime !== undefined && [minute, hour, day, month, weekday].some((given) => given !== undefined))
      wrong('time and date fields and specialTime are mutually exclusive')
  })

type Params = z.output<typeof params>
type State = Text | { state: 'crontab'; content: string }

/**
 * Keeps a job of cron, in a crontab or in a file of its own.
 *
 * @example cron('tick', { name: 'app tick', cronFile: 'app', user: 'app', minute: '*\/5', job: '/usr/local/bin/app-run --tick' })
 */
export const cron = defineModule({
  name: 'cron',
  params,

  async check({ cronFile, user, state }, host): Promise<State> {
    if (cronFile === undefined) return { state: 'crontab', content: await crontabOf(user, host) }
    const text = await lookAtText(host, pathOf(cronFile))
    return text.state === 'absent' && state === 'absent' ? { state: 'absent', path: text.path } : text
  },

  want(given, now): State {
    if (now.state === 'absent' && given.state === 'absent') return now
    const before = now.state === 'absent' ? '' : now.content
    const content = given.state === 'present' ? withJob(given, before) : withoutJob(given, before)
    const empty = content !== before && content.trim() === ''
    if (now.state === 'crontab') return { state: 'crontab', content: empty ? '' : content }
    if (empty) return { state: 'absent', path: now.path }
    if (now.state === 'absent' && now.parent === false)
      throw new TaskFailed(`The directory of ${now.path} does not exist. Is cron installed?`, { path: now.path })
    return withContent(now, content, now.state === 'absent' ? { mode: '0644' } : {})
  },

  async apply({ params: { user }, now, want }, host) {
    const of = user === undefined ? [] : ['-u', user]
    if (want.state === 'absent') await host.run(sh`rm -f -- ${want.path}`)
    else if (want.state === 'file') {
      if (now.state !== 'crontab') await writeText(host, now, want)
    } else if (want.content === '') await host.run(sh`crontab ${of} -r`)
    else await host.run(sh`crontab ${of} -`, { stdin: want.content })
  },

  show: ({ name, state, user, cronFile, job }) => ({
    ...{ name, state },
    ...(user === undefined ? {} : { user }),
    ...(cronFile === undefined ? {} : { cronFile: pathOf(cronFile) }),
    ...(job === undefined ? {} : { job }),
  }),
})

/** Ansible's, so that a job which it made is known again. */
const header = (name: string): string => `#Ansible: ${name}`

const pathOf = (cronFile: string): string => (cronFile.startsWith('/') ? cronFile : `/etc/cron.d/${cronFile}`)

async function crontabOf(user: string | undefined, host: Reader): Promise<string> {
  const output = await host.probe(sh`LC_ALL=C crontab ${user === undefined ? [] : ['-u', user]} -l`)
  const whose = user === undefined ? 'the crontab' : `the crontab of ${user}`
  if (output.code === 0) return textOf(output.bytes, whose)
  if (/no crontab for|No such file or directory/i.test(output.stderr)) return ''
  if (output.code === 127) throw new TaskFailed(`${whose} cannot be read: there is no crontab program. Is cron installed?`)
  throw new RemoteError('the host', `read ${whose}`, output)
}

function withJob(given: Params, text: string): string {
  const lines = linesOf(text)
  const job = jobLine(given)
  const [at, length] = place(given.name, lines)
  if (at !== -1) return lines.toSpliced(at, length, `${header(given.name)}\n`, `${job}\n`).join('')
  const nameless = lines.findIndex((other, index) => bare(other) === job && !lines[index - 1]?.startsWith(header('')))
  if (nameless !== -1) return lines.toSpliced(nameless, 0, `${header(given.name)}\n`).join('')
  return appended(appended(text, header(given.name)), job)
}

function withoutJob({ name }: Params, text: string): string {
  const lines = linesOf(text)
  const [at, length] = place(name, lines)
  return at === -1 ? text : lines.toSpliced(at, length).join('')
}

/** Where the job of a name stands, and how many lines it takes; a comment whose job somebody took away is one. */
function place(name: string, lines: readonly string[]): readonly [at: number, length: number] {
  const at = lines.findIndex((other) => bare(other) === header(name))
  const next = lines[at + 1]
  return [at, next === undefined || next.startsWith(header('')) ? 1 : 2]
}

function jobLine(given: Params): string {
  const { cronFile, user = '', job = '', specialTime, disabled } = given
  const { minute = '*', hour = '*', day = '*', month = '*', weekday = '*' } = given
  const when = specialTime === undefined ? [minute, hour, day, month, weekday].join(' ') : `@${specialTime}`
  return `${disabled ? '#' : ''}${when} ${cronFile === undefined ? '' : `${user} `}${job}`
}
