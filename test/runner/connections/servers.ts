import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import ssh2 from 'ssh2'
import { makeSshKey, type SshKey } from '../../../custody/ssh-keys.ts'
import type { Host, SshAddress } from '../../../runner/contract.ts'
import { Secret } from '../../../runner/secret.ts'

export interface TestHost {
  readonly host: Host & { readonly connection: Required<Pick<SshAddress, 'port' | 'user' | 'privateKey' | 'hostKey'>> & SshAddress }
  /** Logins that were tried, also refused ones. */
  readonly logins: () => number
  stop(): Promise<void>
}

const hostAt = (port: number, hostKey: SshKey, userKey: SshKey, user = 'skep'): TestHost['host'] => ({
  name: 'web1',
  vars: {},
  connection: { kind: 'ssh', host: '127.0.0.1', port, user, privateKey: new Secret(userKey.privateKey), hostKey: hostKey.publicKey },
})

export interface TestHostOptions {
  /** What it calls itself. */
  readonly ident?: string
  /** The number that it gives to the first channel of a connection. */
  readonly firstChannel?: number
}

/** A small SSH server that runs each command in a shell. */
export async function startTestHost({ ident, firstChannel = 0 }: TestHostOptions = {}): Promise<TestHost> {
  const [hostKey, userKey] = [makeSshKey(), makeSshKey()]
  const accepted = ssh2.utils.parseKey(userKey.publicKey)
  if (accepted instanceof Error) throw accepted
  let logins = 0
  const sockets = new Set<ssh2.Connection>()
  const server = new ssh2.Server({ hostKeys: [hostKey.privateKey], ...(ident === undefined ? {} : { ident }) }, (client) => {
    Reflect.set(Reflect.get(client, '_chanMgr'), '_cur', firstChannel - 1)
    sockets.add(client)
    client.on('error', () => undefined)
    client.on('close', () => sockets.delete(client))
    client.on('authentication', (context) => {
      logins += 1
      if (context.method !== 'publickey' || !context.key.data.equals(accepted.getPublicSSH())) return context.reject(['publickey'])
      if (context.signature === undefined || context.blob === undefined) return context.accept()
      return accepted.verify(context.blob, context.signature, context.hashAlgo) === true ? context.accept() : context.reject()
    })
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec, _, info) => serve(acceptExec(), info.command))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    host: hostAt(port, hostKey, userKey),
    logins: () => logins,
    stop: async () => {
      for (const client of sockets) client.end()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function serve(channel: ssh2.ServerChannel, command: string): void {
  const child = spawn('sh', ['-c', command], { detached: true })
  channel.on('error', () => undefined)
  child.stdin.on('error', () => undefined)
  channel.pipe(child.stdin)
  child.stdout.pipe(channel, { end: false })
  child.stderr.pipe(channel.stderr, { end: false })
  channel.on('close', () => child.stdin.destroy())
  child.on('close', (code, signal) => {
    if (code === null) channel.exit(signal ?? 'KILL')
    else channel.exit(code)
    channel.end()
  })
}

/** OpenSSH's own server on loopback with `shell` as login shell, which greets noisily as login scripts do; `accepts`: further public keys. */
export async function startOpenSsh(shell: string, accepts: readonly string[] = []): Promise<TestHost> {
  const dir = await mkdtemp(join(tmpdir(), 'skep-d-'))
  const [hostKey, userKey] = [makeSshKey(), makeSshKey()]
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(dir, name), text, { mode: 0o600 })
    return join(dir, name)
  }
  const login = await file('login', `#!/bin/sh\necho Welcome to a noisy machine\necho motd >&2\nexec ${shell} -c "$SSH_ORIGINAL_COMMAND"\n`)
  await chmod(login, 0o700)
  const port = await freePort()
  const config = await file(
    'sshd_config',
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${await file('host_key', hostKey.privateKey)}`,
      `AuthorizedKeysFile ${await file('authorized_keys', `${[userKey.publicKey, ...accepts].join('\n')}\n`)}`,
      'PidFile none',
      'UsePAM no',
      'StrictModes no',
      'PermitRootLogin yes',
      'PasswordAuthentication no',
      `ForceCommand ${login}`,
    ].join('\n'),
  )
  const child = spawn(...sshdCommand(['-D', '-e', '-f', config]), { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr?.on('data', (part: Buffer) => {
    log += part.toString()
  })
  for (let tries = 0; !log.includes('Server listening'); tries += 1) {
    if (child.exitCode !== null || tries > 500) throw new Error(`sshd did not start: ${log}`)
    await sleep(20)
  }
  return {
    host: hostAt(port, hostKey, userKey, userInfo().username),
    logins: () => log.split('Accepted publickey').length - 1,
    stop: async () => {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      await rm(dir, { recursive: true, force: true })
    },
  }
}

const sshd = '/usr/sbin/sshd'

/** Run by root, sshd wants a directory under /run; where there is none it gets one that nobody else sees. */
function sshdCommand(args: string[]): [string, string[]] {
  if (process.getuid?.() !== 0 || existsSync('/run/sshd')) return [sshd, args]
  return ['unshare', ['-m', 'sh', '-c', 'mount -t tmpfs none /run && mkdir /run/sshd && exec "$@"', 'sh', sshd, ...args]]
}

/** Why OpenSSH's server cannot be tried here; in CI that is a failure. */
export function withoutOpenSsh(): string | undefined {
  if (process.env['CI'] === 'true') return undefined
  if (!existsSync(sshd)) return 'no sshd on this machine'
  const needsRoom = process.getuid?.() === 0 && !existsSync('/run/sshd')
  return needsRoom && spawnSync('unshare', ['-m', 'true']).status !== 0 ? 'root without /run/sshd, and no unshare' : undefined
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

export interface Relay {
  readonly port: number
  /** Bytes that went to the port. */
  readonly sent: () => number
  /** How often the client spoke after it had heard something. */
  readonly turns: () => number
  freeze(): void
  cut(): void
  stop(): Promise<void>
}

/** A TCP relay to a port, which may take its time and drop the first connections; frozen, it takes bytes and passes none on. */
export async function startRelay(to: number, { delayMs = 0, dropped = 0 } = {}): Promise<Relay> {
  const sockets = new Set<Socket>()
  let frozen = false
  let [sent, turns, heard, calls] = [0, 0, true, 0]
  const server = createServer((client) => {
    calls += 1
    if (calls <= dropped) return void client.destroy()
    const upstream = new (client.constructor as typeof Socket)()
    upstream.connect(to, '127.0.0.1')
    for (const [from, into] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('data', (part) => {
        if (from === client) {
          sent += part.length
          turns += heard ? 1 : 0
          heard = false
        }
        const pass = (): void => {
          if (from === upstream) heard = true
          if (!frozen && !into.destroyed) into.write(part)
        }
        if (delayMs === 0) pass()
        else setTimeout(pass, delayMs)
      })
      from.on('error', () => undefined)
      from.on('close', () => into.destroy())
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    sent: () => sent,
    turns: () => turns,
    freeze: () => {
      frozen = true
    },
    cut,
    stop: async () => {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
