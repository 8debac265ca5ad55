/** What a demo has set out to do, written down before it does it, so that a killed one can be finished by the next. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { writeWhole } from '../../cloud/local/durable.ts'
import { layout } from '../../cloud/local/layout.ts'

export const mischiefs = ['not-pgp', 'tampered', 'wrong-key', 'empty', 'pipeline-crash', 'worker-dies', 'hostile-name'] as const
export type Mischief = (typeof mischiefs)[number]

const memorySchema = z.strictObject({
  v: z.literal(1),
  samples: z.int().min(1),
  workers: z.int().min(1),
  fail: z.enum(mischiefs).nullable(),
  /** Null until the submit is planned. */
  run: z.uuid().nullable(),
  /** With `worker-dies`: it was killed, and is not killed twice. */
  killed: z.boolean(),
  finished: z.boolean(),
})
export type Memory = z.infer<typeof memorySchema>

/** The flags a person gave; absent ones follow the run that is there, else the defaults. */
export interface DemoFlags {
  readonly samples?: number
  readonly workers?: number
  readonly fail?: Mischief
}

const defaults = { samples: 12, workers: 5, fail: null }
const file = (dir: string): string => join(layout(dir).owner, 'demo.json')

/** Durable before it returns. */
export const remember = (dir: string, memory: Memory): void => void writeWhole(file(dir), `${JSON.stringify(memory)}\n`, { mode: 0o600 })

/** The run to finish, or a new one. Throws when an unfinished one was begun with other flags. */
export function recall(dir: string, flags: DemoFlags): Memory {
  const before = existsSync(file(dir)) ? memorySchema.parse(JSON.parse(readFileSync(file(dir), 'utf8'))) : undefined
  if (before === undefined || before.finished) return { v: 1, ...defaults, ...flags, run: null, killed: false, finished: false }
  const names = ['samples', 'workers', 'fail'] as const
  const other = names.filter((name) => flags[name] !== undefined && flags[name] !== before[name])
  if (other.length > 0) {
    const said = (from: { readonly [K in (typeof names)[number]]?: unknown }) =>
      other.map((name) => `--${name} ${from[name] ?? '(none)'}`).join(' ')
    throw new Error(
      `the run in ${dir} was begun with ${said(before)} and is not finished; got ${said(flags)}. Finish it with: skep demo --dir ${dir}`,
    )
  }
  return before
}
