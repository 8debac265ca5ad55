import { chmod, lstat, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lineinfile } from '../../modules/lineinfile.ts'
import { onRealHost } from './real-host.ts'
import { testModule } from './test-module.ts'

const says = (path: string, kind: string, stat: string, content = ''): string =>
  `${[path, kind, stat, '', '', 'yes', '', '0027', 'uid=7(ada) gid=8(staff)', '', ''].join('\0')}\0${content}`
const fresh = { owner: 'ada', group: 'staff', umask: 0o027, setgid: false }
const absent = { state: 'absent' as const, path: '/a/f', parent: true, fresh }
const holding = (content: string) => ({ state: 'file' as const, path: '/a/f', content, mode: '0640', owner: 'ada', group: 'staff' })

testModule(lineinfile, {
  check: {
    'sees the text with mode and owner': {
      given: { path: '/a/f', line: 'x' },
      machine: { 'p=/a/f': says('/a/f', 'file', '640:4:ada:staff', 'one\0\n') },
      sees: holding('one\0\n'),
    },
    'sees that nothing is there': {
      given: { path: '/a/f', line: 'x' },
      machine: { 'p=/a/f': says('/a/f', 'absent', '') },
      sees: absent,
    },
  },
  apply: {
    'writes beside the file, with its own owner and mode, then takes the name (beh:L15)': {
      given: { path: '/a/f', line: 'x' },
      now: holding('one\n'),
      wants: holding('one\nx\n'),
      runs: [/^write \/a\/\.skep-new-\w{16} 600$/, /chown ada:staff .* 2>\/dev\/null.*chmod 0640 .*mv -f .* \/a\/f\|\|/],
    },
    'another mode leaves the content alone': {
      given: { path: '/a/f', line: 'one', mode: '0600' },
      now: holding('one\n'),
      runs: ['chmod 0600 /a/f'],
    },
    'a missing file is refused (beh:L11)': {
      given: { path: '/a/f', line: 'x' },
      now: absent,
      refuses: /Destination \/a\/f does not exist !/,
    },
    'a missing file is made where that is asked for, with its directories (beh:L11)': {
      given: { path: '/a/f', line: 'x', create: true },
      now: { ...absent, parent: false },
      wants: holding('x\n'),
      runs: ['mkdir -p -- /a/', /^write/, /chmod 0640/],
    },
    'nothing is removed where nothing is': { given: { path: '/a/f', line: 'x', state: 'absent' }, now: absent, runs: [] },
  },
  refuses: {
    'a line is needed': { given: { path: '/a' }, says: /line is required with state present/ },
    'something to remove is needed': { given: { path: '/a', state: 'absent' }, says: /one of line, searchString, or regexp is required/ },
    'two ways to look (beh:L9)': { given: { path: '/a', line: 'x', regexp: 'x', searchString: 'x' }, says: /mutually exclusive/ },
    'two places to insert': { given: { path: '/a', line: 'x', insertAfter: 'x', insertBefore: 'x' }, says: /mutually exclusive/ },
    'a pattern that is none': {
      given: { path: '/a', line: 'x', regexp: '(' },
      says: /parameter 'regexp': Invalid regular expression.*got "\("/,
    },
    'backrefs without a pattern': { given: { path: '/a', line: 'x', backrefs: true }, says: /regexp is required with backrefs/ },
    'two lines in one': { given: { path: '/a', line: 'x\ny' }, says: /expected one line, without a line end/ },
  },
})

type Edit = Omit<Parameters<typeof lineinfile>[1], 'path'>

