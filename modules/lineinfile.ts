import { z } from 'zod'
import { defineModule } from '../runner/define.ts'
import { TaskFailed } from '../runner/errors.ts'
import { modeSchema } from './lib/mode.ts'
import { appended, bare, linesOf, lookAtText, type Text, withContent, writeText } from './lib/text.ts'

const pattern = z.string().superRefine((text, issue) => {
  try {
    new RegExp(text)
  } catch (error) {
    issue.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
  }
})

const params = z
  .strictObject({
    path: z.string().min(1).describe('The file to edit; a link is followed.'),
    state: z.enum(['present', 'absent']).default('present').describe('present: the line is there. absent: no such line is.'),
    line: z
      .string()
      .regex(/^[^\n\r]*$/, 'expected one line, without a line end')
      .optional()
      .describe('The line; needed for present. absent: every line that is exactly this goes.'),
    regexp: pattern
      .optional()
      .describe(
        "A regular expression in JavaScript's syntax, looked for in each line. present: the last line that matches is replaced. absent: all that match go.",
      ),
    searchString: z.string().min(1).optional().describe('As regexp, but plain text to look for.'),
    backrefs: z
      .boolean()
      .default(false)
      .describe(
        'In line, \\1 to \\99 and \\g<name> stand for what the groups of regexp matched; where it matches nothing, nothing is done.',
      ),
    insertAfter: pattern
      .optional()
      .describe('Where a new line goes: after the last line that matches, or EOF. Default, and where nothing matches: EOF.'),
    insertBefore: pattern.optional().describe('Where a new line goes: before the last line that matches, or BOF.'),
    firstmatch: z.boolean().default(false).describe('The first line that matches counts, not the last.'),
    create: z.boolean().default(false).describe('Make the file, and its directories, where it is not there.'),
    mode: modeSchema.optional(),
    owner: z.string().min(1).optional().describe('Name or number of the user. Default: left as it is.'),
    group: z.string().min(1).optional().describe('Name or number of the group. Default: left as it is.'),
  })
  .superRefine(({ state, line, regexp, searchString, backrefs, insertAfter, insertBefore }, issue) => {
    const wrong = (message: string): void => issue.addIssue({ code: 'custom', message })
    if (state === 'present' && line === undefined) wrong('line is required with state present')
    if (state === 'absent' && line === undefined && regexp === undefined && searchString === undefined)
      wrong('one of line, searchString, or regexp is required with state absent')
    if (regexp !== undefined && searchString !== undefined) wrong('regexp and searchString are mutually exclusive')
    if (insertAfter !== undefined && insertBefore !== undefined) wrong('insertAfter and insertBefore are mutually exclusive')
    if (backrefs && regexp === undefined) wrong('regexp is required with backrefs')
  })

type Params = z.output<typeof params>

/**
 * Keeps a line in a text file, or keeps it out.
 *
 * @example lineinfile('new files are for their owner and group', { path: '/etc/login.defs', regexp: '^UMASK\\s', line: 'UMASK\t\t027' })
 */
export const lineinfile = defineModule({
  name: 'lineinfile',
  params,

  check: (given, host): Promise<Text> => lookAtText(host, given.path, given),

  want(given, now): Text {
    if (now.state === 'absent' && given.state === 'absent') return now
    if (now.state === 'absent' && !given.create) throw new TaskFailed(`Destination ${given.path} does not exist !`, { path: given.path })
    const text = now.state === 'file' ? now.content : ''
    return withContent(now, given.state === 'present' ? withLine(given, text) : without(given, text), given)
  },

  async apply({ params: given, now, want }, host) {
    if (want.state !== 'file') return
    await writeText(host, now, want, given)
    return { msg: said(given, now, want) }
  },

  show: (_given, state) => {
    if (state.state === 'absent') return { path: state.path, state: 'absent' }
    const { path, mode, owner, group } = state
    return { path, mode, owner, group, state: 'file' }
  },
})

function withLine(given: Params, text: string): string {
  const { line = '', regexp, backrefs, firstmatch, insertAfter, insertBefore } = given
  const lines = linesOf(text)
  const pick = (matches: (bareLine: string) => boolean): number => {
    const test = (whole: string): boolean => matches(bare(whole))
    return firstmatch ? lines.findIndex(test) : lines.findLastIndex(test)
  }
  const sought = matcher(given)
  const found = sought === undefined ? -1 : pick(sought)
  if (found !== -1) {
    const old = lines[found] ?? ''
    const fresh = backrefs && regexp !== undefined ? expanded(line, new RegExp(regexp).exec(bare(old))) : line
    return lines.with(found, fresh + old.slice(bare(old).length)).join('')
  }
  if (backrefs || lines.some((whole) => bare(whole) === line)) return text
  const insert = (at: number): string => lines.toSpliced(at, 0, `${line}\n`).join('')
  if (insertBefore === 'BOF' || insertAfter === 'BOF') return insert(0)
  const anchor = insertAfter === 'EOF' ? undefined : (insertAfter ?? insertBefore)
  const at = anchor === undefined ? -1 : pick((whole) => new RegExp(anchor).test(whole))
  if (at === -1 || (insertAfter !== undefined && at === lines.length - 1)) return appended(text, line)
  return insert(insertAfter === undefined ? at : at + 1)
}

function without(given: Params, text: string): string {
  const gone = matcher(given) ?? ((whole: string) => whole === given.line)
  return linesOf(text)
    .filter((whole) => !gone(bare(whole)))
    .join('')
}

function matcher({ regexp, searchString }: Params): ((line: string) => boolean) | undefined {
  if (searchString !== undefined) return (line) => line.includes(searchString)
  return regexp === undefined ? undefined : (line) => new RegExp(regexp).test(line)
}

function expanded(line: string, match: RegExpExecArray | null): string {
  return line.replace(/\\(?:(\d{1,2})|g<(\w+)>|\\)/g, (all, number?: string, name?: string) => {
    if (all === '\\\\') return '\\'
    return (name === undefined ? match?.[Number(number)] : (match?.groups?.[name] ?? match?.[Number(name)])) ?? ''
  })
}

function said({ state }: Params, now: Text, want: Text): string {
  const count = (text: Text): number => (text.state === 'file' ? linesOf(text.content).length : 0)
  if (state === 'absent') return `${count(now) - count(want)} line(s) removed`
  if (now.state === 'file' && want.state === 'file' && now.content === want.content) return 'owner or mode changed'
  return count(now) === count(want) ? 'line replaced' : 'line added'
}
