/** What a file says, with the lines where it says it. */
import type { Plain } from '../runner/contract.ts'
import { UsageError } from '../runner/errors.ts'

export type Part =
  | { readonly kind: 'map'; readonly line: number; readonly entries: readonly Entry[] }
  | { readonly kind: 'list'; readonly line: number; readonly items: readonly Part[] }
  /** `verbatim`: `!unsafe`, Ansible's way to say that braces are just braces. */
  | { readonly kind: 'scalar'; readonly line: number; readonly value: null | boolean | number | string; readonly verbatim?: true }
  | { readonly kind: 'vault'; readonly line: number }

export interface Entry {
  readonly key: string
  /** The key was written as a text; otherwise it is what JSON makes of a number or a truth value. */
  readonly isText: boolean
  readonly line: number
  readonly value: Part
}

/** One variable's value and the place where it was set: `file:line`, or the source where lines are not known. */
export interface Setting<V = Plain> {
  readonly value: V
  readonly where: string
}

/** Where a line of a source is. */
export type At = (line: number) => string

export const lineOf =
  (source: string): At =>
  (line) =>
    `${source}:${line}`

/** Data without lines, as a script says it. */
export function partOf(value: unknown): Part {
  if (Array.isArray(value)) return { kind: 'list', line: 0, items: value.map(partOf) }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, inner]) => ({ key, isText: true, line: 0, value: partOf(inner) }))
    return { kind: 'map', line: 0, entries }
  }
  return {
    kind: 'scalar',
    line: 0,
    value: typeof value === 'boolean' || typeof value === 'number' ? value : value === null ? null : String(value),
  }
}

export const isNothing = (part: Part): boolean => part.kind === 'scalar' && part.value === null

/** The variables of a map. Throws UsageError for what only Ansible could evaluate. */
export function settingsOf(part: Part, at: At): ReadonlyMap<string, Setting> {
  if (part.kind !== 'map') throw new UsageError(`${at(part.line)}: expected variables as 'name: value', got ${nameOf(part)}`)
  return new Map(part.entries.map(({ key, line, value }) => [key, { value: plainOf(value, key, at), where: at(line) }]))
}

/** The value of the variable `key`. Throws UsageError for templates and for what is encrypted. */
function plainOf(part: Part, key: string, at: At): Plain {
  switch (part.kind) {
    case 'vault':
      throw new UsageError(vaulted(at(part.line), `'${key}'`))
    case 'list':
      return part.items.map((item) => plainOf(item, key, at))
    case 'map':
      if (part.entries.some((entry) => entry.key === '__ansible_vault')) throw new UsageError(vaulted(at(part.line), `'${key}'`))
      return Object.fromEntries(part.entries.map((entry) => [entry.key, plainOf(entry.value, key, at)]))
    case 'scalar':
      if (typeof part.value === 'string' && part.verbatim !== true) refuseTemplates(part.value, key, at(part.line))
      return part.value
  }
}

/** Throws UsageError where a text is one that Ansible would evaluate or decrypt. */
export function refuseTemplates(text: string, key: string, where: string): void {
  if (text.trimStart().startsWith('$ANSIBLE_VAULT')) throw new UsageError(vaulted(where, `'${key}'`))
  if (!/\{\{|\{%/.test(text)) return
  throw new UsageError(
    `${where}: the value of '${key}' is a Jinja expression, which Skep does not evaluate. Write the value itself here, ` +
      'or compute it from other variables in the playbook, which is TypeScript. A text that just has such braces is written `!unsafe` in YAML.',
  )
}

/** What to say of a value, or a file, that Ansible Vault encrypted. */
export const vaulted = (where: string, what: string): string =>
  `${where}: ${what} is encrypted with Ansible Vault, which Skep does not decrypt. See the value with 'ansible-vault view', keep it where ` +
  'you keep secrets, and give it as a Secret from a .ts file beside the others in group_vars or host_vars.'

/** What a part is, for errors; never its text, which may be a secret. */
export function nameOf(part: Part): string {
  if (part.kind === 'map') return 'a map'
  if (part.kind === 'list') return 'a list'
  if (part.kind === 'vault') return 'an encrypted value'
  if (part.value === null) return 'nothing'
  return typeof part.value === 'string' ? 'a text' : `the ${typeof part.value === 'number' ? 'number' : 'truth value'} ${part.value}`
}
