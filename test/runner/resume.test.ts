/** `skep run`, killed or interrupted at a chosen point, and `skep run --resume` after it. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const main = join(root, 'cli/main.ts')
const from = (path: string): string => JSON.stringify(pathToFileURL(join(root, path)).href)

/** What every step leaves in its host's log, in order. A step named in `hold` waits until that file is gone. */
const whole = ['one', 'inner', 'bad', 'rescued', 'always', 'handler', 'two', 'handler']
const play = `import { playbook } from ${from('runner/playbook.ts')}
import { block, decide, defineLook, flushHandlers, resultOf } from ${from('runner/steps.ts')}
import { sh } from ${from('runner/sh.ts')}
import { command } from ${from('modules/command.ts')}
import { copy } from ${from('modules/copy.ts')}
import { words } from './words.ts'
const any: any = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } }
const wait = (name: string) => \`echo \${name} >> begun; while [ "$(cat hold 2>/dev/null)" = \${name} ]; do sleep 0.02; done\`
const act = (name: string, options = {}, exit = 0) =>
  command(name, { argv: ['sh', '-c', wait(name) + \`; echo \${name} >> log; exit \${exit}\`] }, options)
// Held in its turn only, not where it is looked at ahead.
const look = defineLook({ name: 'look', params: any, look: async ({ name, after }: any, host) => {
  await host.probe(sh\`sh -c \${\`[ "$(tail -n 1 log)" = \${after} ] || exit; \${wait(name)}\`}\`)
  return name
} })
const one = act('one', { notify: 'handler' })
export default playbook('play', {
  hosts: 'all',
  vars: any,
  tasks: ({ host }) => [
    one,
    decide('d1', { seen: look({ name: 'd1', after: 'one' }), one: resultOf(one) }, ({ seen, one: { returned } }) =>
      seen === 'd1' && returned['rc'] === 0 ? [act('inner')] : [act('wrong')]),
    block('b', { tasks: [act('bad', {}, 1), act('never')], rescue: [act('rescued')], always: [act('always')] }),
    decide('d2', { seen: look({ name: 'd2', after: 'always' }) }, () => []),
    copy('words', { content: words, dest: host.vars.dir + '/words' }),
    flushHandlers(),
    act('two', { notify: 'handler' }),
    decide('d3', { seen: look({ name: 'd3', after: 'two' }) }, () => []),
  ],
  handlers: () => [act('handler')],
})
`

let dir: string
beforeEach(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'skep-resume-')))
  for (const name of ['a', 'b']) await mkdir(join(dir, name))
  const host = (name: string) => ({ connection: { kind: 'local', cwd: join(dir, name) }, machine: name, vars: { dir: join(dir, name) } })
  await writeFile(join(dir, 'hosts.json'), JSON.stringify({ hosts: { a: host('a'), b: host('b') } }))
  await writeFile(join(dir, 'words.ts'), "export const words = 'hello'\n")
  await writeFile(join(dir, 'play.ts'), play)
})
afterEach(() => rm(dir, { recursive: true }))

