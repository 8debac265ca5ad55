/** Inventories that Skep and Ansible have to read alike: files, sources in order, and patterns to choose by. */
export interface Case {
  readonly files: Readonly<Record<string, string>>
  /** Paths in the case's directory, or lists of hosts. */
  readonly sources: readonly string[]
  readonly playbookDir?: string
  readonly patterns?: readonly string[]
}

const program = (answer: unknown): string => `#!/bin/sh\ncat <<'EOF'\n${JSON.stringify(answer)}\nEOF\n`

export const cases: Readonly<Record<string, Case>> = {
  'INI: sections, ranges, ports, children and comments': {
    files: {
      hosts: `; a comment
# another
alone
alone2 ansible_host=10.0.0.9 # the end
[web]
web[01:03].example.com:2222 http_port=80
web[a:c] color="dark blue"
web[1:9:4]-[x:y]
[2001:db8::1]:2200
192.168.0.[7:8]
"quoted" k='v w'

[db]   # databases
db1 ansible_port=5432
alone2

[web:vars]
http_port = 8080
name=web servers
motd = "two words" # not a comment

[east:children]
web
late
[late]
z1
[late:vars]
zone=z
[all:vars]
ntp=ntp.example.com
empty=
[late:children]
db
`,
    },
    sources: ['hosts'],
    patterns: [
      'all',
      'web',
      'east',
      'web[0]',
      'web[-1]',
      'web[1:3]',
      'web[2:]',
      'late:!db',
      'web*',
      '~web[ac]',
      'z1,alone',
      'ungrouped',
      'east:&db',
      '*.example.com',
      '!web',
    ],
  },
  'INI: values are Python literals or texts': {
    files: {
      'hosts.ini': `h1 i=42 neg=-7 f=1.5 e=1e3 t=True lower=true none=None l=[1,2] d="{'a': 1, 'b': [True, None]}" tup="(1, 2)" one="(1)" s="'08'" oct=0o17 hex=0xff under=1_000 zero=007 eq=a=b ver=1.2.3 dot=. ell=... esc="'a\\\\tb'" cat="'a' 'b'"
h2 hash=a#b pw='a#b' q="it's" bs=a\\ b
[g]
h1
[g:vars]
list=[1, 2, 'x']
bare=1, 2
note=5 # five
str='quoted'
nl=a b c
dict={'k': {'n': None}}
set={'a'}
raw=r'\\d'
bool=False
big=123456789
minus=--3
wrong=[1, 2
spaced =   x
url=http://example.com/?a=b#c
float=.5
exp=2.
`,
    },
    sources: ['hosts.ini'],
  },
  'YAML: nested groups, ranges, values of YAML 1.1': {
    files: {
      'inv.yml': `# comment
all:
  hosts:
    mail.example.com:
    "web[1:2].dc:2022":
      a: 1
  vars: {n: 0644, hex: 0x1F, yes: yes, no: off, txt: "yes", nul: ~, sexa: 1:30, exp: 1e3, exp2: 1.0e+3, date: 2024-01-02, at: 2001-12-14t21:59:43.10-05:00, z: 2001-12-14 21:59:43Z, oct8: 08, o: 0o17, und: 1_000, f: .5, plus: +7, bin: 0b11}
  children:
    webservers:
      hosts:
        foo:
          x: {deep: [1, {k: v}]}
        bar: {}
      children:
        inner:
          hosts: single
          vars:
            lines: |
              one
              two
            folded: >-
              a
              b
    dbservers:
      hosts: {"db-[a:c]": {port: 5432}, foo: {y: 1}}
      vars: &shared
        k: base
        common: 1
    cache:
      vars:
        <<: *shared
        k: cache
    empty:
`,
    },
    sources: ['inv.yml'],
    patterns: [
      'all',
      'webservers',
      'inner',
      'db-*',
      'dbservers[1]',
      'webservers:&dbservers',
      'all:!webservers',
      'foo,bar,foo',
      'web1.dc',
      '~(foo|bar)',
      'empty',
    ],
  },
  'YAML without an ending, and JSON': {
    files: {
      hosts: 'all:\n  hosts:\n    a:\n      v: 1\n',
      'more.json': '{"grp": {"hosts": {"a": {"w": 1e2, "u": "\\u00fc"}, "b": null}, "vars": {"g": [1, 2.5, true, null]}}}',
    },
    sources: ['hosts', 'more.json'],
  },
  'precedence: depth, priority, alphabet, inventory before playbook': {
    files: {
      'inv/hosts.ini': `h1 own=host
[child]
h1
[parent:children]
child
[other]
h1
[heavy]
h1
[all:vars]
lvl=all
a=all
[parent:vars]
lvl=parent
b=parent
[child:vars]
lvl=child
c=child
[heavy:vars]
ansible_group_priority=10
d=heavy
lvl=heavy
[other:vars]
d=other
`,
      'inv/group_vars/all.yml': 'lvl: all file\na: all file\nz: all file\nown: all file\n',
      'inv/group_vars/parent/one.yml': 'b: parent file\ndir: one\nlayer: parent file\n',
      'inv/group_vars/parent/two.yaml': 'dir: two\n',
      'inv/group_vars/parent/deep/three.json': '{"dir3": 3}',
      'inv/group_vars/parent/.hidden.yml': 'hidden: 1\n',
      'inv/group_vars/parent/old~': 'hidden: 1\n',
      'inv/group_vars/parent/note.txt': 'hidden: 1\n',
      'inv/host_vars/h1': 'hv: inventory\n',
      'inv/host_vars/h2.yml': 'nobody: 1\n',
      'play/group_vars/all.yml': 'z: play\na: all play\nlayer: all play\n',
      'play/group_vars/child.json': '{"c": "child play"}',
      'play/host_vars/h1.yaml': 'hv: play\nmore: [1]\n',
    },
    sources: ['inv/hosts.ini'],
    playbookDir: 'play',
  },
  'two inventories, the later wins; a directory; a list of hosts': {
    files: {
      'a/01-hosts.ini': '[web]\nw1 v=1 ansible_port=22\nw2\n',
      'a/02-more.yml': 'web:\n  hosts:\n    w3:\n  vars:\n    from: yml\n',
      'a/README.md': 'no inventory',
      'a/old.retry': 'nor this',
      'a/.git/config': '[x]\nnope\n',
      'a/sub/more.ini': '[db]\nd1\n[web:children]\ndb\n',
      'a/group_vars/web.yml': 'level: a\nboth: a\n',
      'b/hosts': '[web]\nw1 v=2\n[top:children]\nweb\n',
      'b/group_vars/top.yml': 'both: b\n',
      'b/host_vars/d1/x.yml': 'x: 1\n',
    },
    sources: ['a', 'b/hosts', 'extra1,10.0.0.1:2222,w2'],
    patterns: ['all', 'web', 'top', 'top[0]', 'ungrouped'],
  },
  'a program with _meta': {
    files: {
      'inv.sh': program({
        _meta: { hostvars: { h1: { a: 1, nested: { x: [true, null] } }, stranger: { no: 1 } } },
        web: { hosts: ['h1', 'h2'], vars: { port: 80 }, children: ['sub'] },
        sub: ['h3'],
        all: { vars: { top: true } },
        lonely: { key: 1 },
        empty: {},
      }),
    },
    sources: ['inv.sh'],
  },
  'a program without _meta is asked for each host': {
    files: {
      'inv.sh': `#!/bin/sh
if [ "$1" = --list ]; then echo '{"web": {"hosts": ["h1", "h2"]}}'
elif [ "$2" = h1 ]; then echo '{"name": "one"}'
fi
`,
    },
    sources: ['inv.sh'],
  },
  'hosts in many groups, and a diamond': {
    files: {
      'd.yml': `top:
  children:
    left:
      children:
        bottom:
          hosts: {b1: , b2: }
    right:
      children:
        bottom:
      hosts:
        r1:
    aside:
      hosts:
        b2:
          v: 1
other:
  hosts: {b1: {w: 1}, o1: }
`,
    },
    sources: ['d.yml'],
    patterns: [
      'top',
      'top[0]',
      'top[-2]',
      'right:left',
      'top:&other',
      'all[3]',
      'b*',
      'b*[0]',
      '*',
      'o?,r?',
      '[bo]1',
      '[!b]1',
      'top[9]',
      '~b[1]',
      '~.*1',
      'localhost',
      'top[0:1]',
      'b1:o1',
      'all:!top:&other',
    ],
  },
  'host and group of one name, ungrouped as a group of others': {
    files: {
      'h.ini': '[bastion]\nbastion ansible_host=1.2.3.4\n[u]\nx\n[solo]\n',
      'i.yml': 'all:\n  hosts: {x: {k: 1}, y: }\nungrouped:\n  hosts:\n    q:\n',
    },
    sources: ['h.ini', 'i.yml'],
    patterns: ['bastion', 'solo', 'all', 'u:y'],
  },
  'names beyond ASCII, and texts of all kinds': {
    files: {
      'n.yml':
        'grüppe:\n  hosts:\n    höst:\n      t: "\\u2028 ☃ \\" \\\\ \\n"\n      s: \'it\'\'s\'\n      e: ""\n      n: "1"\n      "key with blank": 1\n      1: one\n',
    },
    sources: ['n.yml'],
  },
}
