import { randomBytes } from 'node:crypto'
import { chmod, link, lstat, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { copy } from '../../modules/copy.ts'
import { Secret } from '../../runner/secret.ts'
import { onRealHost } from './real-host.ts'
import { readerOf, recorder, testModule } from './test-module.ts'

const source = { checksum: 'f00', size: 3, mode: '0644' }
const there = { state: 'file' as const, dest: '/a/f', checksum: 'f00', size: 3, mode: '0644', owner: 'ada', group: 'staff', source }
const absent = {
  state: 'absent' as const,
  dest: '/a/f',
  parent: true,
  fresh: { owner: 'ada', group: 'staff', umask: 0o027, setgid: false },
  source,
}

testModule(copy, {
  apply: {
    'writes beside the file, sets owner and mode, then takes the name': {
      given: { content: 'new', dest: '/a/f', mode: '0600' },
      now: absent,
      wants: { ...there, mode: '0600' },
      runs: [
        /^write \/a\/\.skep-new-\w{16} 600$/,
        /^\{ chown ada:staff (\/a\/\.skep-new-\w{16}) 2>\/dev\/null\|\|:;\}&&chmod 0600 \1&&mv -f \1 \/a\/f\|\|\{ rm -f \1;false;\}$/,
      ],
    },
    'a new file without mode follows the umask': {
      given: { content: 'new', dest: '/a/f' },
      now: absent,
      wants: { ...there, mode: '0640' },
      runs: [/^write/, /chmod 0640/],
    },
    'another mode leaves the content alone (beh:C2)': {
      given: { content: 'new', dest: '/a/f', mode: '0600' },
      now: there,
      runs: ['chmod 0600 /a/f'],
    },
    'without force another content is left alone (beh:C3)': {
      given: { content: 'new', dest: '/a/f', force: false },
      now: { ...there, checksum: 'bad' },
      runs: [],
    },
    'a missing directory is refused (beh:C8)': {
      given: { content: 'new', dest: '/a/f' },
      now: { ...absent, parent: false },
      refuses: /Destination directory of \/a\/f does not exist/,
    },
    'content does not go into a directory (beh:C6)': {
      given: { content: 'new', dest: '/a' },
      now: { ...absent, state: 'directory', dest: '/a' },
      refuses: /can not use content with a dir as dest/,
    },
  },
  refuses: {
    'a source is needed (beh:C6)': { given: { dest: '/a' }, says: /src \(or content\) is required/ },
    'a dest is needed (beh:C6)': { given: { content: '' }, says: /dest is required/ },
    'one source is enough (beh:C6)': { given: { dest: '/a', src: 'b', content: '' }, says: /mutually exclusive/ },
    'preserve needs a src': { given: { dest: '/a', content: '', mode: 'preserve' }, says: /preserve needs a src/ },
  },
})

test('neither a secret nor its checksum is in a state or in a result (beh:C4, beh:C21)', async () => {
  const given = { content: new Secret('swordfish'), dest: '/a/f', mode: '0600' } as const
  const fields = ['/a/f', 'file', '600:9:ada:staff', '', 'cc', 'yes', '', '0022', '', '', '', ''].join('\0')
  const plan = await copy('c', given).plan(readerOf({ 'p=/a/f': fields }))
  const { connection, ran } = recorder()
  const applied = await plan.apply(connection)
  const all = JSON.stringify([plan, applied, ran])
  for (const leak of ['swordfish', 'cc"', Buffer.from('swordfish').toString('hex')]) expect(all).not.toContain(leak)
  expect(applied.returned).not.toHaveProperty('content')
  expect(applied.returned).toMatchObject({ dest: '/a/f', mode: '0600', state: 'file' })
})

const bytes = randomBytes(2_000_000)

onRealHost('copy on a real host', {
  'any bytes arrive as they are': {
    given: (dir) => writeFile(join(dir, 'src'), bytes),
    task: (dir) => copy('c', { src: join(dir, 'src'), dest: join(dir, 'dest'), mode: '0444' }),
    after: async (dir) => {
      expect((await readFile(join(dir, 'dest'))).equals(bytes)).toBe(true)
      expect((await stat(join(dir, 'dest'))).mode & 0o7777).toBe(0o444)
      expect((await readdir(dir)).sort()).toEqual(['dest', 'src'])
    },
  },
  'an empty file is a file': { task: (dir) => copy('c', { content: '', dest: join(dir, 'dest') }) },
  'a secret arrives': {
    task: (dir) => copy('c', { content: new Secret('swordfish'), dest: join(dir, 'dest'), mode: '0600' }),
    after: async (dir) => expect(await readFile(join(dir, 'dest'), 'utf8')).toBe('swordfish'),
  },
  'the same again is no change (beh:C2)': {
    given: (dir) => writeFile(join(dir, 'dest'), 'same'),
    task: (dir) => copy('c', { content: 'same', dest: join(dir, 'dest') }),
    unchanged: true,
  },
  'a hard link keeps the old content, the mode of a kept file reaches both names (beh:C5)': {
    given: async (dir) => {
      await writeFile(join(dir, 'dest'), 'old')
      await link(join(dir, 'dest'), join(dir, 'other'))
    },
    task: (dir) => copy('c', { content: 'new', dest: join(dir, 'dest') }),
    after: async (dir) => expect(await readFile(join(dir, 'other'), 'utf8')).toBe('old'),
  },
  'a mode of its own is kept when the content changes': {
    given: async (dir) => {
      await writeFile(join(dir, 'dest'), 'old')
      await chmod(join(dir, 'dest'), 0o2751)
    },
    task: (dir) => copy('c', { content: 'new', dest: join(dir, 'dest') }),
    after: async (dir) => expect((await stat(join(dir, 'dest'))).mode & 0o7777).toBe(0o2751),
  },
  'a missing source is named (beh:C6)': {
    task: (dir) => copy('c', { src: join(dir, 'no'), dest: join(dir, 'dest') }),
    fails: /Could not find or access '.*\/no'/,
  },
  'an existing directory gets the file, and keeps its mode (beh:C7)': {
    given: async (dir) => {
      await writeFile(join(dir, 'src'), 'x')
      await mkdir(join(dir, 'd'), { mode: 0o750 })
    },
    task: (dir) => copy('c', { src: join(dir, 'src'), dest: join(dir, 'd'), mode: '0600' }),
    after: async (dir) => {
      expect(await readFile(join(dir, 'd/src'), 'utf8')).toBe('x')
      expect((await stat(join(dir, 'd'))).mode & 0o7777).toBe(0o750)
    },
  },
  'a slash at the end makes the directories (beh:C8)': {
    given: (dir) => writeFile(join(dir, 'src'), 'x'),
    task: (dir) => copy('c', { src: join(dir, 'src'), dest: `${join(dir, 'a/b')}/` }),
    after: async (dir) => expect(await readFile(join(dir, 'a/b/src'), 'utf8')).toBe('x'),
  },
  'without it a missing directory fails and nothing is made (beh:C8)': {
    task: (dir) => copy('c', { content: 'x', dest: join(dir, 'a/b/file') }),
    fails: /does not exist/,
  },
  'content into a directory is refused (beh:C6)': {
    task: (dir) => copy('c', { content: 'x', dest: dir }),
    fails: /can not use content with a dir as dest/,
  },
  'mode preserve is that of the source (beh:C9)': {
    given: async (dir) => {
      await writeFile(join(dir, 'src'), 'x')
      await chmod(join(dir, 'src'), 0o547)
    },
    task: (dir) => copy('c', { src: join(dir, 'src'), dest: join(dir, 'dest'), mode: 'preserve' }),
    after: async (dir) => expect((await stat(join(dir, 'dest'))).mode & 0o7777).toBe(0o547),
  },
  'a link is replaced by the file (beh:C10)': {
    given: async (dir) => {
      await writeFile(join(dir, 'target'), 'target')
      await symlink('target', join(dir, 'dest'))
    },
    task: (dir) => copy('c', { content: 'x', dest: join(dir, 'dest') }),
    after: async (dir) => {
      expect((await lstat(join(dir, 'dest'))).isFile()).toBe(true)
      expect(await readFile(join(dir, 'target'), 'utf8')).toBe('target')
    },
  },
  'with follow it is written through the link (beh:C10)': {
    given: async (dir) => {
      await writeFile(join(dir, 'target'), 'target')
      await symlink('target', join(dir, 'dest'))
    },
    task: (dir) => copy('c', { content: 'x', dest: join(dir, 'dest'), follow: true }),
    after: async (dir) => {
      expect(await readlink(join(dir, 'dest'))).toBe('target')
      expect(await readFile(join(dir, 'target'), 'utf8')).toBe('x')
    },
  },
  'a new file in a set-group-id directory gets its group (beh:C15)': {
    given: async (dir) => {
      await mkdir(join(dir, 'g'))
      await chmod(join(dir, 'g'), 0o2775)
    },
    task: (dir) => copy('c', { content: 'x', dest: join(dir, 'g/f') }),
  },
  'what is no file is refused (beh:C17)': { task: () => copy('c', { content: 'x', dest: '/dev/null' }), fails: /not a regular file/ },
})
