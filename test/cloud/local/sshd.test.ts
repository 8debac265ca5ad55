import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2, { type Client } from 'ssh2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { processes } from '../../../cloud/local/processes.ts'
import { type Sshd, startSshd } from '../../../cloud/local/sshd.ts'
import { makeSshKey, publicHalf } from '../../../custody/ssh-keys.ts'
import { begin, login, run, until } from './place.ts'

const hostKey = makeSshKey()
const key = makeSshKey()
const mark = `skep-test-${process.pid}`
const env = { PATH: process.env['PATH'] ?? '', GREETING: 'hello', MARK: mark }
const running = () => processes.withEnvironment(`MARK=${mark}`).length
let folder: string
let sshd: Sshd
let client: Client
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skep-'))
  sshd = await startSshd({ hostKey: hostKey.privateKey, authorizedKey: key.publicKey, env, cwd: folder })
  client = await login(sshd, key, hostKey.publicKey)
})
afterAll(async () => {
  client.end()
  await sshd.close()
  rmSync(folder, { recursive: true, force: true })
})

const bytes = Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, at) => (at * 31 + (at >> 8)) & 255))

describe('an SSH session', () => {
  test.each([
    ['an exit code', 'exit 7', { code: 7, signal: undefined }],
    ['none', 'true', { code: 0, signal: undefined }],
    ['the largest', 'exit 255', { code: 255, signal: undefined }],
    ['a signal', 'kill -TERM $$', { code: null, signal: 'SIGTERM' }],
    ['a command that is not there', './nothing', { code: 127, signal: undefined }],
  ])('tells how its command ended: %s', async (_, command, end) => {
    expect(await run(client, command)).toMatchObject(end)
  })

  test('keeps stdout and stderr apart, and what it reads whole', async () => {
    expect(await run(client, 'echo out; echo err >&2; echo "$GREETING"; pwd')).toMatchObject({
      stdout: Buffer.from(`out\nhello\n${folder}\n`),
      stderr: Buffer.from('err\n'),
    })
    const both = await run(client, 'tee /dev/stderr', bytes).catch(() => undefined)
    expect(both?.stdout.equals(bytes)).toBe(true)
  })

  test('carries 40 MB out to a reader that is slow, without keeping them in memory', async () => {
    const before = process.memoryUsage().rss
    const size = await new Promise<number>((resolve, reject) => {
      client.exec('head -c 40000000 /dev/zero', (error, channel) => {
        if (error) return reject(error)
        let seen = 0
        setTimeout(() => channel.on('data', (chunk: Buffer) => (seen += chunk.length)), 500)
        channel.on('close', () => resolve(seen))
      })
    })
    expect(size).toBe(40_000_000)
    expect(process.memoryUsage().rss - before).toBeLessThan(120_000_000)
  })

  test('ends although nobody read what was sent to it', async () => {
    expect(await run(client, 'head -c 3; exit 4', bytes)).toMatchObject({ stdout: bytes.subarray(0, 3), code: 4 })
    expect(await run(client, 'exit 5', bytes)).toMatchObject({ code: 5 })
  })

  test('runs many at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, (_, n) => run(client, `sleep 0.1; echo ${n}; exit ${n}`)))
    expect(all.map(({ stdout, code }) => [stdout.toString(), code])).toEqual(Array.from({ length: 8 }, (_, n) => [`${n}\n`, n]))
  })

  test('is a plain shell when no command is given, and refuses a terminal and a subsystem', async () => {
    const shell = await new Promise<string>((resolve, reject) => {
      client.shell(false, (error, channel) => {
        if (error) return reject(error)
        let seen = ''
        channel.on('data', (chunk: Buffer) => (seen += chunk))
        channel.on('close', () => resolve(seen))
        channel.end('cd /; pwd; echo "$GREETING"\n')
      })
    })
    expect(shell).toBe('/\nhello\n')
    await expect(new Promise((resolve, reject) => client.sftp((error, sftp) => (error ? reject(error) : resolve(sftp))))).rejects.toThrow()
    await expect(
      new Promise((resolve, reject) =>
        client.forwardOut('127.0.0.1', 1, '127.0.0.1', sshd.port, (error, to) => (error ? reject(error) : resolve(to))),
      ),
    ).rejects.toThrow()
  })

  test('leaves its command running when the client hangs up, as sshd does', async () => {
    const other = await login(sshd, key)
    void begin(other, `sleep 0.3; touch ${folder}/survived`)
    await until('it runs', () => running() > 0)
    other.destroy()
    await until('it went on', () => existsSync(join(folder, 'survived')))
  })

  test('passes a signal on', async () => {
    const ended = new Promise((resolve, reject) => {
      client.exec('sleep 60', (error, channel) => {
        if (error) return reject(error)
        channel.on('exit', (_code: number, signal: string) => resolve(signal))
        channel.signal('TERM')
      })
    })
    expect(await ended).toBe('SIGTERM')
  })
})

