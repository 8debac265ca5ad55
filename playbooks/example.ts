import { z } from 'zod'
import { command } from '../modules/command.ts'
import { copy } from '../modules/copy.ts'
import { file } from '../modules/file.ts'
import { playbook } from '../runner/playbook.ts'
import { sh } from '../runner/sh.ts'

/**
 * A first playbook: it keeps a small tree under one directory and nothing else.
 *
 *     skep run playbooks/example.ts -i local: -e directory=$HOME/skep-example
 */
export default playbook('example', {
  hosts: 'all',
  vars: z.object({
    directory: z.string().startsWith('/', 'expected an absolute path').describe('Everything is written here.'),
    greeting: z.string().default('hello'),
  }),

  tasks: ({ host, vars: { directory, greeting } }) => {
    const count = command('count the lines of the greeting', { cmd: sh`wc -l <greeting >lines`, chdir: directory })
    return [
      file('keep a private directory', { path: directory, state: 'directory', mode: '0700' }),
      copy(
        'keep the greeting',
        { content: `${greeting} from ${host.name}\n`, dest: `${directory}/greeting`, mode: '0644' },
        { notify: count },
      ),
      file('keep a second name for it', { path: `${directory}/hello`, state: 'link', src: 'greeting' }),
    ]
  },
})
