import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sshConnector } from '../../../runner/connections/ssh.ts'
import type { Connection } from '../../../runner/contract.ts'
import { ConnectionLost, RemoteError } from '../../../runner/errors.ts'
import { sh } from '../../../runner/sh.ts'
import { startRelay, startTestHost, type TestHost } from './servers.ts'

const signal = new AbortController().signal
const MiB = 1024 * 1024

describe('a large file', () => {
  let server: TestHost
  let dir: string
  let on: Connection
  beforeAll(async () => {
    server = await startTestHost()
    on = await sshConnector().connect(server.host, signal)
  })
  afterAll(async () => {
    await on.close()
    await server.stop()
  })
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'skep-x-'))
    return () => rm(dir, { recursive: true, force: true })
  })
  const at = (name: string): string => join(dir, name)
  const parts = async (): Promise<string[]> => (await readdir(dir)).filter((name) => name.startsWith('.'))

  /** A write over a link that is cut once some of it has gone through. */
  const broken = async (path: string, bytes: Uint8Array): Promise<void> => {
    const relay = await startRelay(server.host.connection.port)
    const short = await sshConnector().connect({ ...server.host, connection: { ...server.host.connection, port: relay.port } }, signal)
    const writing = short.write(path, bytes, 0o600)
    const watch = setInterval(() => relay.sent() > 6 * MiB && relay.cut(), 1)
    await expect(writing).rejects.toBeInstanceOf(ConnectionLost)
    clearInterval(watch)
    await Promise.all([short.close(), relay.stop()])
  }
  /** How many bytes a write of it takes. */
  const costs = async (path: string, content: Uint8Array | { file: string }): Promise<number> => {
    const relay = await startRelay(server.host.connection.port)
    const long = await sshConnector().connect({ ...server.host, connection: { ...server.host.connection, port: relay.port } }, signal)
    await long.write(path, content, 0o640)
    await long.close()
    await relay.stop()
    return relay.sent()
  }

  test('is taken up where the link broke, also by another run', async () => {
    const bytes = randomBytes(24 * MiB)
    await writeFile(at('target'), 'old')
    await broken(at('target'), bytes)
    expect(await readFile(at('target'), 'utf8')).toBe('old')
    const [part = ''] = await parts()
    const { size, mode } = await stat(at(part))
    expect(size).toBeGreaterThan(2 * MiB)
    expect(mode & 0o777).toBe(0o600)
    await writeFile(at('source'), bytes)
    expect(await costs(at('target'), { file: at('source') })).toBeLessThan(24 * MiB - size + MiB)
    expect((await readFile(at('target'))).equals(bytes)).toBe(true)
    expect((await stat(at('target'))).mode & 0o777).toBe(0o640)
    expect(await parts()).toEqual([])
  })

  test('of which the part is wrong is sent from its start', async () => {
    const bytes = randomBytes(16 * MiB)
    await broken(at('target'), bytes)
    bytes[MiB] = (bytes[MiB] ?? 0) ^ 1
    expect(await costs(at('target'), bytes)).toBeGreaterThan(16 * MiB)
    expect((await readFile(at('target'))).equals(bytes)).toBe(true)
    expect(await parts()).toEqual([])
  })

  test('is written through no link that somebody put in its way', async () => {
    const bytes = randomBytes(16 * MiB)
    await broken(at('target'), bytes)
    const [part = ''] = await parts()
    await rm(at(part))
    await writeFile(at('victim'), 'precious')
    await symlink('victim', at(part))
    await on.write(at('target'), bytes, 0o600)
    expect(await readFile(at('victim'), 'utf8')).toBe('precious')
    expect((await readFile(at('target'))).equals(bytes)).toBe(true)
  })

  test('that does not fit is one clear error and leaves nothing', async () => {
    await writeFile(at('narrow'), '#!/bin/sh\nulimit -f 2048\nexec sh "$@"\n', { mode: 0o700 })
    const narrow = await sshConnector({ shell: at('narrow') }).connect(server.host, signal)
    const error = await narrow.write(at('target'), randomBytes(8 * MiB), 0o600).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(RemoteError)
    expect((error as Error).message).toMatch(/target cannot be written \(is the disk full\?\) \(exit code 1 of `write .*target`\)/)
    expect((await readdir(dir)).sort()).toEqual(['narrow'])
    expect((await narrow.run(sh`echo well`)).stdout).toBe('well\n')
    await narrow.close()
  })

  test('goes where an earlier call has made a directory, and before what a later call does', async () => {
    const bytes = randomBytes(3 * MiB)
    const [, , seen] = await Promise.all([
      on.run(sh`sleep 0.2; mkdir ${at('new')}`),
      on.write(at('new/file'), bytes, 0o600),
      on.run(sh`wc -c <${at('new/file')}; rm ${at('new/file')}`),
    ])
    expect(seen.stdout.trim()).toBe(String(3 * MiB))
    expect(await readdir(at('new'))).toEqual([])
  })

  test('is refused where it cannot go, and where there is none', async () => {
    await mkdir(at('folder'))
    const bytes = randomBytes(2 * MiB)
    await expect(on.write(at('folder'), bytes, 0o600)).rejects.toThrow(/folder is a directory/)
    await expect(on.write(at('no/file'), bytes, 0o600)).rejects.toThrow(/no: No such file or directory/)
    await expect(on.write(at('file'), { file: at('nothing') }, 0o600)).rejects.toThrow(/ENOENT.*nothing/)
    expect(await readdir(dir)).toEqual(['folder'])
  })

  test.each([0, 1, 512 * 1024, 512 * 1024 + 1, 5 * MiB, 40 * MiB])('of %i bytes on this machine arrives as it is', async (size) => {
    const bytes = randomBytes(size)
    await writeFile(at('source'), bytes)
    await on.write(at('target'), { file: at('source') }, 0o604)
    expect((await readFile(at('target'))).equals(bytes)).toBe(true)
    expect((await stat(at('target'))).mode & 0o777).toBe(0o604)
    expect(await parts()).toEqual([])
  })
})
