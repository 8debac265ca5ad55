import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Task } from '../runner/contract.ts'
import { UsageError } from '../runner/errors.ts'

const folder = join(import.meta.dirname, '..', 'modules')

/** What makes a task of a module, its parameters still to be checked. */
export type AnyMaker = (title: string, params: unknown) => Task

/** Names of the modules that there are, as playbooks call them. */
const moduleNames = (): readonly string[] =>
  readdirSync(folder)
    .flatMap((name) => (name.endsWith('.ts') ? [name.slice(0, -3).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())] : []))
    .toSorted()

/** The module of a name. Throws UsageError, which tells the names that there are. */
export async function moduleNamed(name: string): Promise<AnyMaker> {
  const names = moduleNames()
  if (!names.includes(name)) throw new UsageError(`there is no module '${name}'; there are: ${names.join(', ')}`)
  const file = `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.ts`
  const made: Readonly<Record<string, unknown>> = await import(pathToFileURL(join(folder, file)).href)
  const maker = made[name]
  if (typeof maker !== 'function') throw new Error(`modules/${file}: expected it to export ${name}`)
  return maker as AnyMaker
}
