/** `skep plan` and `skep apply`, on this machine and over SSH. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SshAddress } from '../../runner/contract.ts'
import { freePort, startTestHost, type TestHost } from './connections/servers.ts'

const root = join(import.meta.dirname, '../..')
const from = (path: string): string => JSON.stringify(pathToFileURL(join(root, path)).href)

/** A playbook with these tasks, of which each may use `path(name)`: a file in its host's directory. */
const playOf = (tasks: string, handlers = ''): string => `import { playbook } from ${from('runner/playbook.ts')}
import { Secret } from ${from('runner/secret.ts')}
import { decide, defineLook } from ${from('runner/steps.ts')}
import { command } from ${from('modules/command.ts')}
import { copy } from ${from('modules/copy.ts')}
import { file } from ${from('modules/file.ts')}
const any: any = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } }
const names = defineLook({ name: 'names', params: any, look: async (dir: any, host) => (await host.read(dir + '/words')) !== undefined })
export default playbook('play', {
  hosts: 'all',
  vars: any,
  tasks: ({ vars }: any) => {
    const path = (name: string): string => vars.dir + '/' + name
    const say = (name: string, options = {}) => command(name, { argv: ['sh', '-c', 'echo "$1" >> "$2"', 'sh', name, path('log')] }, options)
    return [${tasks}]
  },
  handlers: ({ vars }: any) => {
    const say = (name: string) => command(name, { argv: ['sh', '-c', 'echo "$1" >> "$2"', 'sh', name, vars.dir + '/log'] })
    return [${handlers}]
  },
})
`
const ordinary = playOf(
  `file('keep a directory', { path: path('made'), state: 'directory', mode: '0750' }, { notify: 'told' }),
   copy('keep words', { dest: path('words'), content: 'hello\\n', mode: '0640' }),
   say('once')`,
  "say('told')",
)

let dir: string
let server: TestHost | undefined
beforeEach(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'skep-plan-')))
  for (const name of ['a', 'b']) await mkdir(join(dir, name))
  const host = (name: string) => ({ connection: { kind: 'local' }, machine: name, vars: { dir: join(dir, name) } })
  await writeFile(join(dir, 'hosts.json'), JSON.stringify({ hosts: { a: host('a'), b: host('b') } }))
  await writeFile(join(dir, 'play.ts'), ordinary)
})
afterEach(async () => {
  await server?.stop()
  server = undefined
  await rm(dir, { recursive: true })
})

// The SSH server lives in this process, so the command may not block it.
const skep = async (...args: string[]) => {
  const env = { ...process.env, SKEP_STATE: join(dir, 'state') }
  const child = spawn(process.execPath, [join(root, 'cli/main.ts'), ...args], { cwd: dir, env })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (part) => {
    stdout += part
  })
  child.stderr.on('data', (part) => {
    stderr += part
  })
  const [status] = await once(child, 'close')
  return { status, stdout, stderr }
}
const plan = (...more: string[]) => skep('plan', 'play.ts', '-i', 'hosts.json', '-o', 'the.plan', ...more)
const apply = (...more: string[]) => skep('apply', 'the.plan', ...more)
const read = (name: string) => readFile(join(dir, name), 'utf8')
const lines = async (name: string): Promise<readonly string[]> =>
  (await read(name).catch(() => '')).split('\n').filter((line) => line !== '')

describe('a plan', () => {
  test('shows what would change with its differences, says unknown of plain commands, and changes nothing', async () => {
    const { status, stdout, stderr } = await plan()
    expect(status).toBe(0)
    expect(stdout).toMatch(/\+ mode: "0750"\n(.*\n)*changed +a: keep a directory\n/)
    expect(stdout).toMatch(/unknown +a: once/)
    expect(stdout).toMatch(/^a +ok=2 changed=2 failed=0 unknown=2$/m) // the handler is a plain command too
    expect(stderr).toContain('skep apply the.plan')
    expect(await readdir(join(dir, 'a'))).toEqual([])
    expect((await stat(join(dir, 'the.plan'))).mode & 0o777).toBe(0o600)
  })

  test('is done as it is, handlers included, and the next one is of fewer changes', async () => {
    await plan()
    expect(await apply()).toMatchObject({ status: 0, stderr: '' })
    for (const name of ['a', 'b']) {
      expect(await read(`${name}/words`)).toBe('hello\n')
      expect((await stat(join(dir, name, 'made'))).mode & 0o777).toBe(0o750)
      expect(await lines(`${name}/log`)).toEqual(['once', 'told'])
    }
    expect((await plan()).stdout).toMatch(/^a +ok=2 changed=0 failed=0 unknown=1$/m)
  })

  test('holds no secret, nor a value that was given with -e, and shows none', async () => {
    const secret = 'canary-4711'
    await writeFile(
      join(dir, 'play.ts'),
      playOf(`copy('keep a secret', { dest: path('secret'), content: new Secret(vars.token) }),
        copy('say nothing', { dest: path('quiet'), content: 'canary-4712' }, { noLog: true }),
        copy('keep words', { dest: path('words'), content: 'with ' + vars.token })`),
    )
    const { stdout, stderr } = await plan('-e', `token=${secret}`)
    expect(stdout).toMatch(/\+ value: "\*\*\*"\nchanged +a: say nothing/)
    expect(`${stdout}${stderr}${await read('the.plan')}`).not.toMatch(/canary|4711|4712/)
    expect(await apply()).toMatchObject({ status: 1, stderr: expect.stringContaining('give them again: -e token=…') })
    expect(await apply('-e', 'token=other')).toMatchObject({ status: 1, stderr: expect.stringContaining('has changed: the variables') })
    expect(await apply('-e', `token=${secret}`)).toMatchObject({ status: 0, stderr: '' })
    expect(await read('a/secret')).toBe(secret)
  })
})

