import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const from = (path: string): string => JSON.stringify(pathToFileURL(join(root, path)).href)

const files = {
  'inv/hosts': `mail
[web]
w[1:2] ansible_host=10.0.0.1
[web:vars]
port=80
[all:vars]
ansible_become_password=hunter2
[wide:children]
web
`,
  'inv/group_vars/web.yml': '\nport: 81\n',
  'inv/group_vars/wide.ts': `import { Secret } from ${from('runner/secret.ts')}\nexport default { token: new Secret('hunter3') }\n`,
  'other.yml': 'web:\n  hosts:\n    w2:\n      port: 82\n    win:\n      ansible_connection: winrm\n',
  'play/site.ts': `import { z } from ${from('node_modules/zod/index.js')}
import { playbook } from ${from('runner/playbook.ts')}
import { command } from ${from('modules/command.ts')}
const vars = z.object({ port: z.int().default(1), size: z.int().default(3) })
export default [
  playbook('site', { hosts: 'web', vars, tasks: () => [command('do it', { argv: ['true'] })] }),
]
`,
  'play/wrong.ts': `import { z } from ${from('node_modules/zod/index.js')}
import { playbook } from ${from('runner/playbook.ts')}

export default playbook('wrong', { hosts: 'wbe', vars: z.object({}), tasks: () => [] })
`,
  'play/host_vars/w1.yml': 'port: 90\n',
}

let dir: string
beforeAll(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'skep-ci-')))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
})
afterAll(() => rmSync(dir, { recursive: true }))

function skep(...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'cli/main.ts'), ...words], {
    cwd: dir,
    encoding: 'utf8',
    timeout: 30_000,
  })
  return { status, stdout, stderr }
}

