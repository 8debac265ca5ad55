import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { sysctl } from '../../modules/sysctl.ts'
import { onRealHost } from './real-host.ts'
import { testModule } from './test-module.ts'

const path = '/etc/sysctl.d/a.conf'
const file = (content: string) => ({ state: 'file' as const, path, content, mode: '0644', owner: 'root', group: 'root' })
const absent = { state: 'absent' as const, path, parent: true, fresh: { owner: 'root', group: 'root', umask: 0o077, setgid: false } }
const swap = { name: 'vm.swappiness', value: '10', sysctlFile: path, reload: false }
const writes = [/^write/, /mv -f .* \/etc\/sysctl\.d\/a\.conf/]
const seen = `${[path, 'file', '644:2:root:root', '', '', 'yes', '', '0022', '', '', ''].join('\0')}\0a=1\n`

testModule(sysctl, {
  check: {
    'sees the file, and not the kernel unasked': { given: swap, machine: { [`p=${path}`]: seen }, sees: { file: file('a=1\n') } },
    'sees what the kernel has': {
      given: { ...swap, sysctlSet: true },
      machine: { [`p=${path}`]: seen, 'sysctl -n vm.swappiness': '4096\t16384 \n' },
      sees: { file: file('a=1\n'), live: '4096 16384' },
    },
    'sees that the kernel does not know the key': {
      given: { ...swap, sysctlSet: true },
      machine: { [`p=${path}`]: seen, 'sysctl -n vm.swappiness': { code: 255 } },
      sees: { file: file('a=1\n'), live: 'not known to the kernel' },
    },
  },
  apply: {
    'makes a file that all may read': {
      given: swap,
      now: { file: absent },
      wants: { file: file('vm.swappiness=10\n') },
      runs: [/^write/, /chmod 0644 /],
    },
    'loads the file after it changed': {
      given: { ...swap, reload: true },
      now: { file: file('') },
      runs: [...writes, `sysctl  -q -p ${path}`],
    },
    'sets the first of several, takes the others away, leaves comments and other keys': {
      given: swap,
      now: { file: file('# vm.swappiness = 1\nvm.swappiness = 1\nvm.x=2\n;c\nvm.swappiness=10\n') },
      wants: { file: file('# vm.swappiness = 1\nvm.swappiness=10\nvm.x=2\n;c\n') },
      runs: writes,
    },
    'leaves a line alone that says the same in other blanks': {
      given: { ...swap, value: ' 4096  16384 ', reload: true },
      now: { file: file(' vm.swappiness  =\t4096\t16384\n') },
      runs: [],
    },
    'takes it away': {
      given: { name: 'vm.swappiness', state: 'absent', sysctlFile: path, reload: false },
      now: { file: file('a=1\nvm.swappiness=1\n') },
      wants: { file: file('a=1\n') },
      runs: writes,
    },
    'takes nothing away where nothing is': {
      given: { name: 'vm.swappiness', state: 'absent', sysctlFile: path },
      now: { file: absent },
      runs: [],
    },
    'sets the kernel only, where the file is right': {
      given: { ...swap, value: true, sysctlSet: true, ignoreErrors: true, reload: true },
      now: { file: file('vm.swappiness=1\n'), live: '0' },
      wants: { file: file('vm.swappiness=1\n'), live: '1' },
      runs: ['sysctl -e -q -w vm.swappiness=1'],
    },
  },
  refuses: {
    'a value is needed': { given: { name: 'vm.x' }, says: /value is required with state present/ },
    'an empty one is none': { given: { name: 'vm.x', value: ' ' }, says: /value is required with state present/ },
    'two lines': { given: { name: 'vm.x', value: '1\nvm.y=2' }, says: /expected one line/ },
    'a name with a value in it': { given: { name: 'vm.x=1', value: 1 }, says: /expected a name like vm.swappiness/ },
  },
})

onRealHost('sysctl on a real host', {
  'a file is made': {
    task: (dir) => sysctl('s', { name: 'vm.swappiness', value: 10, sysctlFile: join(dir, 'a.conf'), reload: false }),
    after: async (dir) => expect(await readFile(join(dir, 'a.conf'), 'utf8')).toBe('vm.swappiness=10\n'),
  },
  'a value is changed in its place': {
    given: (dir) => writeFile(join(dir, 'a.conf'), 'vm.swappiness = 1\nvm.x=1'),
    task: (dir) => sysctl('s', { name: 'vm.swappiness', value: 10, sysctlFile: join(dir, 'a.conf'), reload: false }),
    after: async (dir) => expect(await readFile(join(dir, 'a.conf'), 'utf8')).toBe('vm.swappiness=10\nvm.x=1'),
  },
  'what is right is left alone': {
    given: (dir) => writeFile(join(dir, 'a.conf'), 'vm.swappiness = 10'),
    task: (dir) => sysctl('s', { name: 'vm.swappiness', value: 10, sysctlFile: join(dir, 'a.conf') }),
    unchanged: true,
  },
})
