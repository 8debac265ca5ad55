/** Facts that are believed for a day: `skep run --fact-cache DIR`. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Host, Plain } from '../runner/contract.ts'
import { UsageError } from '../runner/errors.ts'
import type { FactCache } from '../runner/hooks.ts'

const dayMs = 86_400_000
const kept = z.object({ host: z.string(), look: z.string(), at: z.number(), found: z.json() })

/** A cache in a directory, a file for each look at each host. What is older than a day, or is no such file, is not there. */
export function factCache(directory: string, now: () => number = Date.now): FactCache {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`--fact-cache: expected a directory that is there or can be made, got '${directory}': ${why}`, { cause })
  }
  const fileOf = (host: Host, look: string): string =>
    join(
      directory,
      `${createHash('sha256')
        .update(JSON.stringify([addressOf(host), look]))
        .digest('hex')
        .slice(0, 32)}.json`,
    )
  return {
    get(host, look) {
      const entry = entryIn(fileOf(host, look))
      const fresh = entry !== undefined && entry.at <= now() && now() - entry.at < dayMs
      return fresh && entry.host === addressOf(host) && entry.look === look ? entry.found : undefined
    },
    set(host, look, found) {
      const file = fileOf(host, look)
      const made = `${file}.${process.pid}`
      writeFileSync(made, JSON.stringify({ host: addressOf(host), look, at: now(), found }), { mode: 0o600 })
      renameSync(made, file)
    },
  }
}

/** Hosts of one name in two inventories are two. */
const addressOf = ({ name, connection }: Host): string =>
  connection.kind === 'ssh' ? `${name} ${connection.user ?? ''}@${connection.host}:${connection.port ?? ''}` : `${name} ${connection.kind}`

function entryIn(file: string): { host: string; look: string; at: number; found: Plain } | undefined {
  try {
    return kept.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data
  } catch {
    return undefined
  }
}
