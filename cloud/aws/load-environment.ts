/** Where an environment's document comes from: a file, or the parameter that Terraform wrote. */
import { readFileSync, statSync } from 'node:fs'
import { printable } from '../../custody/names.ts'
import { type Environment, EnvironmentError, environmentSchema } from './environment.ts'

const mostBytes = 1024 * 1024

/**
 * `ssm:/NAME`, or the path of a file that holds the document or all that `terraform output -json` prints. Throws an
 * EnvironmentError.
 */
export async function loadEnvironment(source: string): Promise<Environment> {
  if (!source.startsWith('ssm:')) return parse(readText(source), source)
  const name = source.slice('ssm:'.length)
  if (!/^\/[A-Za-z0-9_./-]{1,1000}$/.test(name))
    throw new EnvironmentError(`${printable(source)} names no parameter`, 'write it like ssm:/hipaa_vpc/environment')
  // What it brings along is large, and most commands never need it.
  const { readParameter } = await import('./parameter.ts')
  return parse(await readParameter(name), source)
}

function readText(path: string): string {
  const named = printable(path)
  try {
    const found = statSync(path)
    if (!found.isFile()) throw new EnvironmentError(`${named} is not a file`, writeIt)
    if (found.size > mostBytes) throw new EnvironmentError(`${named} is larger than a document can be`, writeIt)
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof EnvironmentError) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new EnvironmentError(`there is no file ${named}`, writeIt, { cause: error })
    throw new EnvironmentError(`${named} cannot be read (${code})`, 'look at the rights of the file', { cause: error })
  }
}

const writeIt = 'write it in terraform/environment with: terraform output -json skep > FILE; or name the parameter: ssm:/PIT/environment'
const writtenBy = 'see that it is what terraform/environment wrote; after an upgrade of skep, apply that again'

function parse(text: string, source: string): Environment {
  const document = documentIn(json(text, source))
  const { data, error } = environmentSchema.safeParse(document)
  if (data !== undefined) return data
  const [issue] = error.issues
  const where = issue === undefined || issue.path.length === 0 ? 'it' : issue.path.join('.')
  throw new EnvironmentError(
    `${printable(source)} is no environment that this skep knows: ${printable(where)}: ${printable(issue?.message ?? 'unknown')}`,
    writtenBy,
    { cause: error },
  )
}

function json(text: string, source: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new EnvironmentError(`${printable(source)} is not JSON`, writeIt, { cause })
  }
}

/** All outputs of a root, each with type and value, or the one that counts. */
function documentIn(found: unknown): unknown {
  if (typeof found !== 'object' || found === null || !('skep' in found)) return found
  const { skep } = found
  return typeof skep === 'object' && skep !== null && 'value' in skep ? skep.value : found
}
