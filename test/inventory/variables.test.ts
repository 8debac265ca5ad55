import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LoadedInventory, type LoadOptions, loadInventory } from '../../inventory/load.ts'
import { UsageError } from '../../runner/errors.ts'
import { Secret } from '../../runner/secret.ts'

const secretModule = JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../runner/secret.ts')).href)

describe('variables', () => {
  let root: string
  let made = 0
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'skep-v-'))
  })
  afterAll(() => rmSync(root, { recursive: true }))

  /** Loads files that are laid out in a directory of their own; places in it are shown without it. */
  const load = async (files: Record<string, string>, sources: readonly string[], options: LoadOptions = {}) => {
    made += 1
    const directory = join(root, String(made))
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true })
      writeFileSync(join(directory, path), text)
    }
    const within = (text: string): string => text.replaceAll(`${directory}/`, '')
    const beside = options.playbookDir === undefined ? {} : { playbookDir: join(directory, options.playbookDir) }
    const inventory = await loadInventory(
      sources.map((source) => join(directory, source)),
      { ...options, ...beside },
    ).catch((error: unknown) => {
      throw error instanceof UsageError ? new UsageError(within(error.message)) : error
    })
    return { inventory, within, directory }
  }
  const history = ({ inventory, within }: { inventory: LoadedInventory; within: (text: string) => string }, host: string, key: string) =>
    (inventory.variables(host).get(key) ?? []).map(({ value, where, level, of }) => [value, level, of, within(where)])

  test('know their level and line, and all that they overrode', async () => {
    const files = {
      'hosts.yml':
        'all:\n  vars:\n    port: 1\n  children:\n    web:\n      vars: { port: 2 }\n      hosts:\n        w1:\n          port: 4\n        w2:\n',
      'group_vars/all.yml': '# first line\nport: 11\n',
      'group_vars/web/a.yml': 'other: 1\nport: 3\n',
      'group_vars/web/b.json': '{\n  "port": 31\n}',
      'host_vars/w1.yml': '---\n\nport: 5\n',
      'play/group_vars/web.yml': 'port: 33\n',
      'play/host_vars/w1.yaml': 'port: 6\n',
    }
    const loaded = await load(files, ['hosts.yml'], { playbookDir: 'play', extraVars: { port: 7 } })
    expect(history(loaded, 'w1', 'port')).toEqual([
      [1, 'group', 'all', 'hosts.yml:3'],
      [2, 'group', 'web', 'hosts.yml:6'],
      [11, 'group', 'all', 'group_vars/all.yml:2'],
      [3, 'group', 'web', 'group_vars/web/a.yml:2'],
      [31, 'group', 'web', 'group_vars/web/b.json:2'],
      [33, 'group', 'web', 'play/group_vars/web.yml:1'],
      [4, 'host', 'w1', 'hosts.yml:9'],
      [5, 'host', 'w1', 'host_vars/w1.yml:3'],
      [6, 'host', 'w1', 'play/host_vars/w1.yaml:1'],
      [7, 'command line', undefined, '-e'],
    ])
    const [, w2] = loaded.inventory.hosts
    expect([w2?.name, w2?.vars['port'], w2?.origins?.['port']]).toEqual(['w2', 7, '-e'])
    const elsewhere = await loaded.inventory.beside(join(loaded.directory, 'nowhere'))
    expect(elsewhere.variables('w1').get('port')?.at(-2)?.value).toBe(5)
  })

  test('may come from TypeScript, where they may be secrets', async () => {
    const files = {
      hosts: '[web]\nw1\n',
      'group_vars/web.ts': `import { Secret } from ${secretModule}\nexport default { token: new Secret('hush'), size: 3 as number }\n`,
      'host_vars/w1/x.mjs': 'export default { list: [1, { a: null }] }\n',
    }
    const { inventory } = await load(files, ['hosts'])
    const vars = inventory.hosts[0]?.vars ?? {}
    expect(vars).toMatchObject({ size: 3, list: [1, { a: null }] })
    expect(vars['token'] instanceof Secret && vars['token'].reveal()).toBe('hush')
  })

  test('that are passwords by their name are secrets, wherever they are written', async () => {
    const files = { hosts: 'h1 ansible_become_password=hunter2\n[all:vars]\nansible_become_pass=hunter1\n' }
    const { inventory } = await load(files, ['hosts'], { extraVars: { ansible_become_password: 'hunter3' } })
    const [host] = inventory.hosts
    expect(JSON.stringify(Object.values(host?.vars ?? {}).map(String))).toBe('["***","***"]')
    expect(host?.becomePassword?.reveal()).toBe('hunter3')
  })

  describe('that two groups set', () => {
    const ini = (more: string): string => `h1 own=1\n[a]\nh1\n[b]\nh1\n[a:vars]\nk=1\n[b:vars]\n\nk=2\n${more}`
    test('differently are an error that names both files and lines, and says what to do', async () => {
      await expect(load({ hosts: ini('') }, ['hosts'])).rejects.toThrow(
        "h1 gets 'k' from two groups that count the same, and they do not agree: a (hosts:7) and b (hosts:10). Say which counts: set 'k' for the host itself " +
          '(host_vars/h1.yml), or give one group more weight with ansible_group_priority=2 in the inventory, or make one a child of the other.',
      )
    })

    const wrong: Record<string, Record<string, string>> = {
      'in files beside the inventory': { hosts: '[a]\nh1\n[b]\nh1\n', 'group_vars/a.yml': 'k: 1\n', 'group_vars/b.yml': '\nk: 2\n' },
      'one in the inventory, one in a file': { hosts: '[a]\nh1\n[b]\nh1\n[a:vars]\nk=1\n', 'group_vars/b.yml': 'k: 2\n' },
      'as lists in another order': { hosts: '[a]\nh1\n[b]\nh1\n[a:vars]\nk=[1,2]\n[b:vars]\nk=[2,1]\n' },
      'with equal priorities': { hosts: ini('[a:vars]\nansible_group_priority=5\n[b:vars]\nansible_group_priority=5\n') },
      'where their parent says something too': { hosts: ini('[p:children]\na\nb\n[p:vars]\nk=0\n') },
    }
    test.each(Object.entries(wrong))('differently %s are an error', async (_, files) => {
      await expect(load(files, ['hosts'])).rejects.toThrow(
        /h1 gets 'k' from two groups that count the same.*: a \(\S+:\d+\) and b \(\S+:\d+\)/,
      )
    })

    const fine: Record<string, [Record<string, string>, unknown]> = {
      'alike are no conflict': [{ hosts: ini('[b:vars]\nk=1\n') }, 1],
      'as maps in another order are no conflict': [
        { hosts: "[a]\nh1\n[b]\nh1\n[a:vars]\nk={'x': 1, 'y': 2}\n[b:vars]\nk={'y': 2, 'x': 1}\n" },
        { x: 1, y: 2 },
      ],
      'differently count by their priority': [{ hosts: ini('[a:vars]\nansible_group_priority=2\n') }, 1],
      'differently give way to the host': [{ hosts: ini(''), 'host_vars/h1.yml': 'k: 3\n' }, 3],
      'differently give way to a group that is deeper': [{ hosts: ini('[c:children]\nd\n[d]\nh1\n[d:vars]\nk=4\n') }, 4],
      'differently, of which one is the parent, count from the child': [{ hosts: ini('[b:children]\na\n') }, 1],
      'but for other hosts are no conflict': [{ hosts: '[a]\nh1\n[b]\nh2\n[a:vars]\nk=1\n[b:vars]\nk=2\n' }, 1],
    }
    test('differently give way to the command line', async () => {
      const { inventory } = await load({ hosts: ini('') }, ['hosts'], { extraVars: { k: 9 } })
      expect(inventory.hosts[0]?.vars['k']).toBe(9)
    })

    test.each(Object.entries(fine))('%s', async (_, [files, value]) => {
      const { inventory } = await load(files, ['hosts'])
      expect(inventory.hosts.find(({ name }) => name === 'h1')?.vars['k']).toEqual(value)
    })
  })

  test('of this machine are there for patterns that name it though no inventory does', async () => {
    const { inventory } = await load({ hosts: 'h1\n[all:vars]\na=1\n', 'host_vars/localhost.yml': 'b: 2\n' }, ['hosts'])
    expect(inventory.hosts.map(({ name }) => name)).toEqual(['h1'])
    expect(inventory.choose('localhost')).toMatchObject([{ name: 'localhost', vars: { a: 1, b: 2 }, connection: { kind: 'local' } }])
  })

  test('in a file that another one hides are told of, and in TypeScript and YAML at once refused', async () => {
    const warned: string[] = []
    const { within } = await load({ hosts: 'h1\n', 'group_vars/all.yml': 'a: 1\n', 'group_vars/all.json': '{"a": 2}' }, ['hosts'], {
      warn: (line) => warned.push(line),
    })
    expect(warned.map(within)).toEqual(['group_vars/all.json is not read, for there is group_vars/all.yml'])
    const both = { hosts: 'h1\n', 'group_vars/all.yml': 'a: 1\n', 'group_vars/all.ts': 'export default {}' }
    await expect(load(both, ['hosts'])).rejects.toThrow("group_vars/all.yml and group_vars/all.ts are both for 'all': keep one of the two")
  })

  test('are never looked for outside group_vars and host_vars, whatever a name says', async () => {
    const files = {
      'inv/h.yml': '{all: {hosts: {"../../secret": , "..": }}}',
      'secret.yml': 'k: 1\n',
      'inv/secret.yml': 'k: 1\n',
      'inv/host_vars/x.yml': '',
    }
    const { inventory } = await load(files, ['inv/h.yml'])
    expect(inventory.hosts.map(({ vars }) => vars)).toEqual([{}, {}])
  })
})
