import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { command } from '../../modules/command.ts'
import { localConnector } from '../../runner/connections/local.ts'
import type { Command, Connection, Plan, Returned, Task } from '../../runner/contract.ts'
import { CommandTimeout, ConnectionLost, OutcomeUnknown, TaskFailed } from '../../runner/errors.ts'
import { Secret } from '../../runner/secret.ts'
import { sh } from '../../runner/sh.ts'
import { readerOf, recorder } from './test-module.ts'

const refused: Record<string, [object, RegExp]> = {
  'nothing to run': [{}, /no command given/],
  'two commands (beh:M1)': [{ argv: ['a'], cmd: sh`b` }, /only command or argv can be given, not both/],
  'an unquoted command': [{ cmd: 'rm -rf x' }, /expected a command made by the sh tag, got "rm -rf x"/],
  'an empty argv': [{ argv: [] }, /argv/],
  'a time-out of nothing': [{ argv: ['a'], timeout: 0 }, /timeout.*got 0/],
}
for (const [what, [given, says]] of Object.entries(refused)) {
  test(`${what} is refused when the playbook is built`, () => expect(() => command('c', given as { argv: string[] })).toThrow(says))
}

const plans: Record<string, [Parameters<typeof command>[1], Record<string, object>, Partial<Plan>]> = {
  'alone it cannot be foreseen (beh:M3)': [
    { argv: ['a'] },
    {},
    { changes: true, untold: true, msg: 'Command would have run if not in check mode' },
  ],
  'with creates it runs only if that is missing (beh:M3)': [
    { argv: ['a'], creates: '/x*' },
    { 'in /x*;': { code: 1 } },
    { changes: true, untold: false },
  ],
  'with creates it does not run when that is there (beh:M3)': [
    { argv: ['a'], creates: '/x*' },
    { 'in /x*;': { code: 0 } },
    { changes: false, msg: 'skipped, since /x* exists' },
  ],
  'with removes it does not run when that is missing (beh:M3)': [
    { argv: ['a'], removes: 'y', chdir: '/d' },
    { 'cd -P -- /d': { code: 1 } },
    { changes: false, msg: 'skipped, since y does not exist' },
  ],
}
for (const [what, [given, machine, plan]] of Object.entries(plans)) {
  test(what, async () => expect(await command('c', given).plan(readerOf(machine))).toMatchObject(plan))
}

describe('a connection that drops while the command runs', () => {
  const dropping = (started: boolean): Connection => ({
    ...recorder().connection,
    run: async ({ text }: Command) => {
      throw new ConnectionLost('web1', text, started, 'it was shut')
    },
  })
  const outcomes = [
    { started: true, dropsConnection: true, kind: OutcomeUnknown },
    { started: false, dropsConnection: true, kind: ConnectionLost },
    { started: true, dropsConnection: false, kind: ConnectionLost },
  ]
  test.each(outcomes)('started: $started, dropsConnection: $dropsConnection', async ({ started, dropsConnection, kind }) => {
    const plan = await command('lock', { argv: ['machine/lock'], dropsConnection }).plan(readerOf({}))
    await expect(plan.apply(dropping(started))).rejects.toBeInstanceOf(kind)
  })
})

