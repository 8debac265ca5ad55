import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as after } from 'node:timers/promises'
import ssh2, { type Client } from 'ssh2'
import { diskOf } from '../../../cloud/local/layout.ts'
import { initLocal, type OpenOptions, openLocal } from '../../../cloud/local/open.ts'
import type { Cloud, Instance, Launch, Role } from '../../../cloud/ports.ts'
import { makeSshKey, type SshKey } from '../../../custody/ssh-keys.ts'

/** A local cloud in a directory of its own; `dispose` ends whatever a test left running in it. */
export interface Place {
  readonly dir: string
  open(role: Role, options?: OpenOptions): Promise<Cloud>
  dispose(): Promise<void>
}

export async function newPlace(): Promise<Place> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'skep-')))
  await initLocal(dir)
  const opened: Cloud[] = []
  const open: Place['open'] = async (role, options = {}) => {
    const cloud = await openLocal(dir, role, options)
    opened.push(cloud)
    return cloud
  }
  return {
    dir,
    open,
    async dispose() {
      const sweeper = await open('sweeper')
      for (const { id, state } of await sweeper.compute.describe()) if (state !== 'terminated') await sweeper.compute.terminate(id)
      for (const cloud of opened) await cloud.close()
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

export const tags = { job: 'a'.repeat(40), run: 'r', unit: 'u', attempt: '1', worker: 'w', kind: 'sample' }

/** A launch; `key` may log in. */
export const launchOf = (token: string, key?: SshKey, more: object = {}): Launch => ({
  token,
  image: 'image',
  type: 'type',
  subnet: 'subnet',
  userData: JSON.stringify({ ...(key && { sshPublicKey: key.publicKey }), ...more }),
  tags,
})

/** Looks until it is so, for 15 s at most. */
export async function until<T>(what: string, look: () => T | Promise<T>): Promise<NonNullable<Exclude<T, false>>> {
  for (const deadline = performance.now() + 15_000; performance.now() < deadline; await after(20)) {
    const found = await look()
    if (found !== undefined && found !== null && found !== false) return found as NonNullable<Exclude<T, false>>
  }
  throw new Error(`waited 15 s, but not: ${what}`)
}

/** A running machine, and a key that opens its door. */
export interface Booted {
  readonly id: string
  readonly key: SshKey
  readonly disk: string
  readonly address: { readonly host: string; readonly port: number }
  /** Of the machine's own process. */
  readonly pid: number
}

export async function boot(place: Place, agent: Cloud, more: object = {}): Promise<Booted> {
  const key = makeSshKey()
  const { id } = await agent.compute.launch(launchOf(`token-${Math.random()}`, key, more))
  const { address } = await until('it runs', async () => (await stateOf(agent, id, 'running')) && (await find(agent, id)))
  if (address === undefined) throw new Error('a running machine has an address')
  const disk = diskOf(place.dir, id)
  return { id, key, disk, address, pid: Number(readFileSync(join(disk, 'machine', 'pid'), 'utf8')) }
}

const find = async (cloud: Cloud, id: string): Promise<Instance | undefined> =>
  (await cloud.compute.describe()).find((one) => one.id === id)

export const stateOf = async (cloud: Cloud, id: string, state: Instance['state']): Promise<boolean> =>
  (await find(cloud, id))?.state === state

/** A session with somebody's SSH server. */
export async function login(address: { host: string; port: number }, key: SshKey, hostKey?: string): Promise<Client> {
  const client = new ssh2.Client()
  const pinned = hostKey && Buffer.from(hostKey.split(' ')[1] ?? '', 'base64')
  client.on('error', () => undefined)
  const ready = once(client, 'ready')
  client.connect({
    ...address,
    username: 'worker',
    privateKey: key.privateKey,
    readyTimeout: 10_000,
    hostVerifier: (seen: Buffer) => !pinned || pinned.equals(seen),
  })
  await ready
  return client
}

export interface Ran {
  readonly stdout: Buffer
  readonly stderr: Buffer
  readonly code: number | null
  readonly signal: string | undefined
}

/** Runs a command over SSH to its end. */
export function run(client: Client, command: string, stdin: Uint8Array | string = ''): Promise<Ran> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error)
      const stdout: Buffer[] = []
      const stderr: Buffer[] = []
      let end: { code: number | null; signal: string | undefined } = { code: null, signal: undefined }
      channel.on('data', (chunk: Buffer) => stdout.push(chunk))
      channel.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
      channel.on('error', () => undefined)
      channel.on('exit', (code: number | null, signal?: string) => {
        end = { code, signal }
      })
      channel.on('close', () => resolve({ stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr), ...end }))
      channel.end(stdin)
    })
  })
}

/** Begins a command that will be cut off; resolves when it is over, however. */
export const begin = (client: Client, command: string): Promise<void> =>
  run(client, command).then(
    () => undefined,
    () => undefined,
  )

/** Whether anybody answers a TCP connection. */
export const answers = (address: { host: string; port: number }): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(address)
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })

/** A program of this folder in a process of its own; `lines` grows with what it says. */
export interface Actor {
  readonly child: ChildProcess
  readonly lines: readonly string[]
  /** Its exit code or signal. */
  readonly end: Promise<number | string>
}

export function act(...args: readonly string[]): Actor {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'actor.ts'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  return { child, lines, end: once(child, 'close').then(([code, signal]) => signal ?? code) }
}
