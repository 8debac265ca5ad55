import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CloudError, type Secrets } from '../ports.ts'
import { codeOf, writeWhole } from './durable.ts'
import { layout } from './layout.ts'
import type { Gate } from './rights.ts'

const namePattern = /^[a-z0-9/-]{1,200}$/

/** The key host's small secrets: one private file each. Names hold no `_` and no `.`, so `/` becomes `_`, and `.pem` files are not secrets of this port. */
export class LocalSecrets implements Secrets {
  readonly #folder: string
  readonly #gate: Gate

  constructor(dir: string, gate: Gate) {
    this.#folder = layout(dir).keyHost
    this.#gate = gate
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    this.#gate.secrets('get')
    try {
      return readFileSync(this.#path(name))
    } catch (error) {
      if (error instanceof CloudError) throw error
      if (codeOf(error) === 'ENOENT') return undefined
      throw new CloudError('Unavailable', `getting secret ${name}: the disk did not give it; look at its rights`, { cause: error })
    }
  }

  async put(name: string, value: Uint8Array, options: { readonly ifAbsent?: boolean } = {}): Promise<void> {
    this.#gate.secrets('put')
    const path = this.#path(name)
    let written: boolean
    try {
      written = writeWhole(path, value, options)
    } catch (error) {
      throw new CloudError('Unavailable', `putting secret ${name}: the disk did not take it; try again`, { cause: error })
    }
    if (!written) throw new CloudError('PreconditionFailed', `putting secret ${name} if absent: there is one already`)
  }

  async list(prefix: string): Promise<readonly string[]> {
    this.#gate.secrets('list')
    const names = readdirSync(this.#folder).map((name) => name.replaceAll('_', '/'))
    return names.filter((name) => namePattern.test(name) && name.startsWith(prefix)).sort()
  }

  #path(name: string): string {
    if (!namePattern.test(name))
      throw new CloudError('InvalidArgument', 'naming a secret: expected 1 to 200 of a-z, 0-9, / and -, got another name')
    return join(this.#folder, name.replaceAll('/', '_'))
  }
}
