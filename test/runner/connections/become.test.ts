/** Becoming another user, for real: accounts that exist only in a mount namespace, reached by `su` and, where it is installed, `sudo`. */
import { spawn, spawnSync } from 'node:child_process'
import { appendFile, chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Channel, defaultLimits, type Transport } from '../../../runner/connections/channel.ts'
import { openShell } from '../../../runner/connections/shell.ts'
import type { As, Connection } from '../../../runner/contract.ts'
import { BecomeRefused, CommandTimeout } from '../../../runner/errors.ts'
import { Secret } from '../../../runner/secret.ts'
import { sh } from '../../../runner/sh.ts'

const password = new Secret("hunter 22'")
const has = (tool: string): boolean => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0

function without(): string | undefined {
  if (process.env['CI'] === 'true') return undefined
  if (process.getuid?.() !== 0) return 'not root, who alone may make a mount namespace'
  const missing = ['unshare', 'setpriv', 'su', 'openssl'].find((tool) => !has(tool))
  return missing === undefined ? undefined : `${missing} is not installed`
}
const skipped = without()
const title = (what: string, why: string | undefined): string => `${what}${why === undefined ? '' : ` (not run: ${why})`}`

describe.skipIf(skipped !== undefined)(title('becoming another user', skipped), () => {
  let dir: string
  let base: Connection
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'skep-become-'))
    await chmod(dir, 0o755)
    const hash = spawnSync('sh', ['-c', 'openssl passwd -6 -stdin'], { input: password.reveal(), encoding: 'utf8' }).stdout.trim()
    for (const file of ['passwd', 'shadow']) await copyFile(join('/etc', file), join(dir, file))
    for (const [name, id] of [
      ['skep-one', 64_001],
      ['skep-two', 64_002],
    ] as const) {
      await appendFile(join(dir, 'passwd'), `${name}:x:${id}:65534::/tmp:/bin/sh\n`)
      await appendFile(join(dir, 'shadow'), `${name}:${hash}:19000:0:99999:7:::\n`)
    }
    await writeFile(
      join(dir, 'sudoers'),
      'Defaults !lecture, timestamp_timeout=0\nskep-one ALL=(skep-two) ALL\nskep-one ALL=(root) NOPASSWD: ALL\n',
      { mode: 0o440 },
    )
    base = await openShell('host', inNamespace(dir), 'sh', { ...defaultLimits, connectMs: 10_000 })
  })
  afterAll(async () => {
    await base?.close()
    if (dir !== undefined) await rm(dir, { recursive: true })
  })

  const become = (as: As): Promise<Connection> => {
    if (base.as === undefined) throw new Error('it cannot')
    return base.as(as)
  }
  const noSudo = has('sudo') || process.env['CI'] === 'true' ? undefined : 'sudo is not installed'

  const methods: readonly [string, As, string | undefined][] = [
    ['su with a password', { user: 'skep-two', method: 'su', password }, undefined],
    ['sudo with a password', { user: 'skep-two', method: 'sudo', password }, noSudo],
    ['sudo without one', { user: 'root', method: 'sudo' }, noSudo],
    ['sudo with one that nobody asks for', { user: 'root', method: 'sudo', password }, noSudo],
  ]
  for (const [how, as, why] of methods) {
    test.skipIf(why !== undefined)(title(`works by ${how}: a whole connection, beside the first`, why), async () => {
      const other = await become(as)
      expect((await other.run(sh`id -un`)).stdout).toBe(`${as.user}\n`)
      expect((await base.run(sh`id -un`)).stdout).toBe('skep-one\n')
      const bytes = Buffer.alloc(200_000, 'x')
      expect((await other.run(sh`wc -c`, { stdin: bytes })).stdout.trim()).toBe('200000')
      await other.write(join('/tmp', `skep-${as.user}`), 'theirs', 0o600)
      expect((await other.run(sh`stat -c %U ${join('/tmp', `skep-${as.user}`)};rm -f ${join('/tmp', `skep-${as.user}`)}`)).stdout).toBe(
        `${as.user}\n`,
      )
      await expect(other.run(sh`sleep 30`, { timeoutMs: 200 })).rejects.toBeInstanceOf(CommandTimeout)
      expect((await other.run(sh`echo well`)).stdout).toBe('well\n')
      await other.close()
      expect((await base.run(sh`echo well`)).stdout).toBe('well\n')
    })
  }

  const refusals: readonly [string, As, RegExp, string | undefined][] = [
    [
      'a wrong password for su',
      { user: 'skep-two', method: 'su', password: new Secret('wrong horse') },
      /su does not let us become skep-two: .*(wrong|[Aa]uthentication failure)/,
      undefined,
    ],
    ['no password for su', { user: 'skep-two', method: 'su' }, /it asks for a password, and none is given/, undefined],
    ['a user that is not there', { user: 'skep-none', method: 'su', password }, /skep-none/, undefined],
    [
      'a wrong password for sudo',
      { user: 'skep-two', method: 'sudo', password: new Secret('wrong horse') },
      /the password is wrong/,
      noSudo,
    ],
    ['no password for sudo', { user: 'skep-two', method: 'sudo' }, /a password is required/, noSudo],
  ]
  for (const [what, as, says, why] of refusals) {
    test.skipIf(why !== undefined)(title(`${what} is refused, and the connection goes on`, why), async () => {
      const error: unknown = await become(as).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(BecomeRefused)
      expect((error as Error).message).toMatch(says)
      expect((error as Error).message).not.toContain(as.password?.reveal() ?? 'nothing')
      expect((await base.run(sh`echo well`)).stdout).toBe('well\n')
    })
  }

  test('the password is in no argument list while it is asked for and after', async () => {
    const other = await become({ user: 'skep-two', method: 'su', password })
    const all = spawnSync('sh', ['-c', 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null'], { encoding: 'latin1' }).stdout
    expect(all.length).toBeGreaterThan(100)
    expect(all).not.toContain(password.reveal())
    await other.close()
  })
})

/** Programs of the user skep-one, in a mount namespace with accounts of its own. */
function inNamespace(dir: string): Transport {
  const mounts = ['passwd', 'shadow', 'sudoers'].map((file) => `[ ! -e /etc/${file} ]||mount --bind ${dir}/${file} /etc/${file}`).join(';')
  const enter = `${mounts};exec setpriv --reuid=64001 --regid=65534 --clear-groups sh -c "$0"`
  return {
    open: async (program) => {
      const child = spawn('unshare', ['-m', 'sh', '-c', enter, program], { detached: true, stdio: 'pipe', cwd: '/tmp' })
      const closed = new Promise<string>((resolve) =>
        child.once('close', (code, signal) => resolve(`the shell ended (${signal ?? `exit code ${code}`})`)),
      )
      const channel: Channel = {
        stdin: child.stdin,
        stdout: child.stdout,
        stderr: child.stderr,
        closed,
        trips: 0,
        destroy: () => void child.kill('SIGKILL'),
      }
      return channel
    },
    close: () => undefined,
  }
}