describe('command on a real host', () => {
  let on: Connection
  let dir: string
  beforeAll(async () => {
    dir = await realpath(await mkdtemp(join(tmpdir(), 'skep-k-')))
    on = await localConnector().connect({ name: 'here', vars: {}, connection: { kind: 'local', cwd: dir } }, new AbortController().signal)
  })
  afterAll(async () => {
    await on.close()
    await rm(dir, { recursive: true })
  })
  const apply = async (task: Task): Promise<Returned> => (await (await task.plan(on)).apply(on)).returned
  const failure = async (task: Task): Promise<TaskFailed> => {
    const error = await apply(task).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    if (error instanceof TaskFailed) return error
    throw new Error('expected a TaskFailed', { cause: error })
  }

  test('arguments arrive as they are, without a shell (beh:M1)', async () => {
    const args = ['$HOME', '*', "it's", 'a b', '', '-n', ';', '`id`', 'ü', '\n']
    const { stdout } = await apply(command('c', { argv: ['printf', '[%s]', ...args] }))
    expect(stdout).toBe(args.map((arg) => `[${arg}]`).join(''))
  })

  test('it returns rc, stdout, stderr, cmd, start, end and delta (beh:M7)', async () => {
    const returned = await apply(command('c', { cmd: sh`echo out; echo err >&2` }))
    expect(returned).toMatchObject({ rc: 0, stdout: 'out', stderr: 'err', cmd: 'echo out; echo err >&2' })
    expect(Object.keys(returned)).toEqual(['cmd', 'rc', 'stdout', 'stderr', 'start', 'end', 'delta'])
  })

  test('a failure keeps what was said (beh:M7)', async () => {
    const error = await failure(command('c', { cmd: sh`echo out; echo why >&2; exit 7` }))
    expect(error.message).toBe('non-zero return code 7: why')
    expect(error.returned).toMatchObject({ rc: 7, stdout: 'out', stderr: 'why' })
  })

  test('a program that is missing is named, with nothing else said (beh:M11)', async () => {
    for (const program of ['no-such-program', './nor-this', 'if', 'cd']) {
      const error = await failure(command('c', { argv: [program, 'x'] }))
      expect(error.message).toBe(`No such file or directory: ${program}`)
      expect(error.returned).toMatchObject({ rc: 2, stdout: '', stderr: '' })
    }
  })

  test('it runs where it is told, with links resolved (beh:M2)', async () => {
    await mkdir(join(dir, 'real'))
    await symlink('real', join(dir, 'link'))
    expect((await apply(command('c', { argv: ['pwd'], chdir: 'link' })))['stdout']).toBe(join(dir, 'real'))
    expect((await failure(command('c', { argv: ['pwd'], chdir: 'no such' }))).message).toBe(
      'Unable to change directory before execution: no such',
    )
  })

  test('creates and removes take globs, seen from chdir (beh:M3)', async () => {
    await writeFile(join(dir, 'made [1] *.txt'), '')
    const plan = (given: object): Promise<Plan> => command('c', { argv: ['true'], ...given }).plan(on)
    expect((await plan({ creates: 'made*' })).changes).toBe(false)
    expect((await plan({ creates: join(dir, 'made [[]1] ?.txt') })).changes).toBe(false)
    expect((await plan({ creates: 'other*' })).changes).toBe(true)
    expect((await plan({ removes: 'made*' })).changes).toBe(true)
    expect((await plan({ removes: 'made*', chdir: 'real' })).changes).toBe(false)
    expect((await plan({ creates: 'x; touch hacked; *' })).changes).toBe(true)
    await expect(readFile(join(dir, 'hacked'))).rejects.toThrow()
  })

  test('stdin is given, with a newline unless that is not wanted (beh:M4)', async () => {
    const lines = 'one\n  two\nthree'
    const read = async (given: object): Promise<unknown> =>
      (await apply(command('c', { argv: ['cat'], stripEmptyEnds: false, ...given })))['stdout']
    expect(await read({ stdin: lines })).toBe(`${lines}\n`)
    expect(await read({ stdin: lines, stdinAddNewline: false })).toBe(lines)
    expect(await read({ stdin: new Secret('swordfish') })).toBe('swordfish\n')
  })

  test('only line ends are stripped, never blanks (beh:M5)', async () => {
    expect((await apply(command('c', { argv: ['printf', ' a \r\n\n'] })))['stdout']).toBe(' a ')
  })

  test('a child in the background does not hold it (beh:M9)', async () => {
    const begun = performance.now()
    const { stdout } = await apply(command('c', { cmd: sh`sleep 20 & echo $!` }))
    expect(performance.now() - begun).toBeLessThan(10_000)
    await on.run(sh`kill ${String(stdout)}`)
  })

  test('output that is no text does no harm (beh:M10)', async () => {
    expect((await apply(command('c', { cmd: sh`printf '\377\376ok'` })))['stdout']).toBe('\ufffd\ufffdok')
  })

  test('a here document and quotes stay as they are (beh:M8)', async () => {
    expect(
      (
        await apply(
          command('c', {
            cmd: sh`cat <<'END'
  a  "b"
END`,
          }),
        )
      )['stdout'],
    ).toBe('  a  "b"')
  })

  test('over its time it is killed', async () => {
    const plan = await command('c', { cmd: sh`sleep 30`, timeout: 0.2 }).plan(on)
    await expect(plan.apply(on)).rejects.toBeInstanceOf(CommandTimeout)
  })

  test('changedWhen decides from what was returned', async () => {
    const plan = await command('c', { argv: ['echo', 'same'] }, { changedWhen: ({ stdout }) => stdout !== 'same' }).plan(on)
    expect((await plan.apply(on)).changed).toBe(false)
  })
})
