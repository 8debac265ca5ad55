import { spawnSync } from 'node:child_process'
import { chmod, lstat, mkdir, mkdtemp, readlink, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { file } from '../../modules/file.ts'
import { modeAfter } from '../../modules/lib/mode.ts'
import { onRealHost } from './real-host.ts'
import { testModule } from './test-module.ts'

const here = { mode: '0644', owner: 'ada', group: 'staff' }
const fresh = { owner: 'ada', group: 'staff', umask: 0o027, setgid: false }

/** What the look of a path says: fields that end with NUL. */
const says = (path: string, kind: string, stat: string, target = '', id = ''): string =>
  [path, kind, stat, target, '', 'yes', '', '0027', id, '', '', ''].join('\0')

testModule(file, {
  check: {
    'sees a file with mode and owner': {
      given: { path: '/srv/a' },
      machine: { 'p=/srv/a': says('/srv/a', 'file', '644:12:ada:staff') },
      sees: { state: 'file', ...here },
    },
    'sees where a link points, and that its target is missing': {
      given: { path: '/srv/a', state: 'link', src: 'b' },
      machine: { 'p=/srv/a': says('/srv/a', 'link', '777:1:ada:staff', 'old'), '[ -e /srv/b ]': { code: 1 } },
      sees: { state: 'link', mode: '0777', owner: 'ada', group: 'staff', src: 'old', target: 'missing' },
    },
    'sees what something new would look like': {
      given: { path: '/srv/a', state: 'directory' },
      machine: { 'p=/srv/a': says('/srv/a', 'absent', '', '', 'uid=7(ada) gid=8(staff) groups=8(staff)') },
      sees: { state: 'absent', fresh },
    },
  },
  apply: {
    'makes a directory with its parents, with mode': {
      given: { path: '/srv/a/b', state: 'directory', mode: '0700' },
      now: { state: 'absent', fresh },
      wants: { state: 'directory', mode: '0700', owner: 'ada', group: 'staff' },
      runs: ['for d in /srv /srv/a /srv/a/b;do [ -d "$d" ]||{ mkdir "$d"&&{ chmod 00700 "$d"||{ rmdir "$d";false;};};}||exit;done'],
    },
    'leaves alone what nobody asked about': {
      given: { path: '/srv/a', state: 'directory' },
      now: { state: 'directory', ...here },
      runs: [],
    },
    'sets the mode after the owner, which clears set-id bits': {
      given: { path: '/srv/a', mode: '4755', owner: 'root' },
      now: { state: 'file', ...here },
      runs: ['chown root:staff /srv/a', 'chmod 04755 /srv/a'],
    },
    'removes what is there (beh:F2)': {
      given: { path: '/srv/a', state: 'absent' },
      now: { state: 'directory', ...here },
      runs: ['rm -rf -- /srv/a'],
    },
    'does not remove what is not there (beh:F2)': { given: { path: '/srv/a', state: 'absent' }, now: { state: 'absent' }, runs: [] },
    'does not make a file (beh:F1)': {
      given: { path: '/srv/a' },
      now: { state: 'absent', fresh },
      refuses: /file \(\/srv\/a\) is absent, cannot continue/,
    },
    'does not link to nothing unless forced (beh:F9)': {
      given: { path: '/a', state: 'link', src: 'b' },
      now: { state: 'absent', fresh, target: 'missing' },
      refuses: /src file does not exist/,
    },
    'does not replace a file by a link unless forced (beh:F10)': {
      given: { path: '/a', state: 'link', src: 'b' },
      now: { state: 'file', ...here, blocked: 'taken' },
      refuses: /refusing to convert from file to symlink for \/a/,
    },
    'does not replace a full directory by a link even if forced (beh:F10)': {
      given: { path: '/a', state: 'link', src: 'b', force: true },
      now: { state: 'directory', ...here, blocked: 'full' },
      refuses: /not empty/,
    },
    'does not make a directory of a file': {
      given: { path: '/a', state: 'directory' },
      now: { state: 'file', ...here },
      refuses: /\/a already exists as a file/,
    },
  },
  refuses: {
    'a link needs a src (beh:F12)': { given: { path: '/a', state: 'link' }, says: /'src': src is required for state link/ },
    'a src needs a link (beh:F12)': { given: { path: '/a', src: 'b' }, says: /src is only for state link/ },
    'a number is no mode': { given: { path: '/a', mode: 755 }, says: /'mode': .*got 755/ },
    'a mode has octal digits': { given: { path: '/a', mode: '0899' }, says: /expected a mode like "0644" or "u=rwx,go=rx", got "0899"/ },
    'a misspelt parameter is named': { given: { path: '/a', ownr: 'x' }, says: /ownr/ },
  },
})

// beh:F5
test.each([
  'u=rwx,g+w,o-wx,a=r,o+t,g+s,u+s,a-x,o=rwXt',
  'u=rwX,go=rX',
  'g+s',
  'a-x',
  'a+x',
  'go=',
  '755',
  '0644',
  'ug+s,o+t',
  'u=s',
  'a=rwxst',
  'o-r+w',
])('mode %s means what chmod takes it for', async (spec) => {
  const dir = await mkdtemp(join(tmpdir(), 'skep-f-'))
  for (const [kind, make] of [
    ['file', (path: string) => writeFile(path, '')],
    ['directory', (path: string) => mkdir(path)],
  ] as const) {
    for (const before of [0o000, 0o600, 0o644, 0o755, 0o777, 0o2755, 0o4711, 0o1777, 0o7777]) {
      const path = join(dir, `${kind}${before}`)
      await make(path)
      await chmod(path, before)
      // Octal digits leave a directory's set-id bits alone in chmod; here the mode is what it says.
      if (/^\d/.test(spec)) await chmod(path, 0)
      expect(spawnSync('chmod', [spec, path]).status).toBe(0)
      const after = ((await stat(path)).mode & 0o7777).toString(8).padStart(4, '0')
      expect(modeAfter(spec, before.toString(8), kind === 'directory'), `${spec} of ${kind} ${before.toString(8)}`).toBe(after)
    }
  }
  await rm(dir, { recursive: true })
})

const root = process.getuid?.() === 0

onRealHost('file on a real host', {
  'a directory is made with its parents, all with the mode': {
    task: (dir) => file('d', { path: join(dir, 'a/b/c'), state: 'directory', mode: '0700' }),
    after: async (dir) => {
      for (const path of ['a', 'a/b', 'a/b/c']) expect((await stat(join(dir, path))).mode & 0o7777).toBe(0o700)
    },
  },
  'a directory without mode follows the umask': { task: (dir) => file('d', { path: join(dir, 'a'), state: 'directory' }) },
  'a directory that is there is left alone (beh:F18)': {
    given: (dir) => mkdir(join(dir, 'a')),
    task: (dir) => file('d', { path: `${join(dir, 'a')}/`, state: 'directory' }),
    unchanged: true,
  },
  'a directory in place of a file is refused': {
    given: (dir) => writeFile(join(dir, 'a'), ''),
    task: (dir) => file('d', { path: join(dir, 'a'), state: 'directory' }),
    fails: /already exists as a file/,
  },
  'a directory in a set-group-id directory gets its group, and the mode asked for (beh:C15)': {
    given: async (dir) => {
      await mkdir(join(dir, 'g'))
      await chmod(join(dir, 'g'), 0o2775)
    },
    task: (dir) => file('d', { path: join(dir, 'g/sub'), state: 'directory', mode: '2770' }),
  },
  'and without a mode its bit too': {
    given: async (dir) => {
      await mkdir(join(dir, 'g'))
      await chmod(join(dir, 'g'), 0o2775)
    },
    task: (dir) => file('d', { path: join(dir, 'g/sub'), state: 'directory' }),
  },
  'a set-group-id bit that is not asked for is taken from a directory': {
    given: async (dir) => {
      await mkdir(join(dir, 'g'))
      await chmod(join(dir, 'g'), 0o2775)
    },
    task: (dir) => file('d', { path: join(dir, 'g'), state: 'directory', mode: '0775' }),
  },
  'set-id and sticky bits are kept (beh:F5)': {
    given: (dir) => writeFile(join(dir, 'a'), ''),
    task: (dir) => file('f', { path: join(dir, 'a'), mode: '7755' }),
  },
  'a symbolic mode converges': {
    given: (dir) => writeFile(join(dir, 'a'), '', { mode: 0o600 }),
    task: (dir) => file('f', { path: join(dir, 'a'), mode: 'u=rwX,g+r,o=' }),
    after: async (dir) => expect((await stat(join(dir, 'a'))).mode & 0o7777).toBe(0o640),
  },
  'a mode is set through a link, which stays (beh:F7)': {
    given: async (dir) => {
      await writeFile(join(dir, 'a'), '', { mode: 0o600 })
      await symlink('a', join(dir, 'l'))
    },
    task: (dir) => file('f', { path: join(dir, 'l'), mode: '0444' }),
    after: async (dir) => {
      expect((await stat(join(dir, 'a'))).mode & 0o7777).toBe(0o444)
      expect((await lstat(join(dir, 'l'))).isSymbolicLink()).toBe(true)
    },
  },
  'a file that is not there is not made (beh:F1)': { task: (dir) => file('f', { path: join(dir, 'a') }), fails: /absent, cannot continue/ },
  'a link is made, relative to where it is (beh:F8)': {
    given: (dir) => writeFile(join(dir, 'target'), ''),
    task: (dir) => file('l', { path: join(dir, 'l'), state: 'link', src: 'target' }),
    after: async (dir) => expect(await readlink(join(dir, 'l'))).toBe('target'),
  },
  'a link is pointed elsewhere, also when it points to a directory (beh:F8)': {
    given: async (dir) => {
      await mkdir(join(dir, 'old'))
      await mkdir(join(dir, 'new'))
      await symlink(join(dir, 'old'), join(dir, 'l'))
    },
    task: (dir) => file('l', { path: join(dir, 'l'), state: 'link', src: 'new' }),
    after: async (dir) => expect(await readlink(join(dir, 'l'))).toBe('new'),
  },
  'a link to nothing is refused (beh:F9)': {
    task: (dir) => file('l', { path: join(dir, 'l'), state: 'link', src: 'no' }),
    fails: /src file does not exist/,
  },
  'a forced link to nothing is made (beh:F9)': {
    task: (dir) => file('l', { path: join(dir, 'l'), state: 'link', src: 'no', force: true }),
  },
  'a link in place of a file is refused (beh:F10)': {
    given: (dir) => writeFile(join(dir, 'l'), 'precious'),
    task: (dir) => file('l', { path: join(dir, 'l'), state: 'link', src: '/' }),
    fails: /refusing to convert from file/,
  },
  'a forced link takes the place of a file (beh:F10)': {
    given: (dir) => writeFile(join(dir, 'l'), ''),
    task: (dir) => file('l', { path: join(dir, 'l'), state: 'link', src: '/', force: true }),
  },
  'a forced link takes the place of an empty directory (beh:F10)': {
    given: (dir) => mkdir(join(dir, 'l')),
    task: (dir) => file('l', { path: join(dir, 'l'), state: 'link', src: '/', force: true }),
  },
  'a forced link does not take the place of a full directory (beh:F10)': {
    given: (dir) => mkdir(join(dir, 'l/full'), { recursive: true }),
    task: (dir) => file('l', { path: join(dir, 'l'), state: 'link', src: '/', force: true }),
    fails: /not empty/,
  },
  'a tree is removed (beh:F2)': {
    given: (dir) => mkdir(join(dir, 'a/b/c'), { recursive: true }),
    task: (dir) => file('x', { path: join(dir, 'a'), state: 'absent' }),
  },
  'nothing is removed where nothing is (beh:F2)': { task: (dir) => file('x', { path: join(dir, 'a'), state: 'absent' }), unchanged: true },
  'a link is removed, not what it points to': {
    given: async (dir) => {
      await mkdir(join(dir, 'kept'))
      await symlink('kept', join(dir, 'l'))
    },
    task: (dir) => file('x', { path: join(dir, 'l'), state: 'absent' }),
    after: async (dir) => expect((await stat(join(dir, 'kept'))).isDirectory()).toBe(true),
  },
  'touch makes a file, and with times preserved is then content (beh:F3)': {
    task: (dir) => file('t', { path: join(dir, 'a'), state: 'touch', mode: '0600', accessTime: 'preserve', modificationTime: 'preserve' }),
  },
  'a name may hold anything (beh:F17)': {
    task: (dir) => file('d', { path: join(dir, `-n 'ü" $HOME \`id\` *`), state: 'directory', mode: '0700' }),
  },
  ...(root
    ? {
        'owner and group are set by name or number (beh:F14)': {
          given: (dir: string) => writeFile(join(dir, 'a'), ''),
          task: (dir: string) => file('f', { path: join(dir, 'a'), owner: 'nobody', group: '65534' }),
          after: async (dir: string) => expect((await stat(join(dir, 'a'))).uid).toBe(65_534),
        },
        'an owner that nobody knows fails and leaves nothing behind (beh:F15)': {
          task: (dir: string) => file('d', { path: join(dir, 'a'), state: 'directory' as const, owner: 'no-such-user-here' }),
          fails: /invalid user/,
        },
      }
    : {}),
})

onRealHost('touch', {
  'touch without preserved times always changes (beh:F3)': {
    given: async (dir) => {
      await writeFile(join(dir, 'a'), '')
      await utimes(join(dir, 'a'), 1, 1)
    },
    // It can never be content: this says so, and the next test looks at the times.
    task: (dir) => file('t', { path: join(dir, 'a'), state: 'touch', accessTime: 'preserve', modificationTime: 'preserve' }),
    unchanged: true,
    after: async (dir) => expect((await stat(join(dir, 'a'))).mtimeMs).toBe(1000),
  },
})
