import { z } from 'zod'
import type { Task, TaskOptions } from '../runner/contract.ts'
import { defineModule } from '../runner/define.ts'
import { Secret } from '../runner/secret.ts'
import { copy } from './copy.ts'
import { modeSchema } from './lib/mode.ts'

type Rendering = (vars: unknown) => string | Secret

const params = z
  .strictObject({
    src: z
      .union([z.string(), z.instanceof(Secret), z.custom<Rendering>((value) => typeof value === 'function')], {
        error: 'expected a function of vars, or the text that one made',
      })
      .describe('A function of vars that returns the text, or the text itself. Its last line end is part of it.'),
    vars: z.unknown().optional().describe('What the function is given. The compiler compares it with what the function takes.'),
    dest: z.string({ error: 'dest is required' }).min(1).describe('The file to keep.'),
    mode: modeSchema.optional(),
    owner: z.string().min(1).optional().describe('Name or number of the user. Default: left as it is.'),
    group: z.string().min(1).optional().describe('Name or number of the group. Default: left as it is.'),
    force: z.boolean().default(true).describe('Whether to replace a file whose content differs.'),
    follow: z.boolean().default(false).describe('Whether to write to what a link at dest points to, instead of replacing the link.'),
  })
  .transform(({ src, vars, ...kept }, issue) => {
    try {
      const content: unknown = typeof src === 'function' ? src(vars) : src
      if (typeof content === 'string' || content instanceof Secret) return { ...kept, content }
      issue.addIssue({ code: 'custom', path: ['src'], message: `expected the function to return text, it returned ${typeof content}` })
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error)
      issue.addIssue({ code: 'custom', path: ['src'], message: `the function failed: ${said}` })
    }
    return z.NEVER
  })

const made = defineModule({ ...copy.definition, name: 'template', params })

type Rest = Omit<z.input<typeof params>, 'src' | 'vars'>

/** As every module is called, but that the compiler holds `vars` against what `src` takes. */
interface TemplateMaker extends Pick<typeof made, 'definition'> {
  <V>(title: string, given: Rest & { src: (vars: V) => string | Secret; vars: NoInfer<V> }, options?: TaskOptions): Task
  (title: string, given: Rest & { src: string | Secret | (() => string | Secret) }, options?: TaskOptions): Task
}

/**
 * Keeps a file whose text a function makes of typed variables. It is made when the playbook is built, so a mistake in it shows before
 * any host is contacted.
 *
 * @example template('say where the service listens', { src: ({ port }: { port: number }) => `PORT=${port}\n`, vars, dest: '/etc/app.env' })
 */
export const template: TemplateMaker = made as TemplateMaker
