/** What every connection keeps. A transport's test gives it a host; the host is this machine, seen through that transport. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, lstat, mkdtemp, readdir, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Connection } from '../../runner/contract.ts'
import { CommandTimeout, ConnectionLost, OutputTooLarge, RemoteError } from '../../runner/errors.ts'
import { Secret } from '../../runner/secret.ts'
import { sh } from '../../runner/sh.ts'

export interface Reached {
  connect(limits?: { outputBytes?: number; idleMs?: number }): Promise<Connection>
  stop(): Promise<void>
}

/** `opening`: round trips from the login to a shell that was started. */
export function connectionContract(title: string, reach: () => Promise<Reached>, opening: number, skipped?: string): void {
  describe.skipIf(skipped !== undefined)(`connection contract: ${title}${skipped === undefined ? '' : ` (not run: ${skipped})`}`, () => {
    let reached: Reached
    let on: Connection
    let dir: string
    beforeAll(async () => {
      dir = await realpath(await mkdtemp(join(tmpdir(), 'skep-c-')))
      reached = await reach()
      on = await reached.connect()
    })
    afterAll(async () => {
      await on?.close()
      await reached?.stop()
      if (dir !== undefined) await rm(dir, { recursive: true, force: true })
    })

    test('stdout, stderr and exit code come apart', async () => {
      const output = await on.probe(sh`echo out; echo err >&2; exit 3`)
      expect(output).toMatchObject({ code: 3, stdout: 'out\n', stderr: 'err\n' })
    })

    test('run rejects what probe reports', async () => {
      await expect(on.run(sh`echo why >&2; exit 3`)).rejects.toThrow(/why \(exit code 3 of `echo why/)
      await expect(on.run(sh`exit 3`)).rejects.toBeInstanceOf(RemoteError)
    })

    const harmless: Record<string, string> = {
      'a command that exits': 'exit 3',
      'a change of directory': 'cd /',
      'a umask': 'umask 0',
      'a trap': 'trap "echo trapped" EXIT HUP INT TERM',
      'variables and functions': 'x=1; export x; _skep_d=/; _skep_c=7; echo() { exit 9; }; cd() { exit 9; }',
      'shell options': 'set -eufC; false',
      'a failing set -u': 'set -u; : $nothing_of_this_name',
      'an unclosed quote': `echo "it's`,
      'an unclosed parenthesis': '( echo',
      'a stray word': 'done',
      'closed streams': 'exec <&- >&- 2>&-',
      'a comment without end of line': 'true # not the end',
      'a backslash at the end': 'true \\',
      'a here document without end': 'cat <<END\nx',
      'a command that reads everything': 'cat',
      'a replaced shell': 'exec true',
      'limits of the shell': 'ulimit -n 20',
    }
    for (const [what, text] of Object.entries(harmless)) {
      test(`${what} harms no later command`, async () => {
        const before = await on.run(sh`pwd; umask; trap; echo "$-"; echo "[$x]"; ulimit -n`)
        await on.probe({ text, quoted: true })
        const after = await on.run(sh`pwd; umask; trap; echo "$-"; echo "[$x]"; ulimit -n`)
        expect(after.stdout).toBe(before.stdout)
        expect(after.stderr).toBe('')
      })
    }

    test('a child left in the background neither holds its command nor writes into a later one', async () => {
      const begun = performance.now()
      await on.run(sh`sleep 30 & echo $! >${join(dir, 'sleeper')}`)
      await on.run(sh`(while :; do echo noise; echo noise >&2; sleep 0.01; done) & echo $! >${join(dir, 'noisy')}`)
      for (let count = 0; count < 20; count += 1) {
        expect(await on.run(sh`echo ${count}; sleep 0.01`)).toMatchObject({ stdout: `${count}\n`, stderr: '' })
      }
      expect(performance.now() - begun).toBeLessThan(20_000)
      const left = await on.run(sh`kill $(cat ${join(dir, 'sleeper')}) $(cat ${join(dir, 'noisy')}) && echo both lived`)
      expect(left.stdout).toBe('both lived\n')
    })

    test.each([0, 1, 700, 12_288, 12_289, 1 << 20])('%i random bytes of stdin come back as they were', async (size) => {
      const bytes = randomBytes(size)
      const output = await on.run(sh`cat`, { stdin: bytes })
      expect(Buffer.from(output.bytes).equals(bytes)).toBe(true)
    })

    test('a command that does not read its stdin is well', async () => {
      for (const size of [10, 12_000, 1 << 20]) {
        expect(await on.run(sh`true`, { stdin: randomBytes(size) })).toMatchObject({ code: 0, stderr: '' })
      }
    })

    test('without stdin a command reads nothing', async () => {
      expect((await on.run(sh`wc -c`)).stdout.trim()).toBe('0')
    })

    test('variables reach their command and no other, whatever is in them', async () => {
      const environment = { PLAIN: `it's $HOME; "x"`, HIDDEN: new Secret('two\nlines') }
      expect((await on.run(sh`printf '%s|' "$PLAIN" "$HIDDEN"`, { environment })).stdout).toBe(`it's $HOME; "x"|two\nlines|`)
      expect((await on.run(sh`printf %s "$PLAIN$HIDDEN"`)).stdout).toBe('')
      await expect(on.run(sh`true`, { environment: { 'A B': 'x' } })).rejects.toThrow(/expected names like HTTP_PROXY, got 'A B'/)
    })

    test('round trips are counted as chains: what is sent without waiting counts one, also with the greeting of the shell', async () => {
      const fresh = await reached.connect()
      const first = fresh.roundTrips?.() ?? 0
      expect(first).toBe(1 + opening)
      await Promise.all(Array.from({ length: 20 }, () => fresh.probe(sh`true`)))
      expect(fresh.roundTrips?.()).toBe(first)
      await fresh.probe(sh`true`)
      await fresh.run(sh`true`)
      expect(fresh.roundTrips?.()).toBe(first + 2)
      await fresh.close()
    })

    test('stdout may hold any bytes, also what looks like the end of a frame', async () => {
      const bytes = Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), Buffer.from('\n@skep:0:e 1 0\n@skep:')])
      const path = join(dir, 'bytes')
      await writeFile(path, bytes)
      const output = await on.run(sh`cat ${path}; cat ${path} >&2`)
      expect(Buffer.from(output.bytes).equals(bytes)).toBe(true)
      expect(output.stderr).toBe(bytes.toString())
    })

    test('200 commands in flight are answered each with its own', async () => {
      const outputs = await Promise.all(
        Array.from({ length: 200 }, (_, index) => on.probe(sh`echo ${index}; echo e${index} >&2; exit ${index % 7}`)),
      )
      expect(outputs.map(({ code, stdout, stderr }) => [code, stdout, stderr])).toEqual(
        outputs.map((_, index) => [index % 7, `${index}\n`, `e${index}\n`]),
      )
    })

    test('calls take effect in the order they were made, whatever they carry', async () => {
      const path = join(dir, 'order')
      const big = randomBytes(300_000)
      const calls = [
        on.run(sh`echo first >${path}`),
        on.run(sh`cat ${path} -`, { stdin: big }),
        on.write(path, 'second\n', 0o600),
        on.run(sh`cat ${path}`),
        on.write(path, big, 0o600),
        on.run(sh`wc -c <${path}`),
        on.read(path),
      ] as const
      const [, joined, , second, , size, bytes] = await Promise.all(calls)
      expect(Buffer.from(joined.bytes).equals(Buffer.concat([Buffer.from('first\n'), big]))).toBe(true)
      expect(second.stdout).toBe('second\n')
      expect(size.stdout.trim()).toBe('300000')
      expect(Buffer.from(bytes ?? '').equals(big)).toBe(true)
    })

    test('a command over its time is gone with its children, and the connection goes on', async () => {
      const mark = join(dir, 'ticks')
      const tick = sh`while :; do echo tick >>${mark}; sleep 0.05; done`
      // One stubborn child, one that left its parent, one in a pipe.
      const stubborn = on.run(sh`trap '' TERM; (${tick}) & (${tick} & ) ; ${tick} | cat`, { timeoutMs: 300 })
      const next = on.run(sh`sleep 0.4; echo next`)
      await expect(stubborn).rejects.toBeInstanceOf(CommandTimeout)
      expect((await next).stdout).toBe('next\n')
      const size = (await stat(mark)).size
      await sleep(400)
      expect((await stat(mark)).size).toBe(size)
    })

    test('the time of a command begins when it begins, not when it was sent', async () => {
      const [, second] = await Promise.all([on.run(sh`sleep 0.6`), on.run(sh`echo in time`, { timeoutMs: 400 })])
      expect(second.stdout).toBe('in time\n')
    })

    test('a builtin loop over its time is ended too', async () => {
      await expect(on.run(sh`while :; do :; done`, { timeoutMs: 200 })).rejects.toThrow(/did not end within 200 ms and was killed/)
      expect((await on.run(sh`echo well`)).stdout).toBe('well\n')
    })

    test('output beyond the limit is a clear error, and the connection goes on', async () => {
      const small = await reached.connect({ outputBytes: 100_000 })
      await expect(small.run(sh`head -c 100001 /dev/zero`)).rejects.toBeInstanceOf(OutputTooLarge)
      await expect(small.run(sh`head -c 9000000 /dev/zero >&2`)).rejects.toThrow(/wrote more than 100000 bytes/)
      expect((await small.run(sh`head -c 100000 /dev/zero`)).bytes.length).toBe(100_000)
      await small.close()
    })

    test('write replaces a file at once, with its mode, and leaves nothing beside it', async () => {
      const path = join(dir, 'written')
      await writeFile(path, 'old', { mode: 0o644 })
      await link(path, join(dir, 'other name'))
      for (const size of [0, 5, 12_288, 3_000_000]) {
        const bytes = randomBytes(size)
        await on.write(path, bytes, 0o640)
        expect((await readFile(path)).equals(bytes)).toBe(true)
        expect((await stat(path)).mode & 0o7777).toBe(0o640)
      }
      expect(await readFile(join(dir, 'other name'), 'utf8')).toBe('old')
      expect((await readdir(dir)).filter((name) => name.startsWith('.'))).toEqual([])
    })

    test('write takes a stream; a stream that breaks leaves the old file', async () => {
      const path = join(dir, 'streamed')
      const parts = Array.from({ length: 40 }, () => randomBytes(70_001))
      await on.write(
        path,
        (async function* () {
          yield* parts
        })(),
        0o600,
      )
      expect((await readFile(path)).equals(Buffer.concat(parts))).toBe(true)
      const broken = async function* () {
        yield randomBytes(100_000)
        throw new Error('the disk of the controller broke')
      }
      await expect(on.write(path, broken(), 0o600)).rejects.toThrow('the disk of the controller broke')
      expect((await readFile(path)).equals(Buffer.concat(parts))).toBe(true)
      expect((await on.run(sh`echo well`)).stdout).toBe('well\n')
    })

    test('write replaces a link, and refuses a directory and a place that is not there', async () => {
      await writeFile(join(dir, 'target'), 'target')
      await symlink('target', join(dir, 'a link'))
      await on.write(join(dir, 'a link'), 'new', 0o600)
      expect((await lstat(join(dir, 'a link'))).isFile()).toBe(true)
      expect(await readFile(join(dir, 'target'), 'utf8')).toBe('target')
      await expect(on.write(dir, 'x', 0o600)).rejects.toThrow(/is a directory/)
      await expect(on.write(join(dir, 'no', 'file'), 'x', 0o600)).rejects.toThrow(/No such file/i)
    })

    test.each(["it's", 'two words', 'a"b', '$HOME', '`id`', '-n', 'a\nb', 'ü', '*', 'a;b', '\\', '#x'])(
      'a file may be named %j',
      async (name) => {
        const path = join(dir, name)
        await on.write(path, name, 0o600)
        expect(Buffer.from((await on.read(path)) ?? '').toString()).toBe(name)
        expect(await readFile(path, 'utf8')).toBe(name)
      },
    )

    test('read gives bytes, nothing for a missing file, an error for what is no file', async () => {
      const bytes = randomBytes(100_000)
      await writeFile(join(dir, 'to read'), bytes)
      expect(Buffer.from((await on.read(join(dir, 'to read'))) ?? '').equals(bytes)).toBe(true)
      expect(await on.read(join(dir, 'not there'))).toBeUndefined()
      expect(await on.read(join(dir, 'to read', 'below a file'))).toBeUndefined()
      await expect(on.read(dir)).rejects.toBeInstanceOf(RemoteError)
    })

    test.skipIf(!existsSync('/proc/self/cmdline'))('a secret is in no argument list and no environment', async () => {
      const canary = randomBytes(12).toString('hex')
      const all = sh`for p in /proc/[0-9]*; do cat $p/cmdline $p/environ 2>/dev/null; done | tr '\0' '\n'`
      for (const filler of ['', 'x'.repeat(20_000)]) {
        const seen = await on.run(sh`{ cat >/dev/null; ${all}; }`, { stdin: new Secret(canary + filler) })
        for (const form of [canary, Buffer.from(canary).toString('base64').slice(0, 20)]) expect(seen.stdout).not.toContain(form)
        await on.write(join(dir, 'secret'), new Secret(canary + filler), 0o600)
        expect(await readFile(join(dir, 'secret'), 'utf8')).toBe(canary + filler)
      }
    })

    test('a connection that is lost says whether the command had started', async () => {
      const lost = await reached.connect()
      const directory = await directoryOf(lost)
      const running = lost.run(sh`kill -9 $$; sleep 5`)
      const waiting = lost.run(sh`echo never`)
      const [first, second] = await Promise.allSettled([running, waiting])
      const third = await Promise.allSettled([lost.run(sh`echo never`)])
      const started = [first, second, ...third].map(
        (end) => end.status === 'rejected' && end.reason instanceof ConnectionLost && end.reason.started,
      )
      expect([first, second, ...third].every((end) => end.status === 'rejected' && end.reason instanceof ConnectionLost)).toBe(true)
      expect(started).toEqual([true, false, false])
      await lost.close()
      // Nobody was left to do it.
      if (directory !== undefined) await rm(directory, { recursive: true })
    })

    test('close ends what runs, may be called twice, and leaves nothing on the host', async () => {
      const short = await reached.connect()
      const mark = join(dir, 'closing')
      const directory = await directoryOf(short)
      const idle = await reached.connect()
      const another = await directoryOf(idle)
      const running = short.run(sh`while :; do echo x >>${mark}; sleep 0.05; done`)
      running.catch(() => undefined)
      await sleep(200)
      await Promise.all([short.close(), short.close()])
      await expect(running).rejects.toBeInstanceOf(ConnectionLost)
      const size = (await stat(mark)).size
      await sleep(300)
      expect((await stat(mark)).size).toBe(size)
      expect(directory === undefined || existsSync(directory)).toBe(directory === undefined)
      expect(another === undefined || existsSync(another)).toBe(true)
      await idle.close()
      expect(another === undefined || existsSync(another)).toBe(another === undefined)
      await expect(short.run(sh`true`)).rejects.toBeInstanceOf(ConnectionLost)
    })
  })
}

/** Where a connection keeps what commands write, seen through a command's own stdout; undefined where there is no /proc. */
async function directoryOf(on: Connection): Promise<string | undefined> {
  const { stdout } = await on.probe(sh`readlink /proc/self/fd/1`)
  return stdout === '' ? undefined : dirname(stdout.trim())
}
