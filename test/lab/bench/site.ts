/** The twenty tasks that the bench runs with Ansible, pyinfra and Skep, one for one; its facts are the first and a look the sixteenth. */
import { join } from 'node:path'
import { z } from 'zod'
import { apt } from '../../../modules/apt.ts'
import { authorizedKey } from '../../../modules/authorized-key.ts'
import { command } from '../../../modules/command.ts'
import { copy } from '../../../modules/copy.ts'
import { cron } from '../../../modules/cron.ts'
import { file } from '../../../modules/file.ts'
import { group } from '../../../modules/group.ts'
import { lineinfile } from '../../../modules/lineinfile.ts'
import { setup } from '../../../modules/looks/setup.ts'
import { stat } from '../../../modules/looks/stat.ts'
import { sysctl } from '../../../modules/sysctl.ts'
import { template } from '../../../modules/template.ts'
import { user } from '../../../modules/user.ts'
import { playbook } from '../../../runner/playbook.ts'
import { decide } from '../../../runner/steps.ts'

const source = (name: string): string => join(import.meta.dirname, 'files', name)
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMmNX3lXWqP1p7Y0iJm0qg0Fq5Yx3p0mF2c7t6q4mZ1N app@example'

const vars = z.looseObject({
  appPort: z.number().default(8080),
  appEnv: z.string().default('production'),
  upstreams: z.array(z.string()).default(['10.0.0.11', '10.0.0.12', '10.0.0.13']),
})

interface Vars {
  readonly host: string
  readonly appPort: number
  readonly appEnv: string
  readonly upstreams: readonly string[]
}

const env = ({ host, appPort, appEnv, upstreams }: Vars): string => `APP_NAME=${host}
APP_PORT=${appPort}
APP_ENV=${appEnv}
${upstreams.map((upstream, index) => `UPSTREAM_${index + 1}=${upstream}\n`).join('')}`

const vhost = ({ host, appPort, upstreams }: Vars): string => `upstream ${host}_app {
${upstreams.map((upstream) => `  server ${upstream}:${appPort};\n`).join('')}}
server { listen 80; server_name ${host}.example; location / { proxy_pass http://${host}_app; } }
`

export default playbook('the bench', {
  hosts: 'all',
  vars,
  facts: { '01 facts': setup({}) },

  tasks: ({ host, vars: { appPort, appEnv, upstreams } }) => {
    const given: Vars = { host: host.name, appPort, appEnv, upstreams }
    const ours = { owner: 'app', group: 'app' }
    const roots = { owner: 'root', group: 'root' }
    return [
      group('02 group', { name: 'app', gid: 4000 }),
      user('03 user', { name: 'app', uid: 4000, group: 'app', home: '/srv/app', shell: '/bin/bash', createHome: true }),
      file('04 conf directory', { path: '/srv/app/conf', state: 'directory', ...ours, mode: '0750' }),
      file('05 log directory', { path: '/srv/app/log', state: 'directory', ...ours, mode: '0755' }),
      copy('06 copy app.conf', { src: source('app.conf'), dest: '/srv/app/conf/app.conf', ...ours, mode: '0640' }),
      copy('07 copy motd', { src: source('motd'), dest: '/etc/motd', ...roots, mode: '0644' }),
      copy('08 copy script', { src: source('app-run'), dest: '/usr/local/bin/app-run', ...roots, mode: '0755' }),
      template('09 template env', { src: env, vars: given, dest: '/srv/app/conf/env', ...ours, mode: '0640' }),
      template('10 template vhost', { src: vhost, vars: given, dest: '/etc/app-vhost.conf', ...roots, mode: '0644' }),
      lineinfile('11 line in login.defs', { path: '/etc/login.defs', regexp: '^UMASK\\s', line: 'UMASK\t\t027' }),
      lineinfile('12 line in environment', {
        ...{ path: '/etc/environment', regexp: '^APP_HOME=', line: 'APP_HOME=/srv/app' },
        ...{ create: true, mode: '0644' },
      }),
      file('13 file mode', { path: '/etc/crontab', mode: '0600' }),
      cron('14 cron file', { name: 'app tick', cronFile: 'app', user: 'app', minute: '*/5', job: '/usr/local/bin/app-run --tick' }),
      command('15 command with creates', { argv: ['/usr/local/bin/app-run', '--init'], creates: '/srv/app/.init' }),
      decide('16 stat', { st: stat({ path: '/srv/app/conf/app.conf' }) }, () => []),
      sysctl('17 sysctl file', { name: 'vm.swappiness', value: '10', sysctlFile: '/etc/sysctl.d/60-app.conf', reload: false }),
      authorizedKey('18 authorized key', { user: 'app', key }),
      file('19 symlink', { path: '/srv/app/current', state: 'link', src: '/srv/app/conf' }),
      apt('20 packages present', { name: ['sudo', 'cron', 'ca-certificates'], state: 'present', updateCache: false }),
    ]
  },
})
