/**
 * What every worker becomes, on AWS and on one machine alike: all paths hang under `workerHome`. The image brings Node at
 * `bin/node` and the commands `machine/start` and `machine/lock`; this brings the program, the pipeline and the job's config.
 */
import * as z from 'zod'
import { command } from '../modules/command.ts'
import { copy } from '../modules/copy.ts'
import { file } from '../modules/file.ts'
import { playbook } from '../runner/playbook.ts'

const path = z.string().min(1)

export const worker = playbook('configure the worker', {
  hosts: 'all',
  vars: z.object({
    workerHome: path.describe('directory that everything of the worker hangs under'),
    program: path.describe('the bundled worker program, on the controller'),
    pipeline: z
      .array(z.object({ from: path, to: path, executable: z.boolean() }))
      .min(1)
      .describe("the pipeline's files: where on the controller, and where under workerHome/pipeline"),
    config: z.string().describe("the job's config.json; it holds no secret"),
  }),

  tasks: ({ vars: { workerHome, program, pipeline, config } }) => [
    ...['bin', 'pipeline', ...folders(pipeline.map(({ to }) => `pipeline/${to}`))].map((name) =>
      file(`keep ${name}/ to this worker alone`, { path: `${workerHome}/${name}`, state: 'directory', mode: '0700' }),
    ),
    copy('bring the worker program', { src: program, dest: `${workerHome}/bin/worker.mjs`, mode: '0500' }),
    ...pipeline.map(({ from, to, executable }) =>
      copy(`bring the pipeline's ${to}`, { src: from, dest: `${workerHome}/pipeline/${to}`, mode: executable ? '0500' : '0400' }),
    ),
    copy('tell it its job', { content: config, dest: `${workerHome}/config.json`, mode: '0400' }),
    command('start the worker program', { argv: [`${workerHome}/machine/start`], creates: `${workerHome}/run/worker.pid` }),
  ],
})

export const lock = playbook('lock the worker', {
  hosts: 'all',
  vars: z.object({ workerHome: path }),
  tasks: ({ vars: { workerHome } }) => [command('shut every door', { argv: [`${workerHome}/machine/lock`] })],
})

/** The folders that these files need, parents first, each once. */
function folders(files: readonly string[]): readonly string[] {
  const needed = files.flatMap((name) => {
    const parts = name.split('/').slice(0, -1)
    return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
  })
  return [...new Set(needed)].filter((name) => name !== 'pipeline').sort()
}
