/** Plan files: what was asked, what it was made of, and what was foreseen on each host, as digests. No secret is in one. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { UsageError } from '../runner/errors.ts'
import type { Planned, PlannedHost } from '../runner/report/planned.ts'
import { digestsSchema, keyed, ordered } from './digests.ts'

const step = z.strictObject({
  play: z.int(),
  id: z.string(),
  what: z.string(),
  does: z.enum(['nothing', 'change', 'unknown', 'fail']),
  behind: z.boolean(),
  /** Digest of what was found and what is wanted. */
  state: z.string(),
})

const planFile = z.strictObject({
  skep: z.literal('plan'),
  version: z.literal(1),
  madeAt: z.string(),
  asked: z.strictObject({
    playbooks: z.array(z.string()),
    inventory: z.array(z.string()),
    limit: z.string().optional(),
    tags: z.array(z.string()).optional(),
    skipTags: z.array(z.string()).optional(),
    startAtTask: z.string().optional(),
    become: z.boolean(),
    /** The names of variables that were given with -e; their values may be nobody else's business. */
    extraVars: z.array(z.string()),
  }),
  digests: digestsSchema,
  hosts: z.record(z.string(), z.strictObject({ can: z.enum(['fine', 'failed', 'unreachable']), steps: z.array(step) })),
})

/** What a plan file says. */
export type PlanFile = z.output<typeof planFile>
/** One task on one host, as a plan keeps it. */
export type PlannedStep = z.output<typeof step>

/** Writes a plan for its owner alone, at once or not at all. */
export function writePlan(path: string, plan: PlanFile): void {
  const fresh = `${path}.${process.pid}.new`
  try {
    writeFileSync(fresh, `${JSON.stringify(plan, null, 1)}\n`, { mode: 0o600 })
    renameSync(fresh, path)
  } catch (cause) {
    throw new UsageError(`plan ${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** Reads a plan. Throws UsageError. */
export function readPlan(path: string): PlanFile {
  let said: unknown
  try {
    said = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new UsageError(`plan ${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  const { data, error } = planFile.safeParse(said)
  if (data !== undefined) return data
  const [issue] = error.issues
  throw new UsageError(`plan ${path}: expected what skep plan wrote, version 1: ${issue?.path.join('.')}: ${issue?.message}`)
}

/** What was foreseen, in the form of a plan file. */
export function hostsOf({ hosts }: Planned, salt: string): PlanFile['hosts'] {
  return Object.fromEntries(
    [...hosts].map(([name, { can, steps }]) => [
      name,
      { can, steps: steps.map(({ now, want, ...rest }) => ({ ...rest, state: stateDigest(salt, { now, want }) })) },
    ]),
  )
}

/** The digest of what a task found and what it wants. */
export const stateDigest = (salt: string, { now, want }: Pick<PlannedHost['steps'][number], 'now' | 'want'>): string =>
  keyed(salt, JSON.stringify(ordered([now, want], []))).slice(0, 32)
