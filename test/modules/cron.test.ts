import { chmod, lstat, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cron } from '../../modules/cron.ts'
import { onRealHost } from './real-host.ts'
import { readerOf, testModule } from './test-module.ts'

const crontab = (content: string) => ({ state: 'crontab' as const, content })
const tick = { name: 'tick', job: 'true', minute: '*/5' }
const inFile = { ...tick, cronFile: 'app', user: 'app' }
const file = (content: string) => ({ state: 'file' as const, path: '/etc/cron.d/app', content, mode: '0600', owner: 'root', group: 'root' })
const fresh = { owner: 'root', group: 'root', umask: 0o077, setgid: false }
const absent = { state: 'absent' as const, path: '/etc/cron.d/app', parent: true, fresh }

testModule(cron, {
  check: {
    'sees the crontab of a user': {
      given: { ...tick, user: 'ada' },
      machine: { 'crontab -u ada -l': '#Ansible: ä\n@daily true\n' },
      sees: crontab('#Ansible: ä\n@daily true\n'),
    },
    'sees that a user has none': {
      given: tick,
      machine: { 'crontab  -l': { code: 1, stderr: 'no crontab for root\n' } },
      sees: crontab(''),
    },
    'sees a file in /etc/cron.d': {
      given: inFile,
      machine: {
        'p=/etc/cron.d/app;': `${['/etc/cron.d/app', 'file', '600:2:root:root', '', '', 'yes', '', '0022', '', '', ''].join('\0')}\0#\n`,
      },
      sees: file('#\n'),
    },
  },
  apply: {
    'adds a job to a crontab, whose text is in no command': {
      given: { ...tick, user: 'ada' },
      now: crontab('# mine'),
      wants: crontab('# mine\n#Ansible: tick\n*/5 * * * * true\n'),
      runs: ['crontab -u ada -'],
    },
    'replaces a job in its place': {
      given: { name: 'tick', job: 'false', specialTime: 'daily' },
      now: crontab('#Ansible: tick\n*/5 * * * * true\n#Ansible: other\n@hourly x\n'),
      wants: crontab('#Ansible: tick\n@daily false\n#Ansible: other\n@hourly x\n'),
      runs: ['crontab  -'],
    },
    'names a job that stands there without a name': {
      given: tick,
      now: crontab('*/5 * * * * true\n'),
      wants: crontab('#Ansible: tick\n*/5 * * * * true\n'),
      runs: ['crontab  -'],
    },
    'does not take the job of the next name for one that is missing': {
      given: tick,
      now: crontab('#Ansible: tick\n#Ansible: other\n@hourly x\n'),
      wants: crontab('#Ansible: tick\n*/5 * * * * true\n#Ansible: other\n@hourly x\n'),
      runs: ['crontab  -'],
    },
    'puts a job aside': {
      given: { ...tick, disabled: true },
      now: crontab('#Ansible: tick\n*/5 * * * * true\n'),
      wants: crontab('#Ansible: tick\n#*/5 * * * * true\n'),
      runs: ['crontab  -'],
    },
    'leaves a job that is there alone': { given: tick, now: crontab('#Ansible: tick\n*/5 * * * * true\n'), runs: [] },
    'removes a job': {
      given: { name: 'tick', state: 'absent' },
      now: crontab('A=1\n#Ansible: tick\n*/5 * * * * true\n@hourly x\n'),
      wants: crontab('A=1\n@hourly x\n'),
      runs: ['crontab  -'],
    },
    'removes the crontab with its last job': {
      given: { name: 'tick', state: 'absent' },
      now: crontab('\n#Ansible: tick\n*/5 * * * * true\n'),
      wants: crontab(''),
      runs: ['crontab  -r'],
    },
    'makes a file that all may read, with the user in its line': {
      given: inFile,
      now: absent,
      wants: { ...file('#Ansible: tick\n*/5 * * * * app true\n'), mode: '0644' },
      runs: [/^write \/etc\/cron\.d\/\.skep-new-\w+ 600$/, /chmod 0644 .*mv -f .* \/etc\/cron\.d\/app/],
    },
    'removes a file with its last job, without knowing the user': {
      given: { name: 'tick', state: 'absent', cronFile: 'app' },
      now: file('#Ansible: tick\n*/5 * * * * app true\n \n'),
      wants: { state: 'absent', path: '/etc/cron.d/app' },
      runs: ['rm -f -- /etc/cron.d/app'],
    },
    'removes nothing where nothing is': {
      given: { name: 'tick', state: 'absent', cronFile: 'app' },
      now: { state: 'absent', path: '/etc/cron.d/app' },
      runs: [],
    },
    'makes no directory for a cron that is not there': { given: inFile, now: { ...absent, parent: false }, refuses: /Is cron installed\?/ },
  },
  refuses: {
    'a job is needed': { given: { name: 'x' }, says: /job is required with state present/ },
    'a user is needed in a file': { given: { ...tick, cronFile: 'app' }, says: /user is required with cronFile/ },
    'the table of the system': { given: { ...tick, cronFile: '/etc/crontab', user: 'root' }, says: /\/etc\/crontab is not managed/ },
    'two times': { given: { ...tick, specialTime: 'daily' }, says: /mutually exclusive/ },
    'two lines in one': { given: { name: 'x', job: 'a\n* * * * * b' }, says: /parameter 'job': expected one line/ },
    'a blank in a field': { given: { ...tick, hour: '1 2' }, says: /without blanks/ },
  },
})

test('a host without cron is told so', async () => {
  const machine = { crontab: { code: 127, stderr: 'sh: 1: crontab: not found' } }
  await expect(cron('c', tick).plan(readerOf(machine))).rejects.toThrow(/there is no crontab program. Is cron installed\?/)
  await expect(cron('c', tick).plan(readerOf({ crontab: { code: 1, stderr: 'you may not' } }))).rejects.toThrow(/you may not/)
})

onRealHost('cron on a real host', {
  'a file is made': {
    task: (dir) => cron('c', { ...tick, name: 'tück', cronFile: join(dir, 'app'), user: 'root', job: `echo 'ü' "$HOME" %` }),
    after: async (dir) => {
      expect(await readFile(join(dir, 'app'), 'utf8')).toBe(`#Ansible: tück\n*/5 * * * * root echo 'ü' "$HOME" %\n`)
      expect((await stat(join(dir, 'app'))).mode & 0o7777).toBe(0o644)
    },
  },
  'a job joins others, the mode stays': {
    given: async (dir) => {
      await writeFile(join(dir, 'app'), '@daily root x')
      await chmod(join(dir, 'app'), 0o600)
    },
    task: (dir) => cron('c', { ...tick, cronFile: join(dir, 'app'), user: 'root', hour: 0 }),
    after: async (dir) => {
      expect(await readFile(join(dir, 'app'), 'utf8')).toBe('@daily root x\n#Ansible: tick\n*/5 0 * * * root true\n')
      expect((await stat(join(dir, 'app'))).mode & 0o7777).toBe(0o600)
    },
  },
  'a file goes with its last job': {
    given: (dir) => writeFile(join(dir, 'app'), '\n#Ansible: tick\n@daily root x\n'),
    task: (dir) => cron('c', { name: 'tick', state: 'absent', cronFile: join(dir, 'app') }),
    after: (dir) => expect(lstat(join(dir, 'app'))).rejects.toThrow(/ENOENT/),
  },
  'nothing is removed where nothing is': {
    task: (dir) => cron('c', { name: 'tick', state: 'absent', cronFile: join(dir, 'app') }),
    unchanged: true,
  },
})
