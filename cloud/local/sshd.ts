/** A small SSH server on loopback: one host key, one user key, commands through `sh` or through one forced command. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import ssh2, { type AuthContext, type Connection, type ServerChannel, type Session } from 'ssh2'
import { type ProcessId, processes, signalTo } from './processes.ts'

const HOST = '127.0.0.1'
/** As OpenSSH: who has not logged in by then is sent away. */
const LOGIN_MS = 20_000
const MAX_TRIES = 6
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2']

export interface SshdOptions {
  /** OpenSSH private key. */
  readonly hostKey: string
  /** The one key that may log in, "ssh-ed25519 AAAA…", under any user name. Undefined: nobody may. */
  readonly authorizedKey: string | undefined
  /** All that sessions find in their environment. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Spawned for every request in place of what was asked for. */
  readonly forcedCommand?: { readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>> }
}

export interface Sshd {
  readonly host: string
  readonly port: number
  /** No new connection, login or session from now on; resolves when the port is shut. What runs goes on. */
  refuse(): Promise<void>
  /** Refuses, ends all connections and kills what their sessions started in their process groups. */
  close(): Promise<void>
}

/** What a session starts. */
interface Program {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

/** Listens on a free port of the loopback address. */
export async function startSshd(options: SshdOptions): Promise<Sshd> {
  let refusing = false
  const sockets = new Set<Socket>()
  const children = new Set<ProcessId>()
  const authorized = options.authorizedKey === undefined ? undefined : parsePublic(options.authorizedKey)
  const authorizes = (context: AuthContext): boolean => !refusing && authorized !== undefined && isKey(context, authorized)

  const program = (command: string | undefined): Program => {
    const { forcedCommand, env, cwd } = options
    if (forcedCommand !== undefined) return { ...forcedCommand, cwd }
    return { argv: command === undefined ? ['sh'] : ['sh', '-c', command], env, cwd }
  }

  const ssh = new ssh2.Server(
    {
      hostKeys: [options.hostKey],
      ident: 'skep',
      algorithms: {
        // The cheapest of the strong ones: a handshake is most of what a short visit costs.
        kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org'],
        cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes256-ctr'],
        hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-256'],
        compress: ['none'],
      },
    },
    (connection) => {
      connection.on('error', () => undefined) // a client that breaks off or talks nonsense harms only itself
      const late = setTimeout(() => connection.end(), LOGIN_MS)
      connection.on('close', () => clearTimeout(late))
      authenticate(connection, authorizes)
      connection.on('ready', () => {
        clearTimeout(late)
        connection.on('session', (accept, reject) => {
          if (refusing) reject()
          else serve(accept(), program, children)
        })
      })
    },
  )

  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    ssh.injectSocket(socket)
  })
  server.listen(0, HOST)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0

  const refuse = async (): Promise<void> => {
    refusing = true
    // server.close() shuts the port at once; its callback waits for connections, which may stay.
    if (server.listening) server.close()
  }
  return {
    host: HOST,
    port,
    refuse,
    async close() {
      await refuse()
      for (const child of children) killGroup(child)
      for (const socket of sockets) socket.destroy()
      while (sockets.size > 0) await Promise.all([...sockets].map((socket) => once(socket, 'close')))
    },
  }
}

/** Six refusals end the connection. */
function authenticate(connection: Connection, authorizes: (context: AuthContext) => boolean): void {
  let tries = 0
  connection.on('authentication', (context) => {
    if (authorizes(context)) return context.accept()
    tries += 1
    if (tries >= MAX_TRIES) connection.end()
    else context.reject(['publickey'])
  })
}

/** A question "would you take this key" has no signature; a login has one, which must hold. */
function isKey(context: AuthContext, authorized: PublicKey): boolean {
  if (context.method !== 'publickey') return false
  const { key, blob, signature } = context
  if (key.algo !== authorized.type || !key.data.equals(authorized.blob)) return false
  return signature === undefined || blob === undefined ? signature === blob : authorized.verify(blob, signature)
}

interface PublicKey {
  readonly type: string
  readonly blob: Buffer
  verify(blob: Buffer, signature: Buffer): boolean
}

function parsePublic(line: string): PublicKey | undefined {
  const parsed = ssh2.utils.parseKey(line)
  if (parsed instanceof Error || parsed.type !== 'ssh-ed25519') return undefined
  return { type: parsed.type, blob: parsed.getPublicSSH(), verify: (blob, signature) => parsed.verify(blob, signature) === true }
}

/** One session: one program, its three streams, its exit code or signal. No terminal, no forwarding, no subsystem. */
function serve(session: Session, program: (command: string | undefined) => Program, children: Set<ProcessId>): void {
  let running: ProcessId | undefined
  const start = (accept: () => ServerChannel, command: string | undefined): void => {
    const child = attach(accept(), program(command))
    const found = child.pid === undefined ? undefined : processes.identify(child.pid)
    if (found === undefined) return
    running = found
    children.add(found)
    child.on('exit', () => children.delete(found))
  }
  session.on('exec', (accept, _reject, { command }) => start(accept, command))
  session.on('shell', (accept) => start(accept, undefined))
  session.on('pty', (_accept, reject) => reject?.())
  session.on('env', (_accept, reject) => reject?.())
  session.on('signal', (accept, _reject, { name }) => {
    accept?.()
    const signal = SIGNALS.find((one) => one === `SIG${name}`)
    if (running !== undefined && signal !== undefined) killGroup(running, signal)
  })
}

/** Joins a channel and a program; `pipe` holds either side back while the other cannot take more. */
function attach(channel: ServerChannel, { argv, env, cwd }: Program): ChildProcess {
  const [file = '', ...args] = argv
  const child = spawn(file, args, { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
  for (const stream of [channel, channel.stderr, child.stdin, child.stdout, child.stderr]) stream.on('error', () => undefined)
  channel.pipe(child.stdin)
  child.stdout.pipe(channel, { end: false })
  child.stderr.pipe(channel.stderr, { end: false })
  child.on('error', (error) => {
    channel.stderr.write(`skep: starting ${file}: ${error.message}\n`)
    channel.exit(127)
    channel.end()
  })
  child.on('exit', (code, signal) => {
    if (signal === null) channel.exit(code ?? 255)
    else channel.exit(signal.slice(3), false, '')
  })
  child.on('close', () => channel.end())
  // As sshd does: who hangs up leaves the program running, on closed pipes.
  channel.on('close', () => {
    child.stdin.destroy()
    child.stdout.destroy()
    child.stderr.destroy()
  })
  return child
}

/** A session's program leads a process group of its own. */
function killGroup(leader: ProcessId, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    if (processes.identify(leader.pid)?.start === leader.start) process.kill(-leader.pid, signal)
  } catch {
    signalTo(leader, signal)
  }
}
