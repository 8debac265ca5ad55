/** A plan's configuration: what each argument refers to, as it is written. */
import { z } from 'zod'
import { callsOf } from './address.ts'

const expressions = z.record(z.string(), z.unknown()).default({})
const configured = z.object({
  resources: z
    .array(
      z.object({
        mode: z.string(),
        type: z.string(),
        name: z.string(),
        expressions,
        for_each_expression: z.unknown().optional(),
      }),
    )
    .default([]),
  outputs: z.record(z.string(), z.object({ expression: z.unknown().optional() })).default({}),
  module_calls: z
    .record(z.string(), z.object({ expressions, for_each_expression: z.unknown().optional(), module: z.unknown().optional() }))
    .default({}),
})
type Configured = z.infer<typeof configured>

export interface Configuration {
  /** What an argument of a resource refers to; `path` goes into blocks: `network_interfaces.subnet_id`, and may be `for_each`. */
  ofResource(
    module: string,
    resource: { readonly type: string; readonly name: string; readonly data: boolean },
    path: string,
  ): readonly string[]
  ofOutput(module: string, output: string): readonly string[]
  /** What the call of a module gives to a variable of it. */
  ofVariable(module: string, variable: string): readonly string[]
}

/** Opens the configuration of a plan; of a state there is none, and nothing refers to anything. */
export function configurationOf(root: unknown): Configuration {
  const known = new Map<string, Configured>()

  function open(names: readonly string[]): Configured {
    const key = names.join('/')
    const before = known.get(key)
    if (before !== undefined) return before
    const last = names.at(-1)
    const raw = last === undefined ? root : open(names.slice(0, -1)).module_calls[last]?.module
    const parsed = configured.safeParse(raw ?? {})
    const opened = parsed.success ? parsed.data : configured.parse({})
    known.set(key, opened)
    return opened
  }
  const at = (module: string): Configured => open(callsOf(module).map(({ name }) => name))

  return {
    ofResource(module, { type, name, data }, path) {
      const mode = data ? 'data' : 'managed'
      const found = at(module).resources.find((one) => one.type === type && one.name === name && one.mode === mode)
      if (found === undefined) return []
      return path === 'for_each' ? referencesIn(found.for_each_expression) : referencesAt(found.expressions, path.split('.'))
    },
    ofOutput: (module, output) => referencesIn(at(module).outputs[output]?.expression),
    ofVariable(module, variable) {
      const names = callsOf(module).map(({ name }) => name)
      const call = open(names.slice(0, -1)).module_calls[names.at(-1) ?? '']
      return referencesAt(call?.expressions, [variable])
    },
  }
}

/** References of an argument; a block stands for all of its kind, and an argument whose parts are not told apart for each of them. */
function referencesAt(expression: unknown, path: readonly string[]): readonly string[] {
  if (Array.isArray(expression)) return expression.flatMap((block) => referencesAt(block, path))
  if (typeof expression !== 'object' || expression === null) return []
  const [first, ...rest] = path
  if (first === undefined || 'references' in expression) return referencesIn(expression)
  return Object.hasOwn(expression, first) ? referencesAt(Reflect.get(expression, first), rest) : []
}

/** The longest of the references: Terraform names `a.b.id`, and `a.b` beside it. */
function referencesIn(expression: unknown): readonly string[] {
  const found = z.object({ references: z.array(z.string()) }).safeParse(expression)
  const all = found.success ? [...new Set(found.data.references)] : []
  return all.filter((one) => !all.some((other) => other.startsWith(`${one}.`) || other.startsWith(`${one}[`)))
}
