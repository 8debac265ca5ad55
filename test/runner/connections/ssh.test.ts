import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeSshKey } from '../../../custody/ssh-keys.ts'
import { sshConnector } from '../../../runner/connections/ssh.ts'
import type { Host, SshAddress } from '../../../runner/contract.ts'
import { ConnectionLost, HostKeyMismatch, Unreachable, UsageError } from '../../../runner/errors.ts'
import { Secret } from '../../../runner/secret.ts'
import { sh } from '../../../runner/sh.ts'
import { connectionContract } from '../../contracts/connection.ts'
import { freePort, startRelay, startTestHost, type TestHost } from './servers.ts'

const signal = new AbortController().signal

connectionContract(
  'ssh to a small server',
  async () => {
    const { host, stop } = await startTestHost()
    return { connect: (limits) => sshConnector(limits).connect(host, signal), stop }
  },
  2,
)

describe('an SSH connection', () => {
  let server: TestHost
  beforeAll(async () => {
    server = await startTestHost()
  })
  afterAll(() => server.stop())
  const withAddress = (change: Partial<SshAddress>): Host => ({
    ...server.host,
    connection: { ...(server.host.connection as SshAddress), ...change },
  })

  test('is refused when the host shows another key: both fingerprints are told, and no login is tried', async () => {
    const before = server.logins()
    const error = await sshConnector()
      .connect(withAddress({ hostKey: makeSshKey().publicKey }), signal)
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(HostKeyMismatch)
    expect(error).toBeInstanceOf(Unreachable)
    const { expected, got, message } = error as HostKeyMismatch
    expect(expected).toMatch(/^SHA256:[\w+/]{43}$/)
    expect(got).toMatch(/^SHA256:[\w+/]{43}$/)
    expect(expected).not.toBe(got)
    expect(message).toContain(expected)
    expect(message).toContain(got)
    expect(server.logins()).toBe(before)
  })

  test('is refused when the host has only a key of another kind than the pin', async () => {
    const pin =
      'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg='
    await expect(sshConnector().connect(withAddress({ hostKey: pin }), signal)).rejects.toBeInstanceOf(HostKeyMismatch)
  })

  const wrong: Record<string, [Partial<SshAddress>, typeof Unreachable | typeof UsageError, RegExp]> = {
    'a key that the host does not know': [{ privateKey: new Secret(makeSshKey().privateKey) }, Unreachable, /does not accept the key/],
    'a certificate as pin': [{ hostKey: 'ssh-ed25519-cert-v01@openssh.com AAAA' }, UsageError, /certificate, which is not supported/],
    'a pin that is none': [{ hostKey: 'SHA256:abc' }, UsageError, /expected a host key pin like 'ssh-ed25519 AAAA…', got 'SHA256:abc'/],
    'a private key that is none': [
      { privateKey: new Secret('not a key') },
      UsageError,
      /its private key cannot be read: Unsupported key format/,
    ],
    'a name that is nowhere': [{ host: 'nowhere.invalid' }, Unreachable, /cannot reach skep@nowhere\.invalid:\d+/],
  }
  for (const [what, [change, kind, says]] of Object.entries(wrong)) {
    test(`${what} is one clear error`, async () => {
      const error = await sshConnector()
        .connect(withAddress(change), signal)
        .catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(kind)
      expect((error as Error).message).toMatch(says)
    })
  }

  test('to a port where nobody listens is unreachable', async () => {
    await expect(sshConnector().connect(withAddress({ port: await freePort() }), signal)).rejects.toThrow(/cannot reach .*ECONNREFUSED/)
  })

  test('to somebody who says nothing ends with the connect time-out', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const begun = performance.now()
    await expect(sshConnector({ connectMs: 300 }).connect(withAddress({ port }), signal)).rejects.toBeInstanceOf(Unreachable)
    expect(performance.now() - begun).toBeLessThan(3_000)
    silent.close()
  })

  test('can be given up while it is made', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const stop = new AbortController()
    const connecting = sshConnector().connect(withAddress({ port: (silent.address() as AddressInfo).port }), stop.signal)
    setTimeout(() => stop.abort(new Error('enough')), 100)
    await expect(connecting).rejects.toThrow('enough')
    silent.close()
  })

  test('to a host that falls silent is lost after the idle time-out, and one that is cut at once', async () => {
    const relay = await startRelay((server.host.connection as Required<SshAddress>).port)
    const host = withAddress({ port: relay.port })
    const silent = await sshConnector({ idleMs: 600 }).connect(host, signal)
    const running = silent.run(sh`sleep 20`)
    setTimeout(() => relay.freeze(), 100)
    const begun = performance.now()
    const error = await running.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ConnectionLost)
    expect((error as ConnectionLost).started).toBe(true)
    expect(performance.now() - begun).toBeLessThan(5_000)
    await silent.close()
    await relay.stop()
  })

  test('that is cut in the middle of a write leaves the old file', async () => {
    const relay = await startRelay((server.host.connection as Required<SshAddress>).port)
    const [on, watch] = [
      await sshConnector().connect(withAddress({ port: relay.port }), signal),
      await sshConnector().connect(server.host, signal),
    ]
    const path = (await watch.run(sh`mktemp`)).stdout.trim()
    await watch.write(path, 'old', 0o600)
    const slowly = async function* () {
      for (let part = 0; part < 10; part += 1) {
        yield Buffer.alloc(100_000)
        if (part === 5) relay.cut()
      }
    }
    await expect(on.write(path, slowly(), 0o600)).rejects.toBeInstanceOf(ConnectionLost)
    expect((await watch.run(sh`sleep 0.2; cat ${path}; rm ${path}`)).stdout).toBe('old')
    await Promise.all([on.close(), watch.close(), relay.stop()])
  })

  test.skipIf(!existsSync('/proc/self/fd'))('that is cut leaves nothing on the host once its command has ended', async () => {
    const relay = await startRelay((server.host.connection as Required<SshAddress>).port)
    const [on, watch] = [
      await sshConnector().connect(withAddress({ port: relay.port }), signal),
      await sshConnector().connect(server.host, signal),
    ]
    const note = (await watch.run(sh`mktemp`)).stdout.trim()
    const running = on.run(sh`readlink /proc/self/fd/2 >${note}; sleep 0.5; echo done`)
    await watch.run(sh`until [ -s ${note} ]; do sleep 0.02; done`, { timeoutMs: 5_000 })
    relay.cut()
    await expect(running).rejects.toBeInstanceOf(ConnectionLost)
    await Promise.all([on.close(), relay.stop()])
    const left = sh`d=$(cat ${note}); d=\${d%/*}; ls -d "$d"; sleep 1.5; ls -d "$d" 2>/dev/null; rm ${note}`
    expect((await watch.run(left)).stdout).toMatch(/^\/[^\n]*\/skep-\w{8}\n$/)
    await watch.close()
  })

  test('costs about one round trip a command, and 2 MB travel in far less than a second', async () => {
    const on = await sshConnector().connect(server.host, signal)
    const path = (await on.run(sh`mktemp`)).stdout.trim()
    const begun = performance.now()
    await on.write(path, Buffer.alloc(2_000_000, 7), 0o600)
    const took = performance.now() - begun
    await on.run(sh`rm ${path}`)
    await on.close()
    expect(took).toBeLessThan(1_000)
  })
})
