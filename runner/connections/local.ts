import { spawn } from 'node:child_process'
import type { Connector, Host } from '../contract.ts'
import { Unreachable } from '../errors.ts'
import { type Channel, defaultLimits, type Limits, type Transport, within } from './channel.ts'
import { openShell } from './shell.ts'

export interface LocalOptions extends Partial<Limits> {
  /** The POSIX shell to speak with. */
  readonly shell?: string
}

/** Connections to this machine: no network, the same shell and the same promises. */
export function localConnector(options: LocalOptions = {}): Connector {
  const limits = { ...defaultLimits, ...options }
  return {
    connect(host: Host, signal: AbortSignal) {
      if (host.connection.kind !== 'local')
        throw new Unreachable(`${host.name} is not this machine: its connection is ${host.connection.kind}`)
      signal.throwIfAborted()
      const late = (): Error => new Unreachable(`${host.name}: the shell did not answer within ${limits.connectMs} ms`)
      return within(limits.connectMs, openShell(host.name, children(host.connection.cwd), options.shell ?? 'sh', limits), late)
    },
  }
}

function children(cwd: string | undefined): Transport {
  return {
    // A session of its own: an interrupt at the terminal is ours to handle, not the command's.
    open: (program) =>
      new Promise<Channel>((resolve, reject) => {
        const child = spawn('sh', ['-c', program], { detached: true, stdio: 'pipe', ...(cwd === undefined ? {} : { cwd }) })
        child.once('error', (cause) => reject(new Unreachable(`Cannot start sh on this machine: ${cause.message}`, { cause })))
        child.once('spawn', () =>
          resolve({
            stdin: child.stdin,
            stdout: child.stdout,
            stderr: child.stderr,
            closed: new Promise((ended) =>
              child.once('close', (code, signal) => ended(`the shell ended (${signal ?? `exit code ${code}`})`)),
            ),
            trips: 0,
            destroy: () => {
              child.kill('SIGKILL')
            },
          }),
        )
      }),
    close: () => undefined,
  }
}