const args = [main, 'run', 'play.ts', '-i', 'hosts.json']
const options = () => ({ cwd: dir, env: { ...process.env, SKEP_STATE: join(dir, 'state') } })
const skep = (...more: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...args, ...more], { ...options(), encoding: 'utf8', timeout: 30_000 })
  return { status, stdout, stderr }
}
const lines = async (name: string): Promise<readonly string[]> =>
  (await readFile(join(dir, name), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')
const journals = async () => readdir(join(dir, 'state/journals')).catch(() => [])
const until = async (what: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; !(await what()); tries += 1) {
    if (tries > 500) throw new Error('waited too long')
    await sleep(20)
  }
}

/** Runs until host b holds at a step, and ends that run with a signal. */
async function stopped(at: string, signal: 'SIGINT' | 'SIGKILL'): Promise<unknown> {
  await writeFile(join(dir, 'b/hold'), at)
  const child = spawn(process.execPath, args, { ...options(), stdio: 'ignore' })
  await until(async () => (await lines('b/begun')).at(-1) === at)
  // The other host is done with that step too, and its end is written down.
  if (whole.includes(at)) await until(async () => (await lines('a/log')).at(-1) === at)
  await sleep(200)
  const over = once(child, 'exit')
  child.kill(signal)
  if (signal === 'SIGINT') await sleep(100)
  await rm(join(dir, 'b/hold'))
  const [code] = await over
  // What was running on the host has ended too, whoever asked for it.
  if (whole.includes(at)) await until(async () => (await lines('b/log')).at(-1) === at)
  return code
}

async function expectWhole(twice?: string): Promise<void> {
  const more =
    twice === undefined ? whole : whole.flatMap((name, place) => (name === twice && whole.indexOf(name) === place ? [name, name] : [name]))
  expect(await lines('a/log')).toEqual(whole)
  expect(await lines('b/log')).toEqual(more)
  for (const name of ['a', 'b']) expect(await lines(`${name}/words`)).toEqual(['hello'])
  expect(await journals()).toEqual([])
}

test('a run that goes well leaves no journal, and there is nothing to go on with', async () => {
  expect(skep()).toMatchObject({ status: 0, stderr: '' })
  await expectWhole()
  expect(skep('--resume')).toMatchObject({ status: 1, stderr: expect.stringContaining('--resume: there is nothing to go on with') })
})

describe('killed', () => {
  test.each(['d1', 'd2', 'd3'])('at %s it goes on where each host stopped, and no command runs twice', async (at) => {
    await stopped(at, 'SIGKILL')
    expect(skep('--resume')).toMatchObject({ status: 0, stderr: '' })
    await expectWhole()
  })

  test.each(['one', 'inner', 'rescued', 'handler', 'two'])('while the command %s runs it asks, until somebody insists', async (at) => {
    await stopped(at, 'SIGKILL')
    const asks = {
      status: 2,
      stdout: expect.stringMatching(new RegExp(`FAILED +b: ${at} .*was begun by the run before, and nobody knows`)),
    }
    expect(skep('--resume', '-l', 'all')).toMatchObject({ status: 1 })
    expect(skep('--resume')).toMatchObject(asks)
    expect(skep('--resume')).toMatchObject(asks)
    expect(skep('--resume', '--force')).toMatchObject({ status: 0, stderr: '' })
    await expectWhole(at)
  })

  test('with a torn last line it goes on', async () => {
    await stopped('d2', 'SIGKILL')
    const [name = ''] = await journals()
    await appendFile(join(dir, 'state/journals', name), '{"line":"ended","host":"a","id":"')
    expect(skep('--resume').status).toBe(0)
    await expectWhole()
  })
})

test('past a decision whose ground is secret it goes on only with --force, which looks again', async () => {
  await writeFile(join(dir, 'play.ts'), play.replace("after: 'always' }) }, () => [])", "after: 'always' }) }, () => [], { noLog: true })"))
  await stopped('d3', 'SIGKILL')
  const says = expect.stringMatching(/what was found is not kept, since it is secret: a: 'd2' \(.*play\.ts:\d+\); b: 'd2'/)
  expect(skep('--resume')).toMatchObject({ status: 1, stdout: '', stderr: says })
  expect(skep('--resume', '--force').status).toBe(0)
  await expectWhole()
})

describe('interrupted', () => {
  test.each(['d1', 'd2', 'one', 'bad', 'rescued', 'handler', 'two'])(
    'at %s it lets that finish, says how to go on, and goes on',
    async (at) => {
      expect(await stopped(at, 'SIGINT')).toBe(130)
      expect(skep('--resume')).toMatchObject({ status: 0, stderr: '' })
      await expectWhole()
    },
  )
})

describe('after an edit', () => {
  const edits: Readonly<Record<string, [() => Promise<void>, string[], RegExp]>> = {
    'of the playbook': [() => appendFile(join(dir, 'play.ts'), '// more\n'), [], /has changed: the file play\.ts\. Go on/],
    'of what it imports': [() => appendFile(join(dir, 'words.ts'), '// more\n'), [], /has changed: the file words\.ts\. Go on/],
    'of a variable': [async () => undefined, ['-e', 'x=1'], /has changed: the variables\. Go on/],
    'of the inventory': [
      async () => {
        const path = join(dir, 'hosts.json')
        await writeFile(path, (await readFile(path, 'utf8')).replace('"machine":"a"', '"machine":"c"'))
      },
      [],
      /has changed: the inventory\. Go on/,
    ],
    'of the choice of tasks': [async () => undefined, ['--skip-tags', 'x'], /has changed: the choice of tasks\. Go on/],
  }
  test.each(Object.entries(edits))('%s it says so and goes on only with --force', async (_, [edit, more, says]) => {
    await stopped('d2', 'SIGKILL')
    await edit()
    const before = await lines('b/log')
    expect(skep('--resume', ...more)).toMatchObject({ status: 1, stdout: '', stderr: expect.stringMatching(says) })
    expect(await lines('b/log')).toEqual(before)
    expect(skep('--resume', '--force', ...more).status).toBe(0)
    await expectWhole()
  })
})

test('a journal is for nobody else, and holds no secret of the inventory', async () => {
  await writeFile(
    join(dir, 'hosts.ts'),
    `import { Secret } from ${from('runner/secret.ts')}
export default { vars: { dir: '/nowhere', canary: new Secret('canary-4711') }, hosts: { b: { connection: { kind: 'local' } } } }
`,
  )
  const secret = (...more: string[]) =>
    spawnSync(process.execPath, [main, 'run', 'play.ts', '-i', 'hosts.ts', ...more], { ...options(), encoding: 'utf8' })
  await writeFile(join(dir, 'play.ts'), play.replace('echo bad', 'echo canary-4711'))
  const { status, stderr } = secret()
  expect(status).toBe(2)
  expect(stderr).toContain('go on where it stopped with the same command and --resume')
  const [name = ''] = await journals()
  expect((await stat(join(dir, 'state'))).mode & 0o777).toBe(0o700)
  expect((await stat(join(dir, 'state/journals'))).mode & 0o777).toBe(0o700)
  expect((await stat(join(dir, 'state/journals', name))).mode & 0o777).toBe(0o600)
  expect(await readFile(join(dir, 'state/journals', name), 'utf8')).not.toContain('canary-4711')
  await writeFile(join(dir, 'hosts.ts'), (await readFile(join(dir, 'hosts.ts'), 'utf8')).replace('canary-4711', 'canary-4712'))
  expect(secret('--resume').stderr).toContain('has changed: the secrets.')
})
