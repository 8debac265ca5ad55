import { spawnSync } from 'node:child_process'
import type { Process, ProcessTable } from './processes.ts'

/** These two are always there on macOS, whatever PATH says. */
const PS = '/bin/ps'
const LSOF = '/usr/sbin/lsof'

function lines(program: string, args: readonly string[]): readonly string[] {
  const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
  const done = spawnSync(program, args, { encoding: 'utf8', env: environment, timeout: 10_000, maxBuffer: 64 * 1024 * 1024 })
  return (done.stdout ?? '').split('\n').filter((line) => line !== '')
}

/** pid ppid sess tty stat "Mon Nov 22 02:33:00 2026" command */
function parse(line: string): Process | undefined {
  const [pid, parent, session, terminal, state, , month, day, time, year, ...name] = line.trim().split(/\s+/)
  if (pid === undefined || state === undefined || year === undefined || state.startsWith('Z')) return undefined
  return {
    pid: Number(pid),
    start: `at.${Date.parse(`${month} ${day} ${year} ${time} UTC`) / 1000}`,
    parent: Number(parent),
    // `sess` is an address here; a process that leads its group is taken for the leader of its session.
    session: Number(session),
    hasTerminal: terminal !== '??' && terminal !== '-',
    name: name.join(' '),
  }
}

const columns = 'pid=,ppid=,pgid=,tty=,stat=,lstart=,comm='

/** The fields of `lsof -F`: one a line, a letter first; `p` begins a process. */
function listed(args: readonly string[], field: string): readonly { pid: number; value: string }[] {
  let pid = 0
  return lines(LSOF, ['-nP', ...args]).flatMap((line) => {
    if (line.startsWith('p')) pid = Number(line.slice(1))
    return line.startsWith(field) ? [{ pid, value: line.slice(1) }] : []
  })
}

/** macOS: ps and lsof. */
export const macos: ProcessTable = {
  identify(pid) {
    const found = lines(PS, ['-p', String(pid), '-o', columns]).flatMap((line) => parse(line) ?? [])[0]
    return found && { pid, start: found.start }
  },

  all: () => lines(PS, ['-axww', '-o', columns]).flatMap((line) => parse(line) ?? []),

  withEnvironment(entry) {
    return lines(PS, ['-axEww', '-o', 'pid=,command=']).flatMap((line) =>
      ` ${line} `.includes(` ${entry} `) ? [Number.parseInt(line.trim(), 10)] : [],
    )
  },

  files: (pid) => listed(['-p', String(pid), '-Fn'], 'n').map((one) => one.value),

  listening(of) {
    if (of.size === 0) return []
    const found = listed(['-a', '-iTCP', '-sTCP:LISTEN', '-p', [...of].join(','), '-Fn'], 'n')
    return found.map(({ pid, value }) => ({ pid, address: value }))
  },

  unixSockets: (folder) => [...new Set(listed(['-U', '-Fn'], 'n').flatMap(({ value }) => (value.startsWith(`${folder}/`) ? [value] : [])))],
}
