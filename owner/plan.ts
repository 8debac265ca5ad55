/** What a submit has set out to do, written down before the first upload, so that it can be finished after a crash. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { isUuid } from '../custody/names.ts'
import { codeOf, putFile } from './files.ts'

const planSchema = z.strictObject({
  v: z.literal(1),
  run: z.uuid(),
  /** The files are encrypted already. */
  encrypted: z.boolean(),
  /** Armored public key that results go to. */
  owner: z.string(),
  files: z
    .array(z.strictObject({ path: z.string(), sample: z.uuid(), size: z.int().min(1), sha256: z.string().regex(/^[0-9a-f]{64}$/) }))
    .min(1),
  /** True once the seal is uploaded: nothing is left to do. */
  sealed: z.boolean(),
})
export type Plan = z.infer<typeof planSchema>

const folder = (home: string): string => join(home, 'submits')
const planFile = (home: string, run: string): string => join(folder(home), `${run}.json`)

/** Durable before it resolves. */
export const writePlan = (home: string, plan: Plan): Promise<void> =>
  putFile(planFile(home, plan.run), `${JSON.stringify(plan, undefined, 2)}\n`)

/** Undefined when this owner never submitted such a run. */
export async function readPlan(home: string, run: string): Promise<Plan | undefined> {
  if (!isUuid(run)) return undefined
  const path = planFile(home, run)
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new Error(`reading the plan of run ${run}: cannot read ${path} (${codeOf(error)})`, { cause: error })
  })
  if (text === undefined) return undefined
  const plan = planSchema.safeParse(parsed(text))
  if (!plan.success || plan.data.run !== run)
    throw new Error(`reading the plan of run ${run}: ${path} is not a plan of this version of skep`)
  return plan.data
}

/** Runs whose submit was interrupted. */
export async function unfinishedRuns(home: string): Promise<readonly string[]> {
  const names = await readdir(folder(home)).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  })
  const runs = names.flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -5)] : [])).filter(isUuid)
  const plans = await Promise.all(runs.map((run) => readPlan(home, run)))
  return plans.flatMap((plan) => (plan === undefined || plan.sealed ? [] : [plan.run]))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
