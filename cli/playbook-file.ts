import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError } from '../runner/errors.ts'
import type { Playbook } from '../runner/playbook.ts'

/** The plays that a playbook file exports. Throws UsageError. */
export async function loadPlaybooks(file: string): Promise<readonly Playbook[]> {
  const path = resolve(file)
  await access(path).catch((cause: unknown) => {
    throw new UsageError(`there is no playbook ${file}`, { cause })
  })
  const loaded: { default?: unknown } = await import(pathToFileURL(path).href).catch((cause: unknown) => {
    throw new UsageError(`playbook ${file} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  })
  const plays = Array.isArray(loaded.default) ? loaded.default : [loaded.default]
  if (plays.length === 0 || !plays.every(isPlaybook)) {
    throw new UsageError(`playbook ${file}: expected a default export made by playbook(title, { hosts, vars, tasks }), or a list of them`)
  }
  return plays
}

function isPlaybook(value: unknown): value is Playbook {
  return (
    typeof value === 'object' &&
    value !== null &&
    'title' in value &&
    'hosts' in value &&
    'vars' in value &&
    'tasks' in value &&
    typeof value.tasks === 'function'
  )
}
