import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand } from '../../cli/run.ts'
import { makeSshKey } from '../../custody/ssh-keys.ts'
import type { SshAddress } from '../../runner/contract.ts'
import { startTestHost, type TestHost } from './connections/servers.ts'

const root = join(import.meta.dirname, '../..')
const main = join(root, 'cli/main.ts')

describe('skep run', () => {
  let dir: string
  beforeAll(async () => {
    dir = await realpath(await mkdtemp(join(tmpdir(), 'skep-r-')))
    // Outside the project, so that the file names its imports in full.
    const from = (path: string): string => JSON.stringify(pathToFileURL(join(root, path)).href)
    await writeFile(
      join(dir, 'play.ts'),
      `import { playbook } from ${from('runner/playbook.ts')}
import { command } from ${from('modules/command.ts')}
const vars: any = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } }
export default playbook('play', { hosts: 'all', vars, tasks: ({ vars }: any) => [command('do it', { argv: ['sh', '-c', vars.do] })] })
`,
    )
  })
  afterAll(() => rm(dir, { recursive: true }))
  const env = () => ({ ...process.env, SKEP_STATE: join(dir, 'state') })
  const skep = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'run', ...args], {
      cwd: dir,
      env: env(),
      encoding: 'utf8',
      timeout: 30_000,
    })
    return { status, stdout, stderr }
  }
  const example = join(root, 'playbooks/example.ts')

  test('check, apply, apply, check of the example: changed, changed, same, same', async () => {
    const args = [example, '-i', 'local:', '-e', `directory=${join(dir, 'ex')}`, '--format', 'json']
    const changed = (output: { stdout: string }) =>
      (JSON.parse(output.stdout.trim().split('\n').at(-1) ?? '') as { hosts: Record<string, { changed: number }> }).hosts['localhost']
        ?.changed
    expect(changed(skep(...args, '-C'))).toBeGreaterThan(0)
    await expect(readFile(join(dir, 'ex/greeting'))).rejects.toThrow()
    const applied = skep(...args)
    expect(applied).toMatchObject({ status: 0, stderr: '' })
    expect(changed(applied)).toBe(4)
    expect(await readFile(join(dir, 'ex/hello'), 'utf8')).toBe('hello from localhost\n')
    expect(changed(skep(...args))).toBe(0)
    expect(changed(skep(...args, '-C'))).toBe(0)
    for (const line of applied.stdout.trim().split('\n')) expect(['result', 'summary']).toContain(JSON.parse(line).type)
  })

  test('off a terminal pretty is plain, and -D shows what differs', () => {
    const { status, stdout } = skep(
      example,
      '-i',
      'local:',
      '-e',
      `{"directory": ${JSON.stringify(join(dir, 'ex2'))}, "greeting": "hi"}`,
      '-CD',
    )
    expect(status).toBe(0)
    expect(stdout).toMatch(/\+ owner: "\w+"\n +\+ group: "\w+"\nchanged +localhost: keep a private directory\n/)
    expect(stdout).not.toContain('\x1b')
  })

  test('a task that fails is exit code 2', () => {
    const { status, stdout } = skep('play.ts', '-i', 'local:', '-e', 'do=echo why >&2; exit 3')
    expect(status).toBe(2)
    expect(stdout).toMatch(/FAILED +localhost: do it \(non-zero return code 3: why\)/)
  })

  const mistakes: Record<string, [string[], RegExp]> = {
    'no inventory': [['play.ts'], /expected an inventory: -i 'local:' for this machine/],
    'no playbook': [['-i', 'local:'], /missing required argument 'playbook'/],
    'a playbook that is not there': [['no.ts', '-i', 'local:'], /there is no playbook no\.ts/],
    'a file that is no playbook': [[join(root, 'runner/sh.ts'), '-i', 'local:'], /expected a default export made by playbook/],
    'a variable that is wrong': [
      [example, '-i', 'local:', '-e', 'directory=x'],
      /parameter 'directory': expected an absolute path, got "x"/,
    ],
    'a variable that is missing': [[example, '-i', 'local:'], /parameter 'directory'.*got nothing/],
    'a variable without value': [[example, '-i', 'local:', '-e', 'directory'], /Expected k=v or a JSON object/],
    'a host that nobody has': [[example, '-i', 'local:', '-l', 'web1'], /no host or group is named 'web1'. The inventory has: localhost/],
    'a limit that leaves nobody': [[example, '-i', 'local:', '-l', 'web*'], /no host of the inventory is chosen by 'all' and -l 'web\*'/],
    'forks of nothing': [[example, '-i', 'local:', '-f', '0'], /Expected a whole number from 1 to 9999/],
    'force without resume': [[example, '-i', 'local:', '-e', `directory=/nowhere`, '--force'], /--force: expected it with --resume/],
    'resume in check mode': [[example, '-i', 'local:', '-C', '--resume'], /--resume: expected it without --check/],
    'a format that is none': [[example, '-i', 'local:', '--format', 'xml'], /Allowed choices are pretty, plain, json/],
    'an inventory that is not there': [[example, '-i', 'none.json'], /inventory none\.json cannot be read: ENOENT/],
  }
  for (const [what, [args, says]] of Object.entries(mistakes)) {
    test(`${what} is one clear error`, async () => {
      const absolute = args.map((arg) => (arg === 'play.ts' ? join(dir, arg) : arg))
      const command = runCommand()
        .exitOverride()
        .configureOutput({ writeErr: () => undefined })
      await expect(command.parseAsync(absolute, { from: 'user' })).rejects.toThrow(says)
    })
  }

  test('an error is told in one line, with exit code 1', () => {
    const { status, stderr, stdout } = skep(example, '-i', 'none.json')
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^skep: inventory none\.json cannot be read: [^\n]*\n$/)
  })

  test('an interrupt lets the task finish, begins no other, and is exit code 130', async () => {
    const marker = join(dir, 'finished')
    const child = spawn(
      process.execPath,
      [main, 'run', 'play.ts', 'play.ts', '-i', 'local:', '-e', `do=echo begun >${marker}.0; sleep 1; echo end >>${marker}`],
      { cwd: dir, env: env() },
    )
    for (let tries = 0; tries < 200 && !(await readFile(`${marker}.0`).catch(() => undefined)); tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 25))
    child.kill('SIGINT')
    const [code] = await once(child, 'exit')
    expect(code).toBe(130)
    expect(await readFile(marker, 'utf8')).toBe('end\n')
  })

  describe('over SSH', () => {
    let server: TestHost
    beforeAll(async () => {
      server = await startTestHost()
      const { privateKey, ...address } = server.host.connection as SshAddress
      await writeFile(join(dir, 'key'), privateKey?.reveal() ?? '', { mode: 0o600 })
      const good = { ...address, privateKeyFile: 'key' }
      const hosts = { good: { connection: good }, imposter: { connection: { ...good, hostKey: makeSshKey().publicKey } } }
      await writeFile(join(dir, 'hosts.json'), JSON.stringify({ hosts }))
    })
    afterAll(() => server.stop())
    // The server lives in this process, so the command may not block it.
    const run = async (...args: string[]) => {
      const child = spawn(process.execPath, [main, 'run', 'play.ts', '-i', 'hosts.json', ...args], { cwd: dir, env: env() })
      let stdout = ''
      child.stdout.on('data', (part) => {
        stdout += part
      })
      const [status] = await once(child, 'close')
      return { status, stdout }
    }

    test('it works', async () => {
      const { status, stdout } = await run('-e', 'do=echo there', '-l', 'good', '-v')
      expect(status).toBe(0)
      expect(stdout).toContain('stdout: there')
    })

    test('an unreachable host is exit code 4, with a failed one 6', async () => {
      expect(await run('-e', 'do=true')).toMatchObject({
        status: 4,
        stdout: expect.stringMatching(/UNREACHABLE imposter \(Refused to log in to imposter/),
      })
      expect((await run('-e', 'do=false')).status).toBe(6)
    })
  })
})