describe('where something moved since', () => {
  test('a host is named with the task, nothing is done there, and the others go on', async () => {
    await plan()
    await writeFile(join(dir, 'b/words'), 'of somebody else')
    await chmod(join(dir, 'b/words'), 0o640)
    const { status, stderr, stdout } = await apply()
    expect(status).toBe(2)
    expect(stderr).toMatch(
      /^skep: b: at 'keep words' \(.*play\.ts:\d+\) it is not as it was when the plan was made; nothing is done there\./,
    )
    expect(stdout).not.toMatch(/\bb\b/)
    expect(await readdir(join(dir, 'b'))).toEqual(['words'])
    expect(await lines('a/log')).toEqual(['once', 'told'])
  })

  const edits: Readonly<Record<string, [() => Promise<void>, RegExp]>> = {
    'the playbook': [() => appendFile(join(dir, 'play.ts'), '// more\n'), /has changed: the file play\.ts\. Make a new plan/],
    'the inventory': [
      async () => writeFile(join(dir, 'hosts.json'), (await read('hosts.json')).replace('"machine":"a"', '"machine":"c"')),
      /has changed: the inventory\. Make a new plan/,
    ],
  }
  test.each(Object.entries(edits))('%s is named, and nothing is done', async (_, [edit, says]) => {
    await plan()
    await edit()
    expect(await apply()).toMatchObject({ status: 1, stdout: '', stderr: expect.stringMatching(says) })
    expect(await readdir(join(dir, 'a'))).toEqual([])
  })

  test('a second apply does nothing', async () => {
    await plan()
    await apply()
    expect(await apply()).toMatchObject({ status: 2, stdout: '' })
    expect(await lines('a/log')).toEqual(['once', 'told'])
  })
})

describe('what the plan does not say', () => {
  test('is not done, even when an earlier task makes it necessary', async () => {
    await writeFile(
      join(dir, 'play.ts'),
      playOf(
        `command('spoil', { argv: ['rm', path('words')] }), copy('keep words', { dest: path('words'), content: 'hello' }), say('after')`,
      ),
    )
    await writeFile(join(dir, 'a/words'), 'hello')
    expect((await plan('-l', 'a')).stdout).toMatch(/ok +a: keep words/)
    const { status, stdout } = await apply()
    expect(status).toBe(2)
    expect(stdout).toMatch(/FAILED +a: keep words \(the plan does not say that copy 'keep words' \(.*\) changes something here\./)
    expect(await readdir(join(dir, 'a'))).toEqual([])
  })

  test('a decision behind a change is unknown, and what it brings is not done', async () => {
    await writeFile(
      join(dir, 'play.ts'),
      playOf(
        `copy('keep words', { dest: path('words'), content: 'x' }), decide('by words', { there: names(vars.dir) }, () => [say('brought')])`,
      ),
    )
    expect((await plan('-l', 'a')).stdout).toMatch(/unknown +a: by words/)
    expect(await apply()).toMatchObject({ status: 2, stdout: expect.stringMatching(/FAILED +a: brought/) })
    expect(await readdir(join(dir, 'a'))).toEqual(['words'])
  })

  test('a handler of a task that is unknown in the plan is done', async () => {
    await writeFile(join(dir, 'play.ts'), playOf("say('maybe', { notify: 'told' })", "say('told')"))
    expect((await plan('-l', 'a')).stdout).not.toContain('told')
    expect((await apply()).status).toBe(0)
    expect(await lines('a/log')).toEqual(['maybe', 'told'])
  })
})

const broken: Readonly<Record<string, [string, RegExp]>> = {
  'is not there': ['', /plan the\.plan cannot be read: ENOENT/],
  'is no JSON': ['plan', /plan the\.plan cannot be read: .*JSON/],
  'is of another version': [JSON.stringify({ skep: 'plan', version: 2 }), /expected what skep plan wrote, version 1: version/],
}
test.each(Object.entries(broken))('a plan file that %s is one clear error', async (_, [text, says]) => {
  if (text !== '') await writeFile(join(dir, 'the.plan'), text)
  const { status, stderr } = await apply()
  expect(status).toBe(1)
  expect(stderr).toMatch(says)
  expect(stderr.trim().split('\n')).toHaveLength(1)
})

test('over SSH it is the same, and a host that cannot be reached is told of', async () => {
  server = await startTestHost()
  const { privateKey, ...address } = server.host.connection as SshAddress
  await writeFile(join(dir, 'key'), privateKey?.reveal() ?? '', { mode: 0o600 })
  const there = { ...address, privateKeyFile: 'key' }
  const vars = { dir: join(dir, 'a') }
  const hosts = { good: { connection: there, vars }, gone: { connection: { ...there, port: await freePort() }, vars } }
  await writeFile(join(dir, 'hosts.json'), JSON.stringify({ hosts }))
  expect(await plan()).toMatchObject({ status: 4, stdout: expect.stringMatching(/changed +good: keep a directory/) })
  expect(await readdir(join(dir, 'a'))).toEqual([])
  const { status, stderr } = await apply()
  expect(status).toBe(2)
  expect(stderr).toBe('skep: gone: it could not be reached when the plan was made; nothing is done there. Make a new plan\n')
  expect(await lines('a/log')).toEqual(['once', 'told'])
})
