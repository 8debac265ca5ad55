import { readFile } from 'node:fs/promises'
import { dirname, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import type { Host, Plain } from '../runner/contract.ts'
import { valid } from '../runner/define.ts'
import { UsageError } from '../runner/errors.ts'
import { Secret } from '../runner/secret.ts'

const plain: z.ZodType<Plain> = z.lazy(() =>
  z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(plain), z.record(z.string(), plain)]),
)
const vars = z.record(z.string(), z.union([z.instanceof(Secret), plain])).default({})
const ssh = z
  .strictObject({
    kind: z.literal('ssh'),
    host: z.string().min(1),
    port: z.int().min(1).max(65535).default(22),
    user: z.string().min(1),
    privateKey: z.instanceof(Secret).optional(),
    privateKeyFile: z.string().min(1).optional().describe('An OpenSSH private key; a relative path is seen from the inventory.'),
    hostKey: z.string().min(1).describe('The pin: ssh-ed25519 AAAA…'),
  })
  .refine((address) => (address.privateKey === undefined) !== (address.privateKeyFile === undefined), {
    message: 'expected privateKey (a Secret) or privateKeyFile, and not both',
  })
const local = z.strictObject({ kind: z.literal('local'), cwd: z.string().min(1).optional() })
const entry = z.strictObject({
  vars,
  groups: z.array(z.string().min(1)).optional(),
  connection: z.discriminatedUnion('kind', [ssh, local]),
})
const inventory = z.strictObject({ vars, hosts: z.record(z.string().min(1), entry) })

/**
 * The hosts of `-i SOURCE`: `local:` is this machine; a `.ts`, `.mts`, `.js` or `.mjs` file exports them as default, a `.json` file holds them:
 * `{ "vars": {…}, "hosts": { "web1": { "groups": […], "vars": {…}, "connection": { "kind": "ssh", … } } } }`.
 */
export async function loadInventory(source: string): Promise<readonly Host[]> {
  if (source === 'local:') return [{ name: 'localhost', vars: {}, connection: { kind: 'local' } }]
  const path = resolve(source)
  const found = valid(inventory, await contentOf(source, path), `inventory ${source}`)
  return Promise.all(
    Object.entries(found.hosts).map(
      async ([name, host]): Promise<Host> => ({
        name,
        vars: { ...found.vars, ...host.vars },
        ...(host.groups === undefined ? {} : { groups: host.groups }),
        connection: await addressOf(name, host.connection, path),
      }),
    ),
  )
}

async function contentOf(source: string, path: string): Promise<unknown> {
  const kind = extname(path)
  if (!['.json', '.ts', '.mts', '.js', '.mjs'].includes(kind)) {
    throw new UsageError(`inventory ${source}: expected 'local:' or a file ending in .ts, .mts, .js, .mjs or .json`)
  }
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`inventory ${source} cannot be read: ${said(cause)}`, { cause })
  })
  try {
    if (kind === '.json') return JSON.parse(text)
    const loaded: { default?: unknown } = await import(pathToFileURL(path).href)
    return loaded.default
  } catch (cause) {
    throw new UsageError(`inventory ${source} cannot be loaded: ${said(cause)}`, { cause })
  }
}

async function addressOf(name: string, address: z.output<typeof ssh> | z.output<typeof local>, path: string): Promise<Host['connection']> {
  if (address.kind === 'local') return { kind: 'local', ...(address.cwd === undefined ? {} : { cwd: address.cwd }) }
  const { kind, host, port, user, hostKey, privateKey, privateKeyFile } = address
  if (privateKey !== undefined) return { kind, host, port, user, hostKey, privateKey }
  const file = resolve(dirname(path), privateKeyFile ?? '')
  const pem = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`inventory ${path}: the private key of ${name} cannot be read: ${said(cause)}`, { cause })
  })
  return { kind, host, port, user, hostKey, privateKey: new Secret(pem) }
}

const said = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
