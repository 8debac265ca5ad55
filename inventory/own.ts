/** Our own form of an inventory, in TypeScript, JavaScript or JSON: variables, groups, and hosts with their connections. */
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import type { Host } from '../runner/contract.ts'
import { valid } from '../runner/define.ts'
import { UsageError } from '../runner/errors.ts'
import { Secret } from '../runner/secret.ts'
import { vars } from './module.ts'
import type { Part, Setting } from './part.ts'
import type { Tree } from './tree.ts'

const ssh = z
  .strictObject({
    kind: z.literal('ssh'),
    host: z.string().min(1),
    port: z.int().min(1).max(65535).default(22),
    user: z.string().min(1),
    privateKey: z.instanceof(Secret).optional(),
    privateKeyFile: z.string().min(1).optional().describe('An OpenSSH private key; a relative path is seen from the inventory.'),
    hostKey: z.string().min(1).describe('The pin: ssh-ed25519 AAAA…'),
    proxyJump: z.string().min(1).optional().describe('Hosts to go through, as after ssh -J.'),
  })
  .refine((address) => (address.privateKey === undefined) !== (address.privateKeyFile === undefined), {
    message: 'expected privateKey (a Secret) or privateKeyFile, and not both',
  })
const local = z.strictObject({ kind: z.literal('local'), cwd: z.string().min(1).optional() })
const host = z.strictObject({
  vars: vars.default({}),
  groups: z.array(z.string().min(1)).default([]),
  connection: z.discriminatedUnion('kind', [ssh, local]),
  machine: z.string().min(1).optional().describe('Hosts with the same one are one machine and take turns.'),
})
const group = z.strictObject({ vars: vars.default({}), children: z.array(z.string().min(1)).default([]) })
const inventory = z.strictObject({
  vars: vars.default({}),
  groups: z.record(z.string().min(1), group).default({}),
  hosts: z.record(z.string().min(1), host),
})

/** Reads what a file exports, or JSON says, into the tree. `lines` is the same as read for its lines, where it has some. */
export async function readOwn(exported: unknown, source: string, tree: Tree, lines?: Part): Promise<void> {
  const found = valid(inventory, exported, `inventory ${source}`)
  const where = (...path: readonly string[]): string => placeOf(source, lines, path)
  const settings = (
    values: z.output<typeof vars>,
    ...path: readonly string[]
  ): ReadonlyMap<string, Setting<z.output<typeof vars>[string]>> =>
    new Map(Object.entries(values).map(([key, value]) => [key, { value, where: where(...path, 'vars', key) }]))
  tree.setGroup(tree.all, settings(found.vars))
  for (const [name, { vars: own, children }] of Object.entries(found.groups)) {
    const made = tree.group(name, where('groups', name))
    tree.setGroup(made, settings(own, 'groups', name))
    for (const child of children) tree.addChild(made, tree.group(child, where('groups', name)), where('groups', name))
  }
  for (const [name, entry] of Object.entries(found.hosts)) {
    const made = tree.host(name, where('hosts', name))
    for (const groupName of entry.groups) tree.host(name, '', { group: tree.group(groupName, where('hosts', name)) })
    tree.setHost(made, settings(entry.vars, 'hosts', name))
    made.connection = await addressOf(name, entry.connection, source)
    if (entry.machine !== undefined) made.machine = entry.machine
  }
}

async function addressOf(
  name: string,
  address: z.output<typeof ssh> | z.output<typeof local>,
  source: string,
): Promise<Host['connection']> {
  if (address.kind === 'local') return { kind: 'local', ...(address.cwd === undefined ? {} : { cwd: address.cwd }) }
  const { kind, host, port, user, hostKey, privateKey, privateKeyFile, proxyJump } = address
  const rest = { kind, host, port, user, hostKey, ...(proxyJump === undefined ? {} : { proxyJump }) }
  if (privateKey !== undefined) return { ...rest, privateKey }
  const file = resolve(dirname(source), privateKeyFile ?? '')
  const pem = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new UsageError(`inventory ${source}: the private key of ${name} cannot be read: ${cause.message}`, { cause })
  })
  return { ...rest, privateKey: new Secret(pem) }
}

function placeOf(source: string, lines: Part | undefined, path: readonly string[]): string {
  let [part, line] = [lines, lines?.line]
  for (const key of path) {
    const entry = part?.kind === 'map' ? part.entries.find((candidate) => candidate.key === key) : undefined
    if (entry === undefined) break
    part = entry.value
    line = entry.line
  }
  return line === undefined ? source : `${source}:${line}`
}