describe('skep inventory', () => {
  const web = { ansible_become_password: '***', ansible_host: '10.0.0.1', port: 81, token: '***' }

  test('--list shows what ansible-inventory shows, and no secret', () => {
    const { status, stdout, stderr } = skep('inventory', '--list', '-i', 'inv')
    expect([status, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toEqual({
      _meta: { hostvars: { mail: { ansible_become_password: '***' }, w1: web, w2: web }, profile: 'inventory_legacy' },
      all: { children: ['ungrouped', 'wide'] },
      ungrouped: { hosts: ['mail'] },
      web: { hosts: ['w1', 'w2'] },
      wide: { children: ['web'] },
    })
  })

  test('--list may be limited, and take variables and a playbook into account', () => {
    const { stdout } = skep(
      'inventory',
      '--list',
      '-i',
      'inv/hosts',
      '-i',
      'other.yml',
      '-l',
      'web:!win',
      '-e',
      'x=y',
      '--playbook-dir',
      'play',
    )
    expect(JSON.parse(stdout)).toMatchObject({
      web: { hosts: ['w1', 'w2'] },
      _meta: { hostvars: { w1: { port: 90, x: 'y' }, w2: { port: 82 } } },
    })
  })

  test('--host shows the variables of one host', () => {
    expect(JSON.parse(skep('inventory', '--host', 'w1', '-i', 'inv').stdout)).toEqual(web)
    expect(skep('inventory', '--host', 'web', '-i', 'inv')).toMatchObject({
      status: 1,
      stderr: 'skep: --host web: expected the name of one host, got 2 hosts\n',
    })
  })

  test('--graph draws groups and hosts, from any group', () => {
    const graph = ['@all:', '  |--@ungrouped:', '  |  |--mail', '  |--@wide:', '  |  |--@web:', '  |  |  |--w1', '  |  |  |--w2']
    expect(skep('inventory', '--graph', '-i', 'inv').stdout).toBe(`${graph.join('\n')}\n`)
    expect(skep('inventory', 'web', '--graph', '-i', 'inv').stdout).toBe('@web:\n  |--w1\n  |--w2\n')
    expect(JSON.parse(skep('inventory', 'wide', '--graph', '--json', '-i', 'inv').stdout)).toEqual({
      group: 'wide',
      children: [{ group: 'web', children: [], hosts: ['w1', 'w2'] }],
      hosts: [],
    })
  })

  const wrong: readonly (readonly [words: readonly string[], says: RegExp])[] = [
    [['--list'], /expected an inventory: -i 'local:' for this machine, or -i FILE/],
    [['-i', 'inv'], /expected one of --list, --graph and --host NAME/],
    [['--list', '--graph', '-i', 'inv'], /cannot be used with/],
    [['web', '--list', '-i', 'inv'], /expected no group but with --graph, got 'web'/],
    [['nope', '--graph', '-i', 'inv'], /no group is named 'nope'. The inventory has: all, ungrouped, web, wide/],
    [['--list', '-i', 'nowhere'], /inventory nowhere cannot be read: ENOENT/],
  ]
  test.each(wrong)('%j is one clear error', (words, says) => {
    const { status, stdout, stderr } = skep('inventory', ...words)
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(says)
  })
})

describe('skep vars', () => {
  test('shows every variable, its place, and what it overrode', () => {
    expect(skep('vars', 'w2', '-i', 'inv', '-i', 'other.yml', '-e', 'port=9').stdout).toBe(
      [
        'ansible_become_password = ***  (group all, inv/hosts:7)',
        'ansible_host = "10.0.0.1"  (host w2, inv/hosts:3)',
        'port = "9"  (command line -e)',
        '    over 82  (host w2, other.yml:4)',
        '    over 81  (group web, inv/group_vars/web.yml:2)',
        '    over 80  (group web, inv/hosts:5)',
        'token = ***  (group wide, inv/group_vars/wide.ts)',
        '',
      ].join('\n'),
    )
  })

  test('shows one variable, also as JSON', () => {
    expect(skep('vars', 'w1', 'port', '-i', 'inv').stdout).toBe(
      'port = 81  (group web, inv/group_vars/web.yml:2)\n    over 80  (group web, inv/hosts:5)\n',
    )
    expect(JSON.parse(skep('vars', 'w1', 'port', '-i', 'inv', '--json').stdout)).toEqual({
      value: 81,
      level: 'group',
      of: 'web',
      where: 'inv/group_vars/web.yml:2',
      overrode: [{ value: 80, level: 'group', of: 'web', where: 'inv/hosts:5' }],
    })
    expect(JSON.parse(skep('vars', 'w1', '-i', 'inv', '--json').stdout)).toMatchObject({
      token: { value: '***', where: 'inv/group_vars/wide.ts' },
    })
  })

  test('shows the defaults of a playbook too, and what lies beside it', () => {
    const { stdout } = skep('vars', 'w1', '-i', 'inv', '--playbook', 'play/site.ts')
    expect(stdout).toMatch(/^size = 3 {2}\(default of site, \S+play\/site\.ts:6\)$/m)
    expect(stdout).toMatch(/^port = 90 {2}\(host w1, play\/host_vars\/w1\.yml:1\)$/m)
  })

  test('says what there is where a name is wrong', () => {
    expect(skep('vars', 'w1', 'prot', '-i', 'inv')).toMatchObject({
      status: 1,
      stderr: "skep: w1 has no variable 'prot'. It has ansible_become_password, ansible_host, port, token\n",
    })
    expect(skep('vars', 'w9', '-i', 'inv')).toMatchObject({ status: 1, stderr: "skep: no host is named 'w9' in the inventory\n" })
  })
})

describe('skep run', () => {
  test('names the place where a variable of the wrong kind was set', () => {
    const { status, stderr } = skep('run', 'play/site.ts', '-i', 'inv', '-e', '{"port": "eighty"}')
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/variables of w1 for playbook 'site': parameter 'port': .*got "eighty" \(-e\)/),
    ])
  })

  test('refuses a host that cannot be reached, if it is chosen, and says where that is written', () => {
    const { status, stderr } = skep('run', 'play/site.ts', '-i', 'other.yml')
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^skep: win cannot be reached: other\.yml:6: ansible_connection is 'winrm'/),
    ])
  })

  test('names the line of a play whose hosts nobody knows', () => {
    const { status, stderr } = skep('run', 'play/wrong.ts', '-i', 'inv')
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/play\/wrong\.ts:4: playbook 'wrong': no host or group is named 'wbe'\. The inventory has: mail, w1, /),
    ])
  })
})
