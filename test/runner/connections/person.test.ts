/** SSH as a person has it, with OpenSSH's own server, agent and key maker. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { makeSshKey } from '../../../custody/ssh-keys.ts'
import type { Person } from '../../../runner/connections/ssh/way.ts'
import { type SshOptions, sshConnector } from '../../../runner/connections/ssh.ts'
import type { Connection, Host, SshAddress } from '../../../runner/contract.ts'
import { HostKeyMismatch, Unreachable, UsageError } from '../../../runner/errors.ts'
import { Secret } from '../../../runner/secret.ts'
import { sh } from '../../../runner/sh.ts'
import { startOpenSsh, type TestHost, withoutOpenSsh } from './servers.ts'

const signal = new AbortController().signal
const { username, uid } = userInfo()
const missing = withoutOpenSsh()

describe.skipIf(missing !== undefined)(`a person's SSH${missing === undefined ? '' : ` (not run: ${missing})`}`, () => {
  let dir: string
  let [one, two]: TestHost[] = []
  let warnings: string[]
  let environment: Record<string, string>
  const agents: ChildProcess[] = []
  const at = (name: string): string => join(dir, name)
  const server = (which: TestHost | undefined): TestHost => {
    if (which === undefined) throw new Error('the server did not start')
    return which
  }
  const keyOf = (host: TestHost | undefined): string => server(host).host.connection.hostKey
  const portOf = (host: TestHost | undefined): number => server(host).host.connection.port

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'skep-p-'))
    for (const [name, ...flags] of [
      ['plain', '-t', 'ed25519', '-N', ''],
      ['guarded', '-t', 'ed25519', '-N', 'open sesame'],
      ['rsa', '-t', 'rsa', '-b', '2048', '-N', ''],
      ['ecdsa', '-t', 'ecdsa', '-N', ''],
      ['old', '-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', 'open sesame'],
    ]) {
      spawnSync('ssh-keygen', ['-q', '-f', at(name ?? ''), '-C', `key ${name}`, ...flags])
    }
    const accepts = await Promise.all(['plain', 'guarded', 'rsa', 'ecdsa', 'old'].map((name) => readFile(at(`${name}.pub`), 'utf8')))
    ;[one, two] = [
      await startOpenSsh(
        'sh',
        accepts.map((key) => key.trim()),
      ),
      await startOpenSsh(
        'sh',
        accepts.map((key) => key.trim()),
      ),
    ]
  })
  beforeEach(async () => {
    warnings = []
    environment = {}
    await config('')
    await writeFile(at('known_hosts'), `[127.0.0.1]:${portOf(one)} ${keyOf(one)}\n[127.0.0.1]:${portOf(two)} ${keyOf(two)}\n`)
  })
  afterAll(async () => {
    for (const agent of agents) agent.kill()
    await Promise.all([one?.stop(), two?.stop()])
    await rm(dir, { recursive: true, force: true })
  })

  /** ssh_config for `web` and `db`, after what the test says itself. */
  const config = (text: string): Promise<void> =>
    writeFile(
      at('config'),
      `${text}\nHost web db\n HostName 127.0.0.1\n User ${username}\n UserKnownHostsFile ${at('known_hosts')}\n` +
        `Host web\n Port ${portOf(one)}\nHost db\n Port ${portOf(two)}\nHost *\n IdentityFile ${at('plain')}\n`,
    )
  const person = (): Person => ({
    files: [{ path: at('config'), base: dir }],
    home: dir,
    user: username,
    uid,
    environment,
    warn: (text) => warnings.push(text),
  })
  const open = (host: string, options: SshOptions = {}, address: Partial<SshAddress> = {}): Promise<Connection> => {
    const named: Host = { name: host, vars: {}, connection: { kind: 'ssh', host, ...address } }
    return sshConnector({ person: person(), ...options }).connect(named, signal)
  }
  /** Logs in, runs something, and lets go. */
  const works = async (host: string, options?: SshOptions, address?: Partial<SshAddress>): Promise<void> => {
    const on = await open(host, options, address)
    expect((await on.run(sh`echo well`)).stdout).toBe('well\n')
    await on.close()
  }
  const fails = (host: string, options?: SshOptions, address?: Partial<SshAddress>): Promise<Error> =>
    works(host, options, address).then(
      () => Promise.reject(new Error('it worked')),
      (error: Error) => error,
    )

  describe('with keys', () => {
    test.each(['plain', 'rsa', 'ecdsa'])('logs in with the %s key that ssh_config names', async (name) => {
      await config(`Host *\n IdentityFile ${at(name)}\n IdentitiesOnly yes`)
      await works('web')
      await works('web', { lean: false })
    })

    test('tries the next key where one is not accepted', async () => {
      await writeFile(at('stranger'), makeSshKey().privateKey, { mode: 0o600 })
      await config(`Host *\n IdentityFile ${at('stranger')}\n IdentityFile ${at('rsa')}`)
      await works('web')
    })

    test('takes the key that the inventory names, and no other', async () => {
      await works('web', {}, { privateKeyFile: at('ecdsa') })
      await writeFile(at('stranger'), makeSshKey().privateKey, { mode: 0o600 })
      expect((await fails('web', {}, { privateKeyFile: at('stranger') })).message).toMatch(/does not accept the key$/)
      expect(await fails('web', {}, { privateKeyFile: at('nothing') })).toBeInstanceOf(UsageError)
      await works('web', {}, { privateKey: new Secret(await readFile(at('plain'), 'utf8')) })
    })

    test('says so where there is none', async () => {
      await writeFile(at('config'), (await readFile(at('config'), 'utf8')).replace(/ IdentityFile .*/, ` IdentityFile ${at('nothing')}`))
      const error = await fails('web')
      expect(error).toBeInstanceOf(UsageError)
      expect(error.message).toMatch(
        /web: no key to log in with at .*: there is none that can be used in .*nothing, and there is no agent\. Name one/,
      )
    })

    test('names the certificate that it cannot show where the plain key is not accepted', async () => {
      await writeFile(at('stranger'), makeSshKey().privateKey, { mode: 0o600 })
      await config(`Host *\n IdentityFile ${at('stranger')}\n IdentitiesOnly yes\n CertificateFile ${at('stranger-cert.pub')}`)
      const error = await fails('web', {}, { privateKeyFile: at('stranger') })
      expect(error.message).toMatch(/does not accept the key\. Certificates are not supported, so .*stranger-cert\.pub was not shown/)
    })
  })

  describe('with a passphrase', () => {
    test.each(['guarded', 'old'])('asks once for the %s key, however many hosts take it', async (name) => {
      await config(`Host *\n IdentityFile ${at(name)}\n IdentitiesOnly yes`)
      const asked: string[] = []
      const ask: Person['ask'] = async (question) => {
        asked.push(question)
        return new Secret(asked.length === 1 ? 'wrong' : 'open sesame')
      }
      const connector = sshConnector({ person: { ...person(), ask } })
      const host = (name: string): Host => ({ name, vars: {}, connection: { kind: 'ssh', host: name } })
      const all = await Promise.all(['web', 'db', 'web'].map((name) => connector.connect(host(name), signal)))
      for (const on of all) await on.close()
      expect(asked).toEqual([`Passphrase for ${at(name)}: `, `Passphrase for ${at(name)} (that one was wrong): `])
    })

    test('that takes longer than the connect time-out is waited for', async () => {
      await config(`Host *\n IdentityFile ${at('guarded')}\n IdentitiesOnly yes`)
      const ask: Person['ask'] = () => sleep(1_500, new Secret('open sesame'))
      await works('web', { person: { ...person(), ask }, connectMs: 1_000 })
    })

    test('and nobody to ask is one clear error, and so are three wrong ones', async () => {
      await config(`Host *\n IdentityFile ${at('guarded')}\n IdentitiesOnly yes`)
      const alone = await fails('web')
      expect(alone).toBeInstanceOf(UsageError)
      expect(alone.message).toMatch(
        /web: .*guarded is encrypted, and nobody is there to give its passphrase\. Add it to an agent with `ssh-add/,
      )
      const wrong = await fails('web', { person: { ...person(), ask: async () => new Secret('wrong') } })
      expect(wrong.message).toMatch(/none of three passphrases opens .*guarded/)
      expect(wrong.message).not.toContain('wrong"')
    })

    test('is not asked for where another key does', async () => {
      await config(`Host *\n IdentityFile ${at('plain')}\n IdentityFile ${at('guarded')}`)
      await works('web')
    })
  })

  describe('with an agent', () => {
    const startAgent = async (...keys: readonly string[]): Promise<void> => {
      const socket = at(`agent-${agents.length}`)
      agents.push(spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' }))
      while (!existsSync(socket)) await sleep(20)
      environment = { SSH_AUTH_SOCK: socket }
      const ask = at('ask')
      await writeFile(ask, '#!/bin/sh\necho open sesame\n', { mode: 0o700 })
      const env = { ...process.env, ...environment, SSH_ASKPASS: ask, SSH_ASKPASS_REQUIRE: 'force' }
      for (const key of keys) spawnSync('ssh-add', ['-q', at(key)], { env })
    }

    test.each(['guarded', 'rsa', 'ecdsa'])('logs in with its %s key, of which no file is named', async (name) => {
      await startAgent(name)
      await config('Host *\n IdentityFile none')
      await works('web')
      await works('web', { lean: false })
    })

    test('lets it sign for an encrypted file, so that nobody is asked', async () => {
      await startAgent('plain', 'guarded')
      await config(`Host *\n IdentityFile ${at('guarded')}\n IdentitiesOnly yes`)
      await works('web')
    })

    test('shows only named keys where ssh_config says so, found by their public half', async () => {
      await startAgent('rsa', 'ecdsa')
      await writeFile(at('half.pub'), await readFile(at('ecdsa.pub'), 'utf8'))
      await config(`Host *\n IdentityFile ${at('half')}\n IdentitiesOnly yes`)
      await works('web')
      await writeFile(
        at('config'),
        (await readFile(at('config'), 'utf8')).replaceAll(/ IdentityFile .*/g, ` IdentityFile ${at('nothing')}`),
      )
      expect((await fails('web')).message).toMatch(/and the agent at .* has none that would do/)
    })

    test('that is gone is as good as none', async () => {
      environment = { SSH_AUTH_SOCK: at('no-agent-here') }
      await works('web')
    })
  })

  describe('with known hosts', () => {
    const known = (text: string): Promise<void> => writeFile(at('known_hosts'), text)

    test('refuses a host of which nothing is known, before any login', async () => {
      await known('')
      const before = server(one).logins()
      const error = await fails('web')
      expect(error).toBeInstanceOf(Unreachable)
      expect(error.message).toMatch(
        /web: nothing is known of the host key of .*, which is ssh-ed25519 SHA256:\S+\. Looked for \[127\.0\.0\.1\]:\d+ in .*known_hosts/,
      )
      expect(server(one).logins()).toBe(before)
    })

    test('refuses another key, naming both and the line', async () => {
      await known(`[127.0.0.1]:${portOf(one)} ${keyOf(two)}\n`)
      const error = await fails('web')
      expect(error).toBeInstanceOf(HostKeyMismatch)
      expect(error.message).toMatch(/expected the host key SHA256:\S+ \(.*known_hosts:1\), got SHA256:/)
    })

    test('finds hashed names, aliases, and the name without the port', async () => {
      spawnSync('ssh-keygen', ['-q', '-H', '-f', at('known_hosts')])
      expect(await readFile(at('known_hosts'), 'utf8')).toMatch(/^\|1\|/)
      await works('web')
      await known(`127.0.0.1 ${keyOf(one)}\n`)
      await works('web')
      await known(`the-web ${keyOf(one)}\n`)
      await config('Host web\n HostKeyAlias The-Web')
      await works('web')
    })

    test('accept-new keeps the key of a newcomer and refuses another one later', async () => {
      await known('')
      await config('StrictHostKeyChecking accept-new\nHashKnownHosts yes')
      await works('web')
      await works('web')
      expect((await readFile(at('known_hosts'), 'utf8')).trim().split('\n')).toEqual([expect.stringMatching(/^\|1\|.* ssh-ed25519 /)])
      expect(warnings).toEqual([expect.stringMatching(/met .* for the first time/)])
      await known(`[127.0.0.1]:${portOf(one)} ${keyOf(two)}\n`)
      expect(await fails('web')).toBeInstanceOf(HostKeyMismatch)
    })

    test('no takes any key, and says so loudly each time', async () => {
      await known(`[127.0.0.1]:${portOf(one)} ${keyOf(two)}\n`)
      await config('StrictHostKeyChecking no')
      await works('web')
      expect(warnings).toEqual([
        expect.stringMatching(/^WARNING: nobody checks who answers at .*config:1\)\. Its host key SHA256:\S+ is NOT the known one/),
      ])
    })

    test('a revoked key is refused whatever else is said', async () => {
      await config('StrictHostKeyChecking no')
      await known(`[127.0.0.1]:${portOf(one)} ${keyOf(one)}\n@revoked * ${keyOf(one)}\n`)
      expect((await fails('web')).message).toMatch(/its host key SHA256:\S+ is revoked \(.*known_hosts:2\)/)
    })

    test('an authority for host certificates is an error that names the limit', async () => {
      await known(`@cert-authority * ${keyOf(two)}\n`)
      expect((await fails('web')).message).toMatch(
        /known_hosts:1 trusts a certificate authority .*Host certificates are not supported: add the plain key/,
      )
    })

    test('a pin wins over all of it', async () => {
      await known(`@revoked * ${keyOf(one)}\n[127.0.0.1]:${portOf(one)} ${keyOf(two)}\n`)
      await works('web', {}, { hostKey: keyOf(one) })
      await known(`[127.0.0.1]:${portOf(one)} ${keyOf(one)}\n`)
      await config('StrictHostKeyChecking no')
      expect(await fails('web', {}, { hostKey: keyOf(two) })).toBeInstanceOf(HostKeyMismatch)
    })
  })

  describe('through other hosts', () => {
    test('logs in to a gate once for all who go through it, and leaves it when the last is done', async () => {
      await config('Host inner\n HostName 127.0.0.1\n ProxyJump web\n HostKeyAlias inner')
      await writeFile(at('known_hosts'), `${await readFile(at('known_hosts'), 'utf8')}inner ${keyOf(two)}\n`)
      const text = (await readFile(at('config'), 'utf8')).replace(
        'Host web db',
        `Host inner\n UserKnownHostsFile ${at('known_hosts')}\n Port ${portOf(two)}\nHost web db`,
      )
      await writeFile(at('config'), text)
      const before = [server(one).logins(), server(two).logins()]
      const connector = sshConnector({ person: person() })
      const inner: Host = { name: 'inner', vars: {}, connection: { kind: 'ssh', host: 'inner' } }
      const all = await Promise.all(Array.from({ length: 3 }, () => connector.connect(inner, signal)))
      expect((await Promise.all(all.map((on) => on.run(sh`echo in`)))).map(({ stdout }) => stdout)).toEqual(['in\n', 'in\n', 'in\n'])
      const [first, ...others] = all
      await first?.close()
      for (const on of others) expect((await on.run(sh`echo still`)).stdout).toBe('still\n')
      for (const on of others) await on.close()
      expect([server(one).logins(), server(two).logins()].map((count, index) => count - (before[index] ?? 0))).toEqual([1, 3])
      await works('inner')
    })

    test('of which there may be several, as the inventory says', async () => {
      await works('db', {}, { proxyJump: 'web,db' })
      // A gate without an entry of its own in ssh_config has the usual known hosts.
      const bare = { proxyJump: `${username}@127.0.0.1:${portOf(one)}`, hostKey: keyOf(two) }
      expect((await fails('db', {}, bare)).message).toMatch(/nothing is known of the host key of .*Looked for .* in .*\.ssh\/known_hosts/)
    })

    test('checks the key of each', async () => {
      await writeFile(at('known_hosts'), `[127.0.0.1]:${portOf(one)} ${keyOf(two)}\n[127.0.0.1]:${portOf(two)} ${keyOf(two)}\n`)
      const error = await fails('db', {}, { proxyJump: 'web' })
      expect(error).toBeInstanceOf(HostKeyMismatch)
      expect(error.message).toContain(`127.0.0.1:${portOf(one)}`)
    })

    test('that lead in a circle is one clear error', async () => {
      await config('Host web\n ProxyJump db\nHost db\n ProxyJump web')
      expect((await fails('web')).message).toMatch(/the hosts to go through lead in a circle/)
    })

    test('that do not lead there says which hop did not', async () => {
      expect((await fails('nowhere', {}, { host: '127.0.0.1', port: 1, hostKey: keyOf(two), proxyJump: 'web' })).message).toMatch(
        new RegExp(`127.0.0.1:${portOf(one)} does not lead to .*127.0.0.1:1: .*refused`, 'i'),
      )
    })

    test('or through a program', async () => {
      const relay = `const s=require('net').connect(+process.argv[2],process.argv[1]);process.stdin.pipe(s).pipe(process.stdout)`
      await writeFile(at('relay.cjs'), relay.replace('argv[2]', 'argv[3]').replace('argv[1]', 'argv[2]'))
      await config(`Host web\n ProxyCommand ${process.execPath} ${at('relay.cjs')} %h %p`)
      await works('web')
      await config('Host web\n ProxyCommand echo it is closed today >&2; exit 3')
      expect((await fails('web')).message).toMatch(/cannot reach .* through `echo it is closed today >&2; exit 3`: .*it is closed today/)
    })
  })
})
