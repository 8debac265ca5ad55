import { lstat, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { authorizedKey } from '../../modules/authorized-key.ts'
import { user } from '../../modules/user.ts'
import { onOwnEtc } from './own-etc.ts'
import { readerOf, testModule } from './test-module.ts'

const [one, two] = ['ssh-ed25519 AAAAone app@example', 'ecdsa-sha2-nistp256 AAAAtwo=']
const path = '/srv/app/.ssh/authorized_keys'
const file = (content: string) => ({ state: 'file' as const, path, content, mode: '0600', owner: 'app', group: 'app' })
const absent = { state: 'absent' as const, path, parent: false, fresh: { owner: 'app', group: 'app', umask: 0o177, setgid: false } }
const writes = [/^write/, /mv -f .* \/srv\/app\/\.ssh\/authorized_keys/]

testModule(authorizedKey, {
  check: {
    'sees the keys in the home of the user': {
      given: { user: 'app', key: one },
      machine: {
        'id -gn -- app': 'app\n',
        'getent passwd app': `${[path, 'file', '600:2:app:app', '', '', 'yes', '', '0022', '', '', ''].join('\0')}\0${one}\n`,
      },
      sees: file(`${one}\n`),
    },
    'sees that nothing is there, and whose it would be': {
      given: { user: 'app', key: one, path: '/k' },
      machine: {
        'id -gn -- app': 'staff\n',
        'p=/k;': ['/k', 'absent', '', '', '', 'yes', '', '0022', 'uid=0(root)', '', '', ''].join('\0'),
      },
      sees: { state: 'absent', path: '/k', parent: true, fresh: { ...absent.fresh, group: 'staff' } },
    },
  },
  apply: {
    'makes file and directory for the user alone': {
      given: { user: 'app', key: one },
      now: absent,
      wants: file(`${one}\n`),
      runs: ['mkdir -m 700 -- /srv/app/.ssh/&&chown app:app /srv/app/.ssh/', /^write/, /^\{ chown app:app \S+;\}&&chmod 0600 \S+&&mv -f /],
    },
    'adds keys after others': {
      given: { user: 'app', key: `# both\n${one}\n\n ${two}\n` },
      now: file('# mine\nssh-rsa AAAAthree'),
      wants: file(`# mine\nssh-rsa AAAAthree\n${one}\n${two}\n`),
      runs: writes,
    },
    'a key that is there is left alone': { given: { user: 'app', key: one }, now: file(`${one}`), runs: [] },
    'options and comment become those given, a second line of the same key goes': {
      given: { user: 'app', key: one, keyOptions: 'no-pty,command="echo \\"ssh-rsa AAAA\\""' },
      now: file(`from="a b" ssh-ed25519 AAAAone old\n${two}\n${one}\n`),
      wants: file(`no-pty,command="echo \\"ssh-rsa AAAA\\"" ${one}\n${two}\n`),
      runs: writes,
    },
    'a key in the options of another is not that key': {
      given: { user: 'app', key: 'ssh-rsa AAAA', state: 'absent' },
      now: file(`command="echo ssh-rsa AAAA" ${one}\n`),
      runs: [],
    },
    'all other keys go, comments stay': {
      given: { user: 'app', key: one, exclusive: true },
      now: file(`# mine\n${two}\n`),
      wants: file(`# mine\n${one}\n`),
      runs: writes,
    },
    'a key goes, whatever its comment': {
      given: { user: 'app', key: 'ssh-ed25519 AAAAone', state: 'absent' },
      now: file(`${one}\n${two}\n`),
      wants: file(`${two}\n`),
      runs: writes,
    },
    'nothing goes where nothing is': { given: { user: 'app', key: one, state: 'absent' }, now: absent, runs: [] },
    'no directory is made where that is not wished': {
      given: { user: 'app', key: one, manageDir: false },
      now: absent,
      refuses: /manageDir is false/,
    },
  },
  refuses: {
    'what is no key': { given: { user: 'app', key: 'hello' }, says: /invalid key specified: hello/ },
    nothing: { given: { user: 'app', key: '# nothing' }, says: /expected a public key/ },
    'options on two lines': { given: { user: 'app', key: one, keyOptions: `no-pty\n${two}` }, says: /expected options/ },
  },
})

test('a user that is not there is named', async () => {
  const machine = { 'id -gn -- app': { code: 1 }, 'getent passwd app': { code: 1, stderr: 'Failed to lookup user app' } }
  await expect(authorizedKey('k', { user: 'app', key: one }).plan(readerOf(machine))).rejects.toThrow(/Failed to lookup user app/)
})

onOwnEtc(
  'authorizedKey on a real host',
  {
    'a file is made with its directory': {
      task: (dir) => authorizedKey('k', { user: 'nobody', key: one, path: join(dir, 'ssh/keys') }),
      after: async (dir) => {
        expect(await readFile(join(dir, 'ssh/keys'), 'utf8')).toBe(`${one}\n`)
        for (const [name, mode] of [
          ['ssh', 0o700],
          ['ssh/keys', 0o600],
        ] as const) {
          const found = await stat(join(dir, name))
          expect([found.mode & 0o7777, found.uid]).toEqual([mode, 65_534])
        }
      },
    },
    'a file keeps its owner and mode': {
      given: async (dir) => {
        await mkdir(join(dir, 'ssh'))
        await writeFile(join(dir, 'ssh/keys'), two, { mode: 0o644 })
      },
      task: (dir) => authorizedKey('k', { user: 'nobody', key: one, path: join(dir, 'ssh/keys') }),
      after: async (dir) => {
        expect(await readFile(join(dir, 'ssh/keys'), 'utf8')).toBe(`${two}\n${one}\n`)
        expect(await stat(join(dir, 'ssh/keys'))).toMatchObject({ uid: 0 })
      },
    },
    'a link is refused, and stays': {
      given: async (dir) => {
        await writeFile(join(dir, 'precious'), '')
        await symlink('precious', join(dir, 'keys'))
      },
      task: (dir) => authorizedKey('k', { user: 'nobody', key: one, path: join(dir, 'keys') }),
      fails: /expected a file at .*\/keys, found a link/,
      after: async (dir) => expect((await lstat(join(dir, 'keys'))).isSymbolicLink()).toBe(true),
    },
    'a user that is not there is named': {
      task: () => authorizedKey('k', { user: 'no-such-user', key: one }),
      fails: /Failed to lookup user no-such-user/,
    },
    'a user with a home': { task: (dir) => user('u', { name: 'skepk', home: join(dir, 'home') }) },
    'gets the key there': {
      task: () => authorizedKey('k', { user: 'skepk', key: one }),
      after: async (dir) => {
        const ssh = join(dir, `../${Number(basename(dir)) - 1}/home/.ssh`)
        expect(await readFile(join(ssh, 'authorized_keys'), 'utf8')).toBe(`${one}\n`)
        expect((await stat(ssh)).mode & 0o7777).toBe(0o700)
      },
    },
  },
  ['useradd', 'getent'],
)
