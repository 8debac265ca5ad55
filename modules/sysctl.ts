import { z } from 'zod'
import type { Connection, Reader } from '../runner/contract.ts'
import { defineModule } from '../runner/define.ts'
import { sh } from '../runner/sh.ts'
import { appended, linesOf, lookAtText, type Text, withContent, writeText } from './lib/text.ts'

const params = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w*][^\s=]*$/, 'expected a name like vm.swappiness')
      .describe('The key, as in vm.swappiness.'),
    value: z
      .union([z.string().regex(/^[^\n\r]*$/, 'expected one line'), z.number(), z.boolean()])
      .transform((given) => (typeof given === 'boolean' ? String(Number(given)) : words(String(given))))
      .optional()
      .describe('Its value; needed for present. A number, true (1) and false (0) too.'),
    state: z.enum(['present', 'absent']).default('present').describe('Whether the file is to set it.'),
    sysctlFile: z.string().min(1).default('/etc/sysctl.conf').describe('The file that sets it at boot.'),
    reload: z.boolean().default(true).describe('Load the whole file (sysctl -p) after it changed.'),
    sysctlSet: z.boolean().default(false).describe('present: also set it in the running kernel, where it differs.'),
    ignoreErrors: z.boolean().default(false).describe('Pass over keys that the kernel does not know.'),
  })
  .superRefine(({ state, value }, issue) => {
    if (state === 'present' && (value === undefined || value === ''))
      issue.addIssue({ code: 'custom', message: 'value is required with state present' })
  })

type Params = z.output<typeof params>
/** `live`: what the running kernel has, where that is to be kept too. */
type State = { file: Text; live?: string }

/**
 * Keeps a setting of the kernel in a file, and in the kernel where asked.
 *
 * @example sysctl('swap late', { name: 'vm.swappiness', value: 10, sysctlFile: '/etc/sysctl.d/60-app.conf' })
 */
export const sysctl = defineModule({
  name: 'sysctl',
  params,

  async check(given, host): Promise<State> {
    const [file, live] = await Promise.all([lookAtText(host, given.sysctlFile), setsLive(given) ? liveValue(given, host) : undefined])
    return { file, ...(live === undefined ? {} : { live }) }
  },

  want(given, now): State {
    const { state, value = '' } = given
    if (now.file.state === 'absent' && state === 'absent') return now
    const content = edited(given, now.file.state === 'file' ? now.file.content : '')
    const file = withContent(now.file, content, now.file.state === 'absent' ? { mode: '0644' } : {})
    return { file, ...(now.live === undefined ? {} : { live: value }) }
  },

  async apply({ params: given, now, want }, host) {
    const { name, value = '', sysctlFile, reload } = given
    const lenient = given.ignoreErrors ? ['-e'] : []
    if (now.live !== want.live) await host.run(sh`sysctl ${lenient} -q -w ${`${name}=${value}`}`)
    if (await writes(now.file, want.file, host)) {
      if (reload) await host.run(sh`sysctl ${lenient} -q -p ${sysctlFile}`)
    }
  },

  show: ({ name, value, state, sysctlFile }) => ({ name, ...(value === undefined ? {} : { value }), state, sysctlFile }),
})

const setsLive = ({ state, sysctlSet }: Params): boolean => state === 'present' && sysctlSet

async function liveValue({ name }: Params, host: Reader): Promise<string> {
  const { code, stdout } = await host.probe(sh`sysctl -n ${name}`)
  return code === 0 ? words(stdout) : 'not known to the kernel'
}

/** Writes the file where its text differs, and says whether it did. */
async function writes(now: Text, want: Text, host: Connection): Promise<boolean> {
  if (want.state !== 'file' || (now.state === 'file' && now.content === want.content)) return false
  await writeText(host, now, want)
  return true
}

/** The text in which the key is set once, or not at all; a line that sets it rightly stays as it is written. */
function edited({ name, value, state }: Params, text: string): string {
  let found = false
  const lines = linesOf(text).flatMap((line) => {
    const [, key, given = ''] = /^\s*([^#;\s=][^=]*?)\s*=(.*)$/s.exec(line) ?? []
    if (key !== name) return [line]
    if (state === 'absent' || found) return []
    found = true
    return [words(given) === value ? line : `${name}=${value}\n`]
  })
  return found || state === 'absent' ? lines.join('') : appended(lines.join(''), `${name}=${value}`)
}

/** Values are the same whatever the blanks between their words. */
function words(text: string): string {
  return text.trim().split(/\s+/).join(' ')
}
