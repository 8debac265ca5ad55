import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { template } from '../../modules/template.ts'
import { Secret } from '../../runner/secret.ts'
import { onRealHost } from './real-host.ts'
import { readerOf, recorder, testModule } from './test-module.ts'

interface Vars {
  readonly port: number
  readonly upstreams: readonly string[]
}
const env = ({ port, upstreams }: Vars): string => `PORT=${port}\n${upstreams.map((name, index) => `UP_${index + 1}=${name}\n`).join('')}`
const vars: Vars = { port: 80, upstreams: ['a', '{{ b }}'] }

testModule(template, {
  check: {
    'sees the file as copy does, to be compared with the text that was made': {
      given: { src: env as (given: unknown) => string, vars, dest: '/a/f' },
      machine: { 'p=/a/f': ['/a/f', 'absent', '', '', '', 'yes', '', '0027', 'uid=7(ada) gid=8(staff)', '', '', ''].join('\0') },
      sees: {
        state: 'absent',
        dest: '/a/f',
        parent: true,
        fresh: { owner: 'ada', group: 'staff', umask: 0o027, setgid: false },
        source: { checksum: 'a259d32b82ce554221db08923fab01ffadd0bedbd3150b4744413e185ac602dd', size: 28, mode: '0644' },
      },
    },
  },
  refuses: {
    'a dest is needed': { given: { src: 'x' }, says: /dest is required/ },
    'a name of a file is no template': {
      given: { src: 7, dest: '/a' },
      says: /expected a function of vars, or the text that one made, got 7/,
    },
    'a function that fails (beh:T13)': {
      given: { src: (given: { a: { b: string } }) => given.a.b, vars: {}, dest: '/a' },
      says: /template: parameter 'src': the function failed: .*'b'/,
    },
    'a function that forgets to return': { given: { src: () => undefined, dest: '/a' }, says: /to return text, it returned undefined/ },
  },
})

test('variables that the function does not take do not compile', () => {
  // @ts-expect-error: port is a number
  template('t', { src: env, vars: { port: '80', upstreams: [] }, dest: '/a' })
  // @ts-expect-error: a function of variables needs them
  expect(() => template('t', { src: env, dest: '/a' })).toThrow(/the function failed/)
})

test('an error names the task and where it stands', () => {
  const fails = (): string => {
    throw new Error('no such key')
  }
  expect(() => template('the settings', { src: fails, dest: '/a' })).toThrow(
    /template 'the settings' \(.*template\.test\.ts:\d+\): .*no such key/,
  )
})

test('neither a secret among the variables nor its checksum is in a state or in a result', async () => {
  const task = template('t', {
    src: ({ password }) => new Secret(`PASSWORD=${password.reveal()}\n`),
    vars: { password: new Secret('swordfish') },
    dest: '/a/f',
  })
  expect(task.secrets.map((secret) => secret.reveal())).toEqual(['swordfish'])
  const fields = ['/a/f', 'file', '600:9:ada:staff', '', 'cc', 'yes', '', '0022', '', '', '', ''].join('\0')
  const plan = await task.plan(readerOf({ 'p=/a/f': fields }))
  const { connection, ran } = recorder()
  expect(JSON.stringify([plan, await plan.apply(connection), ran])).not.toMatch(/swordfish|"cc"/)
})

onRealHost('template on a real host', {
  'the text is written as the function makes it, values are not read again (beh:T1, beh:T14, beh:T15)': {
    task: (dir) => template('t', { src: env, vars, dest: join(dir, 'f'), mode: '0640' }),
    after: async (dir) => {
      expect(await readFile(join(dir, 'f'), 'utf8')).toBe('PORT=80\nUP_1=a\nUP_2={{ b }}\n')
      expect((await stat(join(dir, 'f'))).mode & 0o7777).toBe(0o640)
    },
  },
  'a template of nothing makes an empty file (beh:T12)': { task: (dir) => template('t', { src: () => '', dest: join(dir, 'f') }) },
  'the same text is no change (beh:T11)': {
    given: (dir) => writeFile(join(dir, 'f'), 'x\n'),
    task: (dir) => template('t', { src: 'x\n', dest: join(dir, 'f') }),
    unchanged: true,
  },
})
