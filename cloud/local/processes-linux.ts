import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Process, ProcessTable } from './processes.ts'

const attempt = <T>(look: () => T): T | undefined => {
  try {
    return look()
  } catch {
    return undefined // it ended meanwhile, or is another user's
  }
}

let boot: string | undefined

/** Start times count from boot, so they name a process only together with the boot. */
const bootId = (): string => {
  boot ??= attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)) ?? 'noboot'
  return boot
}

const pids = (): readonly number[] =>
  (attempt(() => readdirSync('/proc')) ?? []).filter((name) => /^[0-9]+$/.test(name)).map((name) => Number(name))

function stat(pid: number): Process | undefined {
  const line = attempt(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
  if (line === undefined) return undefined
  const open = line.indexOf('(')
  const close = line.lastIndexOf(')') // a name may hold anything, also brackets
  const [state, parent, , session, terminal, ...rest] = line.slice(close + 2).split(' ')
  const started = rest[14]
  if (state === undefined || started === undefined || state === 'Z' || state === 'X') return undefined
  return {
    pid,
    start: `${bootId()}.${started}`,
    parent: Number(parent),
    session: Number(session),
    hasTerminal: Number(terminal) !== 0,
    name: line.slice(open + 1, close).replace(/^MainThread$/, 'node'), // what Node calls itself
  }
}

const links = (folder: string): readonly string[] =>
  (attempt(() => readdirSync(folder)) ?? []).flatMap((name) => attempt(() => readlinkSync(join(folder, name))) ?? [])

/** Inode of a listening TCP socket -> its address. Lines: sl local_address rem_address st … inode; state 0A is LISTEN. */
function tcpListeners(): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const lines = (attempt(() => readFileSync(table, 'latin1')) ?? '').split('\n').slice(1)
    for (const line of lines) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
      if (state !== '0A' || local === undefined || inode === undefined) continue
      const [address = '', port = ''] = local.split(':')
      found.set(inode, `${readable(address)}:${Number.parseInt(port, 16)}`)
    }
  }
  return found
}

const readable = (hex: string): string =>
  hex.length === 8 ? [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.') : `[${hex}]`

/** Linux: /proc. */
export const linux: ProcessTable = {
  identify(pid) {
    const found = stat(pid)
    return found && { pid, start: found.start }
  },

  all: () => pids().flatMap((pid) => stat(pid) ?? []),

  withEnvironment(entry) {
    const wanted = `\0${entry}\0`
    return pids().filter((pid) => {
      const environment = attempt(() => readFileSync(`/proc/${pid}/environ`))
      return environment !== undefined && environment.length > 0 && `\0${environment.toString('utf8')}\0`.includes(wanted)
    })
  },

  files(pid) {
    const named = ['cwd', 'exe'].flatMap((name) => attempt(() => readlinkSync(`/proc/${pid}/${name}`)) ?? [])
    return [...named, ...links(`/proc/${pid}/fd`)]
  },

  listening(of) {
    const listeners = tcpListeners()
    return [...of].flatMap((pid) =>
      links(`/proc/${pid}/fd`).flatMap((link) => {
        const address = link.startsWith('socket:[') ? listeners.get(link.slice(8, -1)) : undefined
        return address === undefined ? [] : [{ pid, address }]
      }),
    )
  },

  unixSockets(folder) {
    const lines = (attempt(() => readFileSync('/proc/net/unix', 'utf8')) ?? '').split('\n').slice(1)
    const paths = lines.map((line) => line.trim().split(/\s+/).slice(7).join(' '))
    return [...new Set(paths.filter((path) => path.startsWith(`${folder}/`)))]
  },
}
