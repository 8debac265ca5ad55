import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LoadedInventory, type LoadOptions, loadInventory } from '../../inventory/load.ts'
import { UsageError } from '../../runner/errors.ts'

let root: string
let made = 0
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'skep-w-'))
})
afterAll(() => rmSync(root, { recursive: true }))

async function load(files: Readonly<Record<string, string>>, options: LoadOptions = {}): Promise<LoadedInventory> {
  made += 1
  const directory = join(root, String(made))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  return loadInventory([join(directory, Object.keys(files)[0] ?? '')], options)
}

const yaml = (text: string) => ({ 'h.yml': text })
const ini = (text: string) => ({ 'h.ini': text })
const json = (value: unknown) => ({ 'h.json': JSON.stringify(value) })
const vars = (text: string, name = 'group_vars/all.yml') => ({ 'h.ini': 'h1\n', [name]: text })

/** Each map has nine of the one before: a few lines that stand for 9^9 values. */
const laughs = [...'abcdefghij']
  .map(
    (name, index, all) =>
      `${name}: &${name} [${Array(9)
        .fill(index === 0 ? 'lol' : `*${all[index - 1]}`)
        .join(', ')}]`,
  )
  .join('\n')

const wrong: Record<string, [Readonly<Record<string, string>>, RegExp]> = {
  'a template in YAML': [
    vars('a: 1\nurl: "http://{{ host }}/"\n'),
    /all\.yml:2: the value of 'url' is a Jinja expression, which Skep does not evaluate.*in the playbook/,
  ],
  'a statement of Jinja deep in a list': [
    vars('a:\n  - b:\n    - "{% if x %}y{% endif %}"\n'),
    /all\.yml:3: the value of 'a' is a Jinja expression/,
  ],
  'a template in INI': [ini('[w:vars]\na={{ b }}\n[w]\n'), /h\.ini:2: the value of 'a' is a Jinja expression/],
  'a template beside a host in INI': [ini("h1 a='{{ b }}'\n"), /h\.ini:1: the value of 'a' is a Jinja/],
  'a template in JSON': [json({ all: { hosts: { h: { a: ['{{ x }}'] } } } }), /h\.json:1: the value of 'a' is a Jinja/],
  'a value for Ansible Vault': [
    vars('a: 1\nb: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3962\n'),
    /all\.yml:2: 'b' is encrypted with Ansible Vault.*'ansible-vault view'.*as a Secret from a \.ts file/,
  ],
  'an encrypted text': [ini('h1 p=$ANSIBLE_VAULT;1.1;AES256\n'), /h\.ini:1: 'p' is encrypted with Ansible Vault/],
  'an encrypted value in JSON': [json({ all: { vars: { p: { __ansible_vault: 'x' } } } }), /'p' is encrypted with Ansible Vault/],
  'an encrypted file': [vars('$ANSIBLE_VAULT;1.1;AES256\n6132\n'), /all\.yml: the file is encrypted with Ansible Vault/],
  'an encrypted inventory': [{ hosts: '$ANSIBLE_VAULT;1.1;AES256\n6132\n' }, /hosts: the file is encrypted with Ansible Vault/],

  'a group below itself': [
    ini('[a:children]\nb\n[b:children]\nc\n[c:children]\na\n'),
    /^The group 'b' is below itself: b > c > a > b \(\S+h\.ini:2; \S+h\.ini:4; \S+h\.ini:6\)\. Take one of these out$/,
  ],
  'a group that is its own child': [json({ g: { children: ['g'] }, _meta: { hostvars: {} } }), /The group 'g' is below itself: g > g/],
  'groups below each other in YAML': [
    yaml('a:\n  children:\n    b:\n      children:\n        a:\n'),
    /The group 'b' is below itself: b > a > b \(\S+:3; \S+:5\)/,
  ],
  'the group all below another': [yaml('x:\n  children:\n    all:\n'), /The group '(?:all|x)' is below itself/],
  'a group that is declared nowhere': [
    ini('[a:children]\nb\n'),
    /h\.ini:2: \[a:children\] names the group 'b', which is declared nowhere: add \[b\]/,
  ],
  'variables for a group that is declared nowhere': [
    ini('[b:vars]\nx=1\n'),
    /h\.ini:1: \[b:vars\] is for the group 'b', which is declared nowhere/,
  ],
  'a kind of section that there is not': [ini('[b:child]\n'), /h\.ini:1: \[b:child\] is no kind of section: expected :vars or :children/],
  'a section with a blank in it': [ini('[my group]\n'), /h\.ini:1: a section is written \[group\]/],
  'a word without =': [ini('h1 ansible_user ops\n'), /h\.ini:1: expected name=value, got 'ansible_user'/],
  'a quote that is not closed': [ini('h1 a="x\n'), /h\.ini:1: a quote \("\) is opened and not closed/],
  'YAML in a file that says it is INI': [
    ini('---\nall:\n  hosts:\n'),
    /h\.ini:1: '---' is no host. If this is YAML, its file has to end in \.yml/,
  ],
  'a host twice with different variables': [
    ini('[w]\nh1 a=1\n[x]\n[w]\nh1 a=2\n'),
    /h\.ini:5: the host 'h1' is in \[w\] already \(\S+h\.ini:2\), with another 'a': keep one of the two/,
  ],
  'a host twice in YAML': [
    yaml('all:\n  hosts:\n    h1:\n    h2:\n    h1:\n'),
    /h\.yml:5: 'h1' is here already, in line 3: keep one of the two/,
  ],
  'a variable twice': [vars('a: 1\nb: 2\na: 3\n'), /all\.yml:3: 'a' is here already, in line 1/],
  'a priority that is no number': [
    ini('[g:vars]\nansible_group_priority=high\n[g]\n'),
    /h\.ini:2: expected ansible_group_priority to be a whole number, got "high"/,
  ],

  'aliases that stand for too much': [vars(`${laughs}\n`), /all\.yml:\d+: aliases \(\*name\) stand for more than 250000 values/],
  'an alias within what it stands for': [vars('a: &a [1, *a]\n'), /all\.yml:1: \*a stands for what it is a part of/],
  'an alias of nothing': [vars('a: *b\n'), /all\.yml:1: (?:\*b stands for nothing|not valid YAML: Unresolved alias)/],
  'more levels than anybody needs': [
    vars(`a: ${'['.repeat(300)}${']'.repeat(300)}\n`),
    /all\.yml:1: more than 100 levels within each other/,
  ],
  'so many levels that reading them ends the program': [
    vars(`a: ${'['.repeat(20_000)}\n`),
    /all\.yml(?::1)?: (?:not valid YAML|more than 100 levels)/,
  ],
  'a tag that is not known': [vars('a: !!python/object:os.system x\n'), /all\.yml:1: the tag \S+ is not known: write the value without it/],
  'a map with a tag of its own': [vars('a: !foo {b: 1}\n'), /all\.yml:1: the tag !foo is not known/],
  'a number that cannot be held': [
    vars('a: 12345678901234567890\n'),
    /all\.yml:1: the number 12345678901234567890 cannot be held exactly: put it in quotes/,
  ],
  infinity: [vars('a: .inf\n'), /all\.yml:1: the number \.inf cannot be held exactly/],
  'two documents': [vars('a: 1\n---\nb: 2\n'), /all\.yml:\d: not valid YAML: Source contains multiple documents/],
  'a tab where blanks have to be': [vars('a:\n\tb: 1\n'), /all\.yml:2: not valid YAML/],
  'variables that are a list': [vars('- a\n'), /all\.yml:1: expected variables as 'name: value', got a list/],
  'a TypeScript file without variables': [
    vars('export const a = 1', 'group_vars/all.ts'),
    /all\.ts: expected variables as the default export/,
  ],
  'a TypeScript file that breaks': [vars('throw new Error("oh")', 'group_vars/all.ts'), /all\.ts cannot be loaded: oh/],
  'a function as a variable': [vars('export default { f: () => 1 }', 'group_vars/all.ts'), /all\.ts: parameter 'f'/],

  'a range that nobody can mean': [
    ini('web[1:4000000000]\n'),
    /h\.ini:1: 'web\[1:4000000000\]' stands for 4000000000 hosts; 100000 are the most/,
  ],
  'many ranges that nobody can mean': [yaml('all: {hosts: {"w[1:999][1:999][1:999]": }}\n'), /stands for 997002999 hosts/],
  'a control character in the name of a host': [
    json({ all: { hosts: { 'h\u001b2J': {} } } }),
    /the name of a host has a control character in it, or one that cannot be seen: 'h\\u001b2J'/,
  ],
  'a line break in the name of a group': [json({ 'a\nb': { hosts: {} } }), /the name of a group has a control character.*'a\\u000ab'/],
  'a name that reads from right to left': [yaml('all: {hosts: {"a\u202eb": }}\n'), /'a\\u202eb'/],
  'an empty name': [yaml('all: {hosts: {"": }}\n'), /the name of a host is empty/],
  'a name longer than any': [ini(`${'h'.repeat(300)}\n`), /the name of a host is 300 characters long; 255 are the most/],
  'a host that is a number': [
    yaml('all:\n  hosts:\n    12:\n'),
    /h\.yml:3: expected the name of a host to be a text, got 12. Put it in quotes/,
  ],
  'a group that is a number': [yaml('7:\n  hosts: {a: }\n'), /h\.yml:1: expected the name of a group to be a text, got 7/],
  'hosts as a list': [yaml('all:\n  hosts: [a, b]\n'), /(?:h\.yml:2: expected 'hosts' of the group 'all' to be a map)/],
  'groups as a list': [yaml('- a\n'), /h\.yml:1: expected groups, like 'all: \{ hosts: … \}', got a list/],
  'the configuration of a plugin': [
    yaml('plugin: aws_ec2\nregions: []\n'),
    /h\.yml:1: this configures a plugin of Ansible's.*ansible-inventory -i THIS --list --export/,
  ],
  TOML: [{ 'h.toml': '[a]\n' }, /h\.toml: TOML is not read/],
  'broken YAML without an ending': [{ hosts: 'all:\n  hosts: {a\n' }, /hosts:\d: not valid YAML/],
}

describe('an inventory with', () => {
  test.each(Object.entries(wrong))('%s is one clear error, soon', async (_, [files, says]) => {
    const begun = performance.now()
    const error = await load(files).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UsageError)
    const { message } = error as UsageError
    expect(message).toMatch(says)
    expect(message).not.toMatch(/\n/)
    expect(performance.now() - begun).toBeLessThan(3_000)
  })

  test('names and keys of JavaScript has them as any others', async () => {
    const names = ['__proto__', 'constructor', 'toString']
    const text = `all:\n  vars: {__proto__: {polluted: 1}, constructor: 2}\n  hosts:\n${names.map((name) => `    ${name}: {${name}: 3}\n`).join('')}`
    const { hosts } = await load({ 'h.yml': text, 'group_vars/all.json': '{"__proto__": {"polluted": 4}}' })
    expect(hosts.map(({ name }) => name)).toEqual(names)
    expect(hosts.map(({ name, vars }) => Object.getOwnPropertyDescriptor(vars, name)?.value)).toEqual([3, 3, 3])
    expect(Object.getOwnPropertyDescriptor(hosts[1]?.vars, '__proto__')?.value).toEqual({ polluted: 4 })
    expect('polluted' in {}).toBe(false)
  })

  test('braces that are just braces says so with !unsafe', async () => {
    const { hosts } = await load(vars('a: !unsafe "{{ x }}"\nb: "{ { x"\n'))
    expect(hosts[0]?.vars).toEqual({ a: '{{ x }}', b: '{ { x' })
  })

  test('what Ansible leaves out leaves it out too, and says so', async () => {
    const warned: string[] = []
    await load(yaml('all:\n  hosts: {a: }\n  host: {b: }\nversion: 2\n'), {
      warn: (line) => warned.push(line.replace(/^.*\/h\.yml/, 'h.yml')),
    })
    expect(warned).toEqual([
      "h.yml:3: 'host' in the group 'all' is left out: expected vars, children or hosts",
      "h.yml:4: 'version' is no group, for it is the number 2: left out",
    ])
  })

  test('five thousand hosts in fifty groups is read in a moment', async () => {
    const groups = Array.from(
      { length: 50 },
      (_, index) =>
        `[g${index}]\nh[0001:5000:${index + 1}] v${index}=${index}\n[g${index}:vars]\nw${index}=1\n[p${index % 7}:children]\ng${index}\n`,
    )
    const begun = performance.now()
    const inventory = await load({ hosts: groups.join(''), 'group_vars/g1.yml': 'x: 1\n' })
    expect(inventory.hosts).toHaveLength(5000)
    expect(inventory.choose('p1:&g8:!h0001')).toHaveLength(555)
    expect(performance.now() - begun).toBeLessThan(5_000)
  })
})
