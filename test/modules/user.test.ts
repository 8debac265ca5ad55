import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { user } from '../../modules/user.ts'
import { Secret } from '../../runner/secret.ts'
import { onOwnEtc } from './own-etc.ts'
import { readerOf, recorder, testModule } from './test-module.ts'

/** What a look says: passwd line, main group, all groups, home there, hash, group asked for, a group of its name. */
const says = (...fields: readonly string[]): string => `${fields.join('\0')}\0`
const app = 'app:x:4000:4000:The app:/srv/app:/bin/sh'
const hash = new Secret('$6$salt$swordfishswordfish')

testModule(user, {
  check: {
    'sees only what is asked for': {
      given: { name: 'app', createHome: false },
      machine: { 'getent passwd app': says(app, 'app', 'app adm', 'yes', '', '', 'yes') },
      sees: { state: 'present' },
    },
    'sees all of it, groups in order and without the main one': {
      given: { name: 'app', uid: 1, group: 'staff', groups: ['x'], home: '/h', shell: '/s', comment: 'c', password: hash },
      machine: { 'getent passwd app': says(app, 'app', 'app sudo adm', '', '!', 'staff', 'yes') },
      sees: {
        state: 'present',
        uid: 4000,
        group: 'app',
        groups: ['adm', 'sudo'],
        home: '/srv/app',
        homeThere: false,
        shell: '/bin/sh',
        comment: 'The app',
        password: 'different',
      },
    },
    'sees a group that is asked for by number (beh:U4)': {
      given: { name: 'app', group: '4000', createHome: false },
      machine: { 'getent passwd app': says(app, 'app', 'app', '', '', 'app', 'yes') },
      sees: { state: 'present', group: '4000' },
    },
    'sees that there is none, but a group of its name': {
      given: { name: 'app' },
      machine: { 'getent passwd app': says('', '', '', '', '', '', 'yes') },
      sees: { state: 'absent', namesake: true },
    },
  },
  apply: {
    'makes it, its home too': {
      given: { name: 'app', uid: 4000, group: 'app', groups: ['b', 'a'], home: '/srv/app', shell: '/bin/bash', comment: 'The app' },
      now: { state: 'absent', namesake: true },
      runs: ['mkdir -p -- /srv/', "useradd -u 4000 -g app -G b,a -d /srv/app -m -s /bin/bash -c 'The app' app"],
    },
    'makes it without a home (beh:U2)': {
      given: { name: 'app', createHome: false, system: true },
      now: { state: 'absent' },
      wants: { state: 'present' },
      runs: ['useradd -r -M app'],
    },
    'makes it beside a group of its name': {
      given: { name: 'app' },
      now: { state: 'absent', namesake: true },
      runs: ['useradd -N -m app'],
    },
    'takes it out of groups (beh:U4)': {
      given: { name: 'app', groups: ['a'], createHome: false },
      now: { state: 'present', groups: ['a', 'b'] },
      runs: ['usermod -G a app'],
    },
    'or only adds (beh:U4)': {
      given: { name: 'app', groups: ['c'], append: true, createHome: false },
      now: { state: 'present', groups: ['a', 'b'] },
      wants: { state: 'present', groups: ['a', 'b', 'c'] },
      runs: ['usermod -G a,b,c app'],
    },
    'and then nothing (beh:U4)': {
      given: { name: 'app', groups: ['b'], append: true, createHome: false },
      now: { state: 'present', groups: ['a', 'b'] },
      runs: [],
    },
    'takes it out of all groups': {
      given: { name: 'app', groups: [], createHome: false },
      now: { state: 'present', groups: ['a'] },
      runs: ["usermod -G '' app"],
    },
    'gives it what differs': {
      given: { name: 'app', uid: 2, home: '/h', moveHome: true, shell: '/s', comment: '' },
      now: { state: 'present', uid: 1, home: '/g', homeThere: true, shell: '/s', comment: 'c' },
      runs: ["usermod -u 2 -d /h -m -c '' app"],
    },
    'makes a home that is not there (beh:U2)': {
      given: { name: 'app' },
      now: { state: 'present', homeThere: false },
      runs: [/getent passwd app[\s\S]*cp -RP \/etc\/skel/],
    },
    'sets the password, which is in no command': {
      given: { name: 'app', createHome: false, password: hash },
      now: { state: 'present', password: 'different' },
      runs: ['chpasswd -e'],
    },
    'leaves the password of a user that is there alone (beh:U5)': {
      given: { name: 'app', createHome: false, password: hash, updatePassword: 'on_create' },
      now: { state: 'present' },
      runs: [],
    },
    'removes it with its home (beh:U9)': {
      given: { name: 'app', state: 'absent', remove: true, force: true },
      now: { state: 'present' },
      runs: ['userdel -f -r app'],
    },
    'removes nothing where nothing is (beh:U9)': { given: { name: 'app', state: 'absent' }, now: { state: 'absent' }, runs: [] },
  },
  refuses: {
    'a password that is none (beh:U5)': { given: { name: 'a', password: new Secret('plain') }, says: /expected the hash of a password/ },
    'append to nothing (beh:U4)': { given: { name: 'a', append: true }, says: /append needs groups/ },
    'a comment that would end its field': { given: { name: 'a', comment: 'x:0:0' }, says: /expected text without colons/ },
    'a group by number among further ones': { given: { name: 'a', groups: ['7'] }, says: /expected the name of a group, not a number/ },
  },
})

