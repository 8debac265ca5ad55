import { z } from 'zod'
import type { Command, Output, Reader, Returned } from '../runner/contract.ts'
import { defineAction } from '../runner/define.ts'
import { ConnectionLost, OutcomeUnknown, RemoteError, TaskFailed } from '../runner/errors.ts'
import { Secret } from '../runner/secret.ts'
import { glob, sh } from '../runner/sh.ts'

const isCommand = (value: unknown): value is Command =>
  typeof value === 'object' && value !== null && 'quoted' in value && value.quoted === true

const params = z
  .strictObject({
    argv: z.array(z.string()).min(1).optional().describe('The program and its arguments; no shell looks at them.'),
    cmd: z
      .custom<Command>(isCommand, 'expected a command made by the sh tag')
      .optional()
      .describe('A command for the POSIX shell, made by the sh tag.'),
    chdir: z.string().min(1).optional().describe('The directory to run in. Default: where the login starts.'),
    creates: z.string().min(1).optional().describe('Do nothing if this path, or anything that matches this glob, is there.'),
    removes: z.string().min(1).optional().describe('Do nothing if nothing is there that matches this path or glob.'),
    stdin: z
      .union([z.string(), z.instanceof(Secret)])
      .optional()
      .describe('What the program reads.'),
    stdinAddNewline: z.boolean().default(true).describe('Whether stdin gets a newline at its end.'),
    stripEmptyEnds: z.boolean().default(true).describe('Whether line ends at the end of the output are dropped.'),
    timeout: z
      .number()
      .positive()
      .optional()
      .describe('Seconds after which it is killed with its children. Default: that of the connection.'),
    dropsConnection: z
      .boolean()
      .default(false)
      .describe(
        'The command may end the connection: if that happens after it started, its outcome is unknown, not a failure. Nothing reconnects.',
      ),
  })
  .superRefine(({ argv, cmd }, issue) => {
    if (argv === undefined && cmd === undefined) issue.addIssue({ code: 'custom', message: 'no command given' })
    if (argv !== undefined && cmd !== undefined) issue.addIssue({ code: 'custom', message: 'only command or argv can be given, not both' })
  })

type Params = z.output<typeof params>

const [noDirectory, noProgram] = ['skep: no such directory', 'skep: no such program']

/**
 * Runs a command; says that it changed something unless `creates`, `removes` or `changedWhen` know better.
 *
 * @example command('start the worker', { argv: ['machine/start'], chdir: '/opt/skep', creates: '/opt/skep/run/pid' })
 */
export const command = defineAction({
  name: 'command',
  params,

  async foresee({ creates, removes, chdir }, host) {
    if (creates !== undefined && (await exists(creates, chdir, host))) return { will: 'stay', msg: `skipped, since ${creates} exists` }
    if (removes !== undefined && !(await exists(removes, chdir, host)))
      return { will: 'stay', msg: `skipped, since ${removes} does not exist` }
    if (creates !== undefined || removes !== undefined) return { will: 'change' }
    return { will: 'run', msg: 'Command would have run if not in check mode' }
  },

  async run(given, host) {
    const text = commandOf(given)
    const start = new Date()
    const result = (output: Output): Returned => {
      const end = new Date()
      const trim = (said: string): string => (given.stripEmptyEnds ? said.replace(/[\r\n]+$/, '') : said)
      const times = { start: start.toISOString(), end: end.toISOString(), delta: (end.getTime() - start.getTime()) / 1000 }
      return { cmd: named(given), rc: output.code, stdout: trim(output.stdout), stderr: trim(output.stderr), ...times }
    }
    try {
      return result(await host.run(text, { ...timeout(given), ...stdin(given) }))
    } catch (error) {
      if (error instanceof ConnectionLost && error.started && given.dropsConnection) {
        throw new OutcomeUnknown(`the connection ended while the command ran, as it may: whether it finished is not known`, {
          cause: error,
        })
      }
      if (!(error instanceof RemoteError)) throw error
      throw new TaskFailed(...failure(given, error.output, result(error.output)), { cause: error })
    }
  },
})

function failure({ argv, chdir }: Params, { stderr }: Output, returned: Returned): [string, Returned] {
  if (stderr.trim() === noDirectory) return [`Unable to change directory before execution: ${chdir}`, { ...returned, stderr: '' }]
  if (stderr.trim() === noProgram || (argv !== undefined && /^\S*sh: .*exec: .*not found\s*$/.test(stderr)))
    return [`No such file or directory: ${argv?.[0]}`, { ...returned, rc: 2, stderr: '' }]
  const lastLine = stderr.trim().split('\n').at(-1) ?? ''
  return [`non-zero return code ${returned['rc']}${lastLine === '' ? '' : `: ${lastLine}`}`, returned]
}

function commandOf({ argv, cmd, chdir }: Params): Command {
  const there = chdir === undefined ? sh`` : sh`cd -P -- ${chdir} 2>/dev/null||{ echo ${noDirectory} >&2;exit 1;};`
  if (cmd !== undefined) return sh`${there}${cmd}`
  const [program = '', ...rest] = argv ?? []
  // exec: a program, never a builtin or keyword of the shell.
  return sh`${there}command -v ${program} >/dev/null||{ echo ${noProgram} >&2;exit 127;};exec ${program} ${rest}`
}

async function exists(pattern: string, chdir: string | undefined, host: Reader): Promise<boolean> {
  const there = chdir === undefined ? sh`` : sh`cd -P -- ${chdir} 2>/dev/null||exit 1;`
  return (await host.probe(sh`${there}for f in ${glob(pattern)};do if [ -e "$f" ]||[ -L "$f" ];then exit 0;fi;done;exit 1`)).code === 0
}

const named = ({ argv, cmd }: Params): string | string[] => argv ?? cmd?.text ?? ''

const timeout = (given: Params): { timeoutMs?: number } => (given.timeout === undefined ? {} : { timeoutMs: given.timeout * 1000 })

function stdin(given: Params): { stdin?: string | Secret } {
  const end = given.stdinAddNewline ? '\n' : ''
  if (given.stdin === undefined) return {}
  return { stdin: given.stdin instanceof Secret ? new Secret(given.stdin.reveal() + end) : given.stdin + end }
}