describe('an SSH server', () => {
  test('with a forced command runs nothing else, whatever is asked', async () => {
    const forced = { argv: ['sh', '-c', 'echo "forced $ONLY $GREETING"; cat'], env: { PATH: env.PATH, ONLY: 'this' } }
    const door = await startSshd({ hostKey: hostKey.privateKey, authorizedKey: key.publicKey, env, cwd: folder, forcedCommand: forced })
    const guest = await login(door, key)
    for (const command of ['cat /etc/passwd', 'rm -rf /', '']) {
      expect((await run(guest, command, 'in')).stdout.toString()).toBe('forced this \nin')
    }
    guest.end()
    await door.close()
  })

  test('that is closed ends its sessions and their commands', async () => {
    const door = await startSshd({ hostKey: hostKey.privateKey, authorizedKey: key.publicKey, env, cwd: folder })
    const guest = await login(door, key)
    const ran = begin(guest, 'trap "" TERM; sleep 60')
    await until('it runs', () => running() > 0)
    await door.close()
    await ran
    await until('it is gone', () => running() === 0)
    await expect(login(door, key)).rejects.toThrow(/ECONNREFUSED/)
  })

  test('that refuses lets nobody finish a login that was begun before', async () => {
    const door = await startSshd({ hostKey: hostKey.privateKey, authorizedKey: key.publicKey, env, cwd: folder })
    const guest = new ssh2.Client()
    const end = new Promise<string>((resolve) => guest.on('ready', () => resolve('in')).on('error', (error) => resolve(error.message)))
    const offers = [{ type: 'publickey', username: 'worker', key: key.privateKey } as const]
    type Next = (offer: (typeof offers)[number] | false) => void // false ends it; the types do not say so
    guest.connect({
      ...door,
      username: 'worker',
      authHandler: (_left, _partial, next) => void door.refuse().then(() => (next as Next)(offers.pop() ?? false)),
    })
    expect(await end).toMatch(/authentication/)
    guest.end()
    await door.close()
  })

  test('writes keys that OpenSSH reads', ({ skip }) => {
    if (spawnSync('ssh-keygen', ['-?']).error) skip('there is no ssh-keygen here')
    const path = join(folder, 'key')
    for (let round = 0; round < 5; round += 1) {
      const made = makeSshKey()
      writeFileSync(path, made.privateKey, { mode: 0o600 })
      expect(execFileSync('ssh-keygen', ['-y', '-f', path], { encoding: 'utf8' }).trim()).toBe(made.publicKey)
      expect(publicHalf(made.privateKey)).toBe(made.publicKey)
    }
  })

  test('is one that OpenSSH talks to', ({ skip }) => {
    if (spawnSync('ssh', ['-V']).error) skip('there is no ssh here')
    const [path, known] = [join(folder, 'client'), join(folder, 'known_hosts')]
    writeFileSync(path, key.privateKey, { mode: 0o600 })
    writeFileSync(known, `[127.0.0.1]:${sshd.port} ${hostKey.publicKey}\n`)
    const options = [
      '-F',
      'none',
      '-T',
      '-i',
      path,
      '-p',
      String(sshd.port),
      '-o',
      `UserKnownHostsFile=${known}`,
      '-o',
      'StrictHostKeyChecking=yes',
      '-o',
      'BatchMode=yes',
      '-o',
      'IdentityAgent=none',
    ]
    const done = new Promise<{ code: number | null; out: string }>((resolve) => {
      void import('node:child_process').then(({ spawn }) => {
        const ssh = spawn('ssh', [...options, 'worker@127.0.0.1', 'cat; exit 9'])
        let out = ''
        ssh.stdout.on('data', (chunk) => (out += chunk))
        ssh.on('close', (code) => resolve({ code, out }))
        ssh.stdin.end('through')
      })
    })
    return expect(done).resolves.toEqual({ code: 9, out: 'through' })
  })
})