/** A text, an edit, and what becomes of it; the same edit again changes nothing more. */
const edits: Readonly<Record<string, readonly [before: string, edit: Edit, after: string]>> = {
  'at the end (beh:L1)': ['a\nb\n', { line: 'x' }, 'a\nb\nx\n'],
  'after a last line without an end, not joined to it (beh:L1)': ['a\nb', { line: 'x' }, 'a\nb\nx\n'],
  'into an empty file (beh:L1)': ['', { line: 'x' }, 'x\n'],
  'at the beginning (beh:L2)': ['a\n', { line: 'x', insertBefore: 'BOF' }, 'x\na\n'],
  'after the last match (beh:L2)': ['a\na\nb\n', { line: 'x', insertAfter: '^a' }, 'a\na\nx\nb\n'],
  'after the first match (beh:L2)': ['a\na\nb\n', { line: 'x', insertAfter: '^a', firstmatch: true }, 'a\nx\na\nb\n'],
  'after a match that ends the file without a line end': ['a', { line: 'x', insertAfter: 'a' }, 'a\nx\n'],
  'before the last match (beh:L2)': ['a\nb\na\n', { line: 'x', insertBefore: '^a' }, 'a\nb\nx\na\n'],
  'at the end where the anchor is not (beh:L3)': ['a\n', { line: 'x', insertAfter: 'z' }, 'a\nx\n'],
  'nowhere when it is there already, wherever (beh:L4)': ['x\na\n', { line: 'x', insertAfter: 'EOF' }, 'x\na\n'],
  'in place of the last match (beh:L5)': ['k=1\nb\nk=2\n', { line: 'k=3', regexp: '^k=' }, 'k=1\nb\nk=3\n'],
  'in place of the first match (beh:L5)': ['k=1\nk=2\n', { line: 'k=3', regexp: '^k=', firstmatch: true }, 'k=3\nk=2\n'],
  'in place of a match, whatever the anchor (beh:L6)': ['k=1\nb\n', { line: 'k=3', regexp: '^k=', insertAfter: 'b' }, 'k=3\nb\n'],
  'at the anchor where nothing matches (beh:L6)': ['a\nb\n', { line: 'k=3', regexp: '^k=', insertAfter: 'a' }, 'a\nk=3\nb\n'],
  'with what the groups matched (beh:L7)': [
    'k=(1)\n',
    { line: '\\g<n>: \\1 \\\\1', regexp: '^k=(?<n>.*)$', backrefs: true },
    '(1): (1) \\1\n',
  ],
  'not at all where the pattern with groups matches nothing (beh:L7)': ['a\n', { line: '\\1', regexp: '^k=(.*)$', backrefs: true }, 'a\n'],
  'away by pattern, all of them (beh:L8)': ['k=1\nb\nk=2\n', { state: 'absent', regexp: '^k=' }, 'b\n'],
  'away when it is exactly this (beh:L8)': ['x\nxx\nx', { state: 'absent', line: 'x' }, 'xx\n'],
  'away by plain text (beh:L9)': ['a.b\naxb\n', { state: 'absent', searchString: 'a.b' }, 'axb\n'],
  'in place of plain text (beh:L9)': ['axb\na.b\n', { line: 'a.b!', searchString: 'a.b' }, 'axb\na.b!\n'],
  'with quotes and backslashes as they are (beh:L14)': ['', { line: `'"\\n $HOME \`id\`` }, `'"\\n $HOME \`id\`\n`],
  'compared without its line end (beh:L17)': ['a\r\nx\r\n', { line: 'x' }, 'a\r\nx\r\n'],
  'with the line end of the one it replaces': ['k=1\r\nb\r\n', { line: 'k=2', regexp: '^k=' }, 'k=2\r\nb\r\n'],
}
for (const [where, [before, edit, after]] of Object.entries(edits)) {
  test(`the line goes ${where}`, () => {
    const { definition } = lineinfile
    const given = definition.params.parse({ path: '/a/f', ...edit })
    const want = definition.want(given, holding(before))
    expect(want).toEqual(holding(after))
    expect(definition.want(given, want)).toEqual(want)
  })
}

onRealHost('lineinfile on a real host', {
  'a line is added, mode and owner stay (beh:L15)': {
    given: async (dir) => {
      await writeFile(join(dir, 'f'), 'ä\nb')
      await chmod(join(dir, 'f'), 0o2751)
    },
    task: (dir) => lineinfile('l', { path: join(dir, 'f'), line: 'ü' }),
    after: async (dir) => {
      expect(await readFile(join(dir, 'f'), 'utf8')).toBe('ä\nb\nü\n')
      expect((await stat(join(dir, 'f'))).mode & 0o7777).toBe(0o2751)
    },
  },
  'a file is made with its directories and a mode (beh:L11)': {
    task: (dir) => lineinfile('l', { path: join(dir, 'a/b/f'), line: 'x', create: true, mode: '0604' }),
    after: async (dir) => expect((await stat(join(dir, 'a/b/f'))).mode & 0o7777).toBe(0o604),
  },
  'a file is edited through a link, which stays': {
    given: async (dir) => {
      await writeFile(join(dir, 'target'), 'k=1\n')
      await symlink('target', join(dir, 'l'))
    },
    task: (dir) => lineinfile('l', { path: join(dir, 'l'), regexp: '^k=', line: 'k=2' }),
    after: async (dir) => {
      expect((await lstat(join(dir, 'l'))).isSymbolicLink()).toBe(true)
      expect(await readFile(join(dir, 'target'), 'utf8')).toBe('k=2\n')
    },
  },
  'the last line is taken away, the file stays': {
    given: (dir) => writeFile(join(dir, 'f'), 'x\n'),
    task: (dir) => lineinfile('l', { path: join(dir, 'f'), line: 'x', state: 'absent' }),
    after: async (dir) => expect(await readFile(join(dir, 'f'), 'utf8')).toBe(''),
  },
  'a line that is there is left alone': {
    given: (dir) => writeFile(join(dir, 'f'), 'x'),
    task: (dir) => lineinfile('l', { path: join(dir, 'f'), line: 'x' }),
    unchanged: true,
  },
  'other bytes than text are left alone': {
    given: (dir) => writeFile(join(dir, 'f'), Buffer.from([0xff, 0x0a])),
    task: (dir) => lineinfile('l', { path: join(dir, 'f'), line: 'x' }),
    fails: /expected UTF-8 text in .*\/f, found other bytes/,
  },
  'a directory is refused': { task: (dir) => lineinfile('l', { path: dir, line: 'x' }), fails: /expected a file at .*, found a directory/ },
})
