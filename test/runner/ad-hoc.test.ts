import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'

const main = join(import.meta.dirname, '../../cli/main.ts')
const dir = mkdtempSync(join(tmpdir(), 'skep-adhoc-'))
afterAll(() => rmSync(dir, { recursive: true }))

const skep = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { cwd: dir, encoding: 'utf8', timeout: 30_000 })
  return { status, stdout, stderr }
}

describe('skep do', () => {
  const made = JSON.stringify({ path: join(dir, 'made'), state: 'directory', mode: '0700' })

  test('does one task, and nothing when it is done', () => {
    const first = skep('do', 'all', 'file', made, '-i', 'local:', '--format', 'json')
    expect(first.status).toBe(0)
    expect(JSON.parse(first.stdout.split('\n')[0] ?? '')).toMatchObject({ type: 'result', module: 'file', changed: true, mode: '0700' })
    expect(skep('do', 'all', 'file', made, '-i', 'local:').stdout).toMatch(/^ok +localhost: file$/m)
  })

  test('in check mode says that a command would run, and does not run it', () => {
    const { stdout } = skep('do', 'all', 'command', '{"argv":["touch","no"]}', '-i', 'local:', '-C', '--format', 'json')
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({ skipped: true, changed: false, failed: false })
  })
})

describe('skep sh', () => {
  test('runs one line of shell and shows what it said', () => {
    const { status, stdout } = skep('sh', 'all', '-i', 'local:', '--', 'echo one; echo two')
    expect(status).toBe(0)
    expect(stdout).toContain('    stdout: one\n      two\n')
  })

  test('ends with 2 when the command fails', () => {
    expect(skep('sh', 'all', '-i', 'local:', '--', 'exit', '3')).toMatchObject({ status: 2, stdout: expect.stringContaining('rc: 3') })
  })
})

describe('one clear error and exit code 1 for', () => {
  const mistakes: Readonly<Record<string, [readonly string[], RegExp]>> = {
    'a module that is none': [['do', 'all', 'fiel', '-i', 'local:'], /there is no module 'fiel'; there are: .*\bfile\b/],
    'a path for a module': [['do', 'all', '../cli/do', '-i', 'local:'], /there is no module '\.\.\/cli\/do'/],
    'parameters that are no JSON': [['do', 'all', 'file', '{', '-i', 'local:'], /Expected a JSON object/],
    'a parameter that is misspelt': [['do', 'all', 'file', '{"paht":"/x"}', '-i', 'local:'], /Unrecognized key: "paht"/],
    'hosts that nobody has': [['sh', 'web1', '-i', 'local:', '--', 'id'], /no host or group is named 'web1'/],
    'no command': [['sh', 'all', '-i', 'local:'], /missing required argument 'command'/],
    'no inventory': [['sh', 'all', '--', 'id'], /expected an inventory/],
  }
  for (const [what, [args, says]] of Object.entries(mistakes)) {
    test(what, () => {
      const { status, stdout, stderr } = skep(...args)
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
      expect(stderr).toMatch(says)
      expect(stderr.trim().split('\n')).toHaveLength(1)
    })
  }
})
