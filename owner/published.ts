/** What a run has published, as its owner sees it: manifests, and the agent's report when there is one. */
import * as z from 'zod'
import { isCloudError, type Objects } from '../cloud/ports.ts'
import { sha256 } from '../custody/canonical.ts'
import { failureClasses, type Manifest, manifestSchema } from '../custody/messages.ts'
import { manifestKey, reportKey, samplesPrefix, TABLE, unitPrefix } from '../custody/names.ts'

type Reading = Pick<Objects, 'get' | 'list'>

const SMALL = 8 * 1024 * 1024

const reportSchema = z.object({
  run: z.uuid(),
  state: z.string(),
  samples: z.array(z.object({ id: z.uuid(), state: z.string(), class: z.enum(failureClasses).optional() })),
})
type RunReport = z.infer<typeof reportSchema>

export interface Published {
  /** In the order of their ids. */
  readonly samples: readonly Manifest[]
  /** Absent until the run is consolidated. */
  readonly table: Manifest | undefined
  /** Absent until the run has ended. */
  readonly report: RunReport | undefined
}

/** Everything that is published of a run so far. */
export async function readPublished(objects: Reading, run: string): Promise<Published> {
  const keys = (await objects.list('output', samplesPrefix(run))).map(({ key }) => key)
  const units = keys.flatMap((key) => {
    const unit = key.slice(samplesPrefix(run).length).split('/')[0] ?? ''
    return key === manifestKey(run, unit) ? [unit] : []
  })
  const samples: Manifest[] = []
  for (const unit of units) {
    const manifest = await readManifest(objects, run, unit)
    if (manifest !== undefined) samples.push(manifest)
  }
  return { samples, table: await readManifest(objects, run, TABLE), report: await readReport(objects, run) }
}

/** The bytes of a published file. Throws when they are not those that the manifest tells of. */
export async function readFileOf(objects: Reading, { key, size, sha256: hash }: Manifest['files'][number]): Promise<Uint8Array> {
  const bytes = await readAll(objects, key, size)
  if (bytes === undefined) throw new Error(`fetching ${key}: it is published, but not there`)
  if (bytes.length === size && sha256(bytes) === hash) return bytes
  throw new Error(`fetching ${key}: expected the ${size} bytes that were published, got others; tell the operator`)
}

async function readManifest(objects: Reading, run: string, unit: string): Promise<Manifest | undefined> {
  const key = manifestKey(run, unit)
  const bytes = await readAll(objects, key, SMALL)
  if (bytes === undefined) return undefined
  const manifest = manifestSchema.safeParse(parsed(bytes))
  const fits = manifest.success && manifest.data.run === run && manifest.data.unit === unit
  if (!fits || !manifest.data.files.every((file) => file.key.startsWith(unitPrefix(run, unit)))) {
    throw new Error(`reading ${key}: expected the manifest of this result, got something else; tell the operator`)
  }
  return manifest.data
}

async function readReport(objects: Reading, run: string): Promise<RunReport | undefined> {
  const bytes = await readAll(objects, reportKey(run), SMALL)
  if (bytes === undefined) return undefined
  const report = reportSchema.safeParse(parsed(bytes))
  if (!report.success || report.data.run !== run)
    throw new Error(`reading ${reportKey(run)}: expected the report of this run, got something else`)
  return report.data
}

/** Undefined when it is not there. */
async function readAll(objects: Reading, key: string, limit: number): Promise<Uint8Array | undefined> {
  try {
    const { body } = await objects.get('output', key)
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of body) {
      size += chunk.length
      if (size > limit) throw new Error(`fetching ${key}: expected at most ${limit} bytes, got more; tell the operator`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } catch (error) {
    if (isCloudError(error, 'NotFound')) return undefined
    throw error
  }
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
