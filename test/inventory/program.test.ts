import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadInventory } from '../../inventory/load.ts'
import { type ProgramLimits, readProgram } from '../../inventory/program.ts'
import { Tree } from '../../inventory/tree.ts'

describe('an inventory that is a program', () => {
  let directory: string
  let made = 0
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'skep-x-'))
  })
  afterAll(() => rmSync(directory, { recursive: true }))

  const program = (script: string, mode = 0o755): string => {
    made += 1
    const path = join(directory, `inv${made}`)
    writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode })
    return path
  }
  const read = async (script: string, limits: Partial<ProgramLimits> = {}) => {
    const [tree, warned] = [new Tree(), [] as string[]]
    const path = program(script)
    const error = await readProgram(path, tree, (line) => warned.push(line.replace(path, 'PROGRAM')), limits).catch(
      (thrown: Error) => thrown,
    )
    return { tree, warned, says: error?.message.replaceAll(path, 'PROGRAM') }
  }

  test('is asked once where it says the variables of all hosts', async () => {
    const asked = join(directory, 'asked')
    const { tree } = await read(`echo "$*" >> ${asked}; echo '{"w": {"hosts": ["h1", "h2"]}, "_meta": {"hostvars": {"h1": {"a": 1}}}}'`)
    expect([...tree.hosts.keys()]).toEqual(['h1', 'h2'])
    expect(tree.hosts.get('h1')?.vars.get('a')).toMatchObject([{ value: 1, where: expect.stringMatching(/ --list$/) }])
    expect(readFileSync(asked, 'utf8')).toBe('--list\n')
  })

  test('is asked for each host otherwise', async () => {
    const { tree } = await read(`case "$1" in --list) echo '{"w": ["h1", "h2"]}';; --host) echo '{"name": "'$2'"}';; esac`)
    expect(tree.hosts.get('h2')?.vars.get('name')).toMatchObject([{ value: 'h2', where: expect.stringMatching(/ --host h2$/) }])
  })

  test('may say things aside, which are shown', async () => {
    const { warned, says } = await read(`echo 'asking the cloud' >&2; echo '{"_meta": {"hostvars": {}}}'`)
    expect([says, warned]).toEqual([undefined, ['PROGRAM: asking the cloud']])
  })

  const wrong: Record<string, [string, RegExp, Partial<ProgramLimits>?]> = {
    'ends with an error': [`echo 'no credentials' >&2; exit 3`, /^inventory PROGRAM --list ended with exit code 3; what it said is above$/],
    'ends with an error and says nothing': ['exit 1', /ended with exit code 1 and said nothing/],
    'is ended by a signal': ['kill -9 $$', /ended with signal SIGKILL/],
    'answers nothing': ['true', /--list answered nothing: expected an object of groups as JSON/],
    'answers no JSON': ['echo hello', /^inventory PROGRAM --list: its answer is not JSON: /],
    'answers a list': ['echo "[1]"', /expected an object of groups, got a list/],
    'has hosts that are no list': [
      `echo '{"w": {"hosts": "h1"}}'`,
      /PROGRAM --list: expected 'hosts' of the group 'w' to be a list, got a text/,
    ],
    'has a host that is no text': [`echo '{"w": [1]}'`, /expected the name of a host to be a text, got 1/],
    'has hostvars that are no object': [`echo '{"_meta": {"hostvars": []}}'`, /expected '_meta\.hostvars' to be an object, got a list/],
    'has templates': [`echo '{"w": {"hosts": ["h"], "vars": {"a": "{{ b }}"}}}'`, /PROGRAM --list: the value of 'a' is a Jinja expression/],
    'takes too long': ['sleep 60 & sleep 60', /^inventory PROGRAM --list gave no answer within 0\.3 s and was ended$/, { timeoutMs: 300 }],
    'says too much': ['yes', /^inventory PROGRAM --list said more than 100000 bytes and was ended$/, { bytes: 100_000 }],
  }
  test.each(Object.entries(wrong))('and %s is one clear error', async (_, [script, says, limits]) => {
    expect((await read(script, limits)).says).toMatch(says)
  })

  test('and takes too long leaves nothing behind', async () => {
    const mark = join(directory, 'late')
    await read(`(sleep 0.8; touch ${mark}) & wait`, { timeoutMs: 200 })
    await setTimeout(1_200)
    expect(existsSync(mark)).toBe(false)
  })

  test('is one only with a line that names its interpreter; data that may be executed are data', async () => {
    const path = join(directory, 'data.ini')
    writeFileSync(path, '[w]\nh1\n', { mode: 0o755 })
    expect((await loadInventory([path])).hosts.map(({ name }) => name)).toEqual(['h1'])
    const script = program(`echo '{"w": ["h9"]}'`, 0o644)
    await expect(loadInventory([script])).rejects.toThrow(/expected name=value/)
  })
})