test('the hash is in no state, command or result (beh:U5)', async () => {
  const task = user('u', { name: 'app', password: hash })
  const plan = await task.plan(readerOf({ 'getent passwd app': says(app, 'app', 'app', 'yes', hash.reveal(), '', 'yes') }))
  expect(plan.changes).toBe(false)
  const other = await task.plan(readerOf({ 'getent passwd app': says(app, 'app', 'app', 'yes', '!otherhash', '', 'yes') }))
  const { connection, ran } = recorder()
  expect(JSON.stringify([plan, other, await other.apply(connection), ran])).not.toMatch(/swordfish|otherhash/)
})

onOwnEtc(
  'user on a real host',
  {
    'a user is made with a home in a directory that was not there (beh:U1, beh:U2)': {
      task: (dir) => user('u', { name: 'skepu', uid: 64_200, home: join(dir, 'a/b'), shell: '/bin/sh', comment: 'One of ours' }),
      after: async (dir) => {
        expect(await stat(join(dir, 'a/b'))).toMatchObject({ uid: 64_200 })
        expect((await stat(join(dir, 'a'))).uid).toBe(0)
      },
    },
    'it is given other values, groups and a password': {
      task: () =>
        user('u', {
          name: 'skepu',
          group: 'daemon',
          groups: ['adm', 'sys'],
          shell: '/bin/false',
          comment: '',
          password: hash,
          createHome: false,
        }),
    },
    'it is added to a group (beh:U4)': { task: () => user('u', { name: 'skepu', groups: ['mail'], append: true, createHome: false }) },
    'it is in that group (beh:U4)': {
      task: () => user('u', { name: 'skepu', groups: ['adm'], append: true, createHome: false }),
      unchanged: true,
    },
    'it gets another home, made as useradd makes it (beh:U2)': {
      task: (dir) => user('u', { name: 'skepu', home: join(dir, "c/it's") }),
      after: async (dir) => {
        const home = join(dir, "c/it's")
        expect(await stat(home)).toMatchObject({ uid: 64_200, gid: 1 })
        expect((await readdir(home)).sort()).toEqual((await readdir('/etc/skel')).sort())
        expect((await stat(home)).mode & 0o7777).toBe(await homeMode())
      },
    },
    'its home moves with what is in it': {
      task: (dir) => user('u', { name: 'skepu', home: join(dir, 'moved'), moveHome: true }),
      after: async (dir) => expect((await readdir(join(dir, 'moved'))).sort()).toEqual((await readdir('/etc/skel')).sort()),
    },
    'a group that is not there is refused': {
      task: () => user('u', { name: 'skepu', group: 'no-such-group', createHome: false }),
      fails: /group 'no-such-group' does not exist/,
    },
    'a home that is there is left as it is': {
      given: (dir) => mkdir(join(dir, 'home')),
      task: (dir) => user('u', { name: 'skepv', home: join(dir, 'home'), system: true }),
      after: async (dir) => expect((await stat(join(dir, 'home'))).uid).toBe(0),
    },
    'it is removed (beh:U9)': { task: () => user('u', { name: 'skepu', state: 'absent', remove: true }) },
    'and then nothing (beh:U9)': { task: () => user('u', { name: 'skepu', state: 'absent' }), unchanged: true },
  },
  ['useradd', 'usermod', 'userdel', 'chpasswd', 'getent'],
)

/** What login.defs says of new homes. */
async function homeMode(): Promise<number> {
  const text = await readFile('/etc/login.defs', 'utf8')
  const value = (name: string): string | undefined => new RegExp(`^\\s*${name}\\s+([0-7]+)`, 'm').exec(text)?.[1]
  const mode = value('HOME_MODE')
  return mode === undefined ? 0o777 & ~Number.parseInt(value('UMASK') ?? '022', 8) : Number.parseInt(mode, 8)
}
